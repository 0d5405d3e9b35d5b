"""Encoder-decoders that copy: one vector, attention on it, and the source read backwards; three seeds."""

from functools import partial

from scenarios.zoo import Entry

_SIZES = {"cell": "gru", "width": 64, "embed": 32, "letters": True}
_SETTINGS = {"steps": 3000, "batch": 64, "lr": 3e-3}
_LSTM = {**_SIZES, "cell": "lstm"}

_model = partial(Entry, kind="encoder-decoder", settings=_SETTINGS, seeds=3)

ENTRIES = {
    "copy-gru": _model(
        "copies letters through one vector of 64 units: GRU (2014)", sizes=_SIZES, reads="copy"
    ),
    "copy-gru-128": _model(
        "copies letters through one vector of 128 units: GRU",
        sizes={**_SIZES, "width": 128},
        reads="copy",
    ),
    "copy-bahdanau": _model(
        "copies letters with additive attention (Bahdanau 2014)",
        sizes={**_SIZES, "attention": "bahdanau"},
        reads="copy",
    ),
    "copy-luong": _model(
        "copies letters with dot-product attention (Luong 2015)",
        sizes={**_SIZES, "attention": "dot"},
        reads="copy",
    ),
    "copy-luong-general": _model(
        "copies letters with general attention (Luong 2015)",
        sizes={**_SIZES, "attention": "general"},
        reads="copy",
        seeds=1,
    ),
    "copy-luong-monotonic": _model(
        "copies letters, attention in a window that moves on (local-m, Luong 2015)",
        sizes={**_SIZES, "attention": "dot", "local": "monotonic", "window": 2},
        reads="copy",
        seeds=1,
    ),
    "copy-luong-predictive": _model(
        "copies letters, attention in a window that it places itself (local-p, Luong 2015)",
        sizes={**_SIZES, "attention": "dot", "local": "predictive", "window": 2},
        reads="copy",
        seeds=1,
    ),
    "reverse-off": _model(
        "copies letters through one vector: LSTM, read forwards", sizes=_LSTM, reads="copy"
    ),
    "reverse-on": _model(
        "copies letters through one vector: LSTM, read backwards (Sutskever 2014)",
        sizes={**_LSTM, "reverse": True},
        reads="copy-reversed",
    ),
}
