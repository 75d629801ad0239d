"""What tests of several rings share: databases, the browser, volumes, seeds. No assertion lives here."""
