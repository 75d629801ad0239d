"""The edges speak: they translate between a protocol and the services, and authorize.

What belongs here: GraphQL, REST, pages. What does not: decisions (`domain`), SQL (`store`), work that two edges share
(`services`).
"""
