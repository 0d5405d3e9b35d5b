"""`peephole notes`: what only the speaker sees, in a second terminal."""
