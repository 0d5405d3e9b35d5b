"""What a scenario can measure, in one table: `peephole list measures` prints it.

Every measure of a run takes a lane first. A row (`at`, `to`) is its number or a word of the text:
'were' is the first row that reads it, 'that#2' the second 'that', `here` the row that the beat stops
at. A prediction of row t is made when row t - 1 has been read. A measure whose row is left out gives
the list over all rows, for max, min, mean and argmax.
"""

# In the order in which they are listed:
from scenarios.measures import expectation  # isort: skip
from scenarios.measures import inside, influence, distance, memory, attention, pairs, aligned  # isort: skip
from scenarios.measures import choosing, edited, failures, blocks, patching, steps, runs, arithmetic  # isort: skip
from scenarios.measures.table import MEASURES, listed, of_model

__all__ = [
    "MEASURES",
    "aligned",
    "arithmetic",
    "attention",
    "blocks",
    "choosing",
    "distance",
    "edited",
    "expectation",
    "failures",
    "influence",
    "inside",
    "listed",
    "memory",
    "of_model",
    "pairs",
    "patching",
    "runs",
    "steps",
]
