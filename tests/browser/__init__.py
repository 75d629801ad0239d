"""The pages and the documented client in real programs: Debian's Chromium, and Node for the stock graphql-ws client."""
