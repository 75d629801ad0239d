"""Scripts that judge the application from outside: standard library only, nothing of the application."""
