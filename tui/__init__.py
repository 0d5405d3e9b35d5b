"""The terminal: the app, its views, and the command line."""
