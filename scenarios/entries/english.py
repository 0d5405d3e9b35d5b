"""The language models of a little English, in the order of their invention."""

from functools import partial

from scenarios.zoo import EARLY, Entry

_model = partial(Entry, reads="english", early=EARLY, half=False)

ENTRIES = {
    "rnn": _model("Elman RNN, 64 units (1990)", "recurrent", {"cell": "elman"}, {"lr": 1e-3}),
    "lstm": _model(
        "LSTM, 64 units (1997, 2000)", "recurrent", {"cell": "lstm"}, {"forget_bias": 1.0}
    ),
    "gru": _model("GRU, 64 units (2014)", "recurrent", {"cell": "gru"}, {}),
    "transformer": _model(
        "causal Transformer, 2 layers of 4 heads, 64 units (2017)",
        "transformer",
        {},
        {"lr": 2e-3, "shift": True},
    ),
}
