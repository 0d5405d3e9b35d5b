"""Causal copying with each kind of position, equal in everything else; three seeds of each."""

from functools import partial

from scenarios.zoo import Entry

_SIZES = {"width": 64, "heads": 4, "layers": 2, "hidden": 128, "context": 48}

_model = partial(
    Entry,
    kind="transformer",
    settings={"steps": 3000, "batch": 64, "lr": 3e-3},
    reads="causal-copy",
    seeds=3,
)

ENTRIES = {
    "positions-sinusoidal": _model(
        "copies up to 10 letters: causal Transformer, sines as positions (2017)",
        sizes={**_SIZES, "positions": "sinusoidal"},
    ),
    "positions-learned": _model(
        "copies up to 10 letters: causal Transformer, learned positions",
        sizes={**_SIZES, "positions": "learned"},
    ),
    "positions-none": _model(
        "copies up to 10 letters: causal Transformer, no positions",
        sizes={**_SIZES, "positions": "none"},
    ),
}
