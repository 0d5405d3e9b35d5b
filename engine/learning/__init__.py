"""Training runs as folders: what is measured while a model learns, written so that it can be opened again."""
