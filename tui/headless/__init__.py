"""What the command line prints: the same engine and scenarios as the screen, and no screen."""
