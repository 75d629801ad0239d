"""What a stranger does with the command line: the program as it is installed, real files, a real server."""
