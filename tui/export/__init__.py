"""Numbers and pages of a reading, for other programs and for browsers: `peephole export`."""
