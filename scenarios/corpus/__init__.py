"""A little English, generated: number agreement over attractors, and trophies in suitcases.

vocabulary()             all words, "<s>" first
sample(split, n, seed)   n sentences with their probes; see `splits` for the names
batch(seed, step, size)  the training stream, resumable at any step
"""

from .lexicon import START, vocabulary
from .sentence import Sentence
from .splits import sample
from .stream import Batch, batch, collate, encode

__all__ = ["START", "Batch", "Sentence", "batch", "collate", "encode", "sample", "vocabulary"]
