"""Recording: the app without a terminal, tick by tick, as films, pictures and text."""
