"""The tests, laid out as the rings of the application; `support` holds what several rings share."""
