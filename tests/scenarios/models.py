"""Small models without training, for scripts that only need something to run."""

from __future__ import annotations

from functools import cache

import numpy as np

from engine import LanguageModel, Vocabulary
from scenarios import corpus, zoo


@cache
def untrained(name: str, steps: int | None = None) -> LanguageModel:
    """The bundled architecture with weights drawn from a seed, enlarged so that units differ."""
    architecture = zoo.entry(name).architecture
    drawn = architecture.init(np.random.default_rng(steps or 0))
    params = {key: 2.5 * array for key, array in drawn.items()}
    words = Vocabulary(corpus.vocabulary())
    return LanguageModel(name, architecture, params, words, {"updates": steps or 6000})


GOOD = '''title = "A test"
about = "For the tests."
text = "the cats on the mat were happy ."

[lanes]
lstm = { model = "lstm" }
early = { model = "lstm", steps = 600, text = "the cat on the mats was happy ." }
tf = { model = "transformer" }
shut = { model = "lstm", hand-set = ["f = 0 from 3", "c[{cells}] = 0"] }

[measure]
cells = "strongest(lstm, 'were', 'were', 'was', 3, of='c')"

[[beats]]
title = "A row"
lanes = ["lstm", "shut"]
stop = "were"
view = "unit"
unit = "cells"
of = "c"
say = """
It gives {p:.1%} to 'were' (Elman, 1990), at row {n}, and LSTM-64 has {{ no }} say.
Its cells are {cells}.
"""
literal = ["LSTM-64"]
measure.p = "probability(lstm, here, 'were')"
measure.n = "row(lstm, here)"
expect = ["0 < p < 1", "n == 6", "max(gradient(lstm, here)) > 0"]

[[beats]]
title = "Another"
lanes = ["tf", "early"]
stop = "bits > 0.001"
say = "Nothing measured, in one or two words."
expect = ["attention(tf, 'mat', 'cats') > 0", "token(early, 'was') == 'was'"]

[beats.measure]
least = "min(surprisal(tf))"

[[beats]]
title = "The end"
say = "Over."
'''
