"""Questions about runs: what to train, and which knobs to turn."""
