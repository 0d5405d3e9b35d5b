"""The famous failures: small models of each architecture, three seeds of each."""

from functools import partial

from scenarios.zoo import Entry

_RNN = {"width": 32, "embed": 32}
_BOTH = {"cell": "gru", "width": 32, "embed": 32}
_TRANSFORMER = {"width": 32, "heads": 2, "layers": 2, "hidden": 64}
_SINES = {**_TRANSFORMER, "positions": "sinusoidal"}

_senses = {"steps": 1000, "batch": 32, "lr": 5e-3}
_tags = {**_senses, "steps": 1500}
_garden = {"steps": 1500, "batch": 64, "lr": 5e-3}
_but = {"steps": 1400, "batch": 64, "lr": 3e-3}
_answer = {"steps": 1500, "batch": 64, "lr": 3e-3}
_longer = {**_answer, "steps": 3000}  # a Transformer has learned it long before

_bank = partial(Entry, settings=_senses, reads="bank", seeds=3)
_path = partial(Entry, settings=_garden, reads="garden", seeds=3)
_labels = partial(Entry, settings=_tags, reads="garden-tags", seeds=3)
_turn = partial(Entry, settings=_but, reads="but", seeds=3)
_ask = partial(Entry, settings=_answer, reads="answer", seeds=3)

ENTRIES = {
    "bank-gru": _bank("senses, from left to right: GRU", "recurrent", {"cell": "gru", **_RNN}),
    "bank-causal": _bank("senses, from left to right: causal Transformer", "transformer", _SINES),
    "bank-bidirectional": _bank("senses, from both sides: two GRUs", "bidirectional", _BOTH),
    "bank-encoder": _bank("senses, all at once: Transformer encoder", "encoder", _SINES),
    "garden-rnn": _path("garden paths: Elman RNN", "recurrent", {"cell": "elman", **_RNN}),
    "garden-gru": _path("garden paths: GRU", "recurrent", {"cell": "gru", **_RNN}),
    "garden-transformer": _path("garden paths: causal Transformer", "transformer", _SINES),
    "garden-tags-gru": _labels(
        "parts of speech, from left to right: GRU", "recurrent", {"cell": "gru", **_RNN}
    ),
    "garden-tags-causal": _labels(
        "parts of speech, from left to right: causal Transformer", "transformer", _SINES
    ),
    "garden-tags-bidirectional": _labels(
        "parts of speech, from both sides: two GRUs", "bidirectional", _BOTH
    ),
    "garden-tags-encoder": _labels(
        "parts of speech, all at once: Transformer encoder", "encoder", _SINES
    ),
    "but-rnn": _turn("sentiment that turns: Elman RNN", "recurrent", {"cell": "elman", **_RNN}),
    "but-rnn-taught": _turn(
        "sentiment that turns: Elman RNN, from short texts to long ones",
        "recurrent",
        {"cell": "elman", **_RNN},
        reads="but-taught",
    ),
    "but-gru": _turn(
        "sentiment that turns: GRU",
        "recurrent",
        {"cell": "gru", **_RNN},
        settings={**_but, "lr": 1e-2},
    ),
    "but-transformer": _turn(
        "sentiment that turns: causal Transformer",
        "transformer",
        _TRANSFORMER,
        settings={**_but, "steps": 1000},
    ),
    "answer-rnn": _ask(
        "questions about a text: Elman RNN",
        "recurrent",
        {"cell": "elman", **_RNN},
        settings=_longer,
    ),
    "answer-lstm": _ask(
        "questions about a text: LSTM",
        "recurrent",
        {"cell": "lstm", **_RNN},
        settings={**_longer, "lr": 6e-3, "forget_bias": 1.0},
    ),
    "answer-gru": _ask(
        "questions about a text: GRU",
        "recurrent",
        {"cell": "gru", **_RNN},
        settings={**_longer, "lr": 6e-3},
    ),
    "answer-transformer": _ask(
        "questions about a text: causal Transformer", "transformer", _TRANSFORMER
    ),
}
