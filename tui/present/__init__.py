"""Presenting: `peephole play`, large cells, a curtain, beats by number, a booth that plays by itself."""
