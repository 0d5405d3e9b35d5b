"""Scenarios: scripts, corpora, trained weights and their model cards (knows `engine`, not `tui`)."""
