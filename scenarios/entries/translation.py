"""English to French: through one vector, with attention, and with nothing but attention."""

from functools import partial

from scenarios.zoo import Entry

_GRU = {"cell": "gru", "embed": 32}

_model = partial(
    Entry, settings={"steps": 3000, "batch": 64, "lr": 4e-3}, reads="english-french", seeds=3
)

ENTRIES = {
    "en-fr-gru": _model(
        "English to French through one vector: GRU (2014)",
        "encoder-decoder",
        {**_GRU, "width": 64},
    ),
    "en-fr-bahdanau": _model(
        "English to French with additive attention (Bahdanau 2014)",
        "encoder-decoder",
        {**_GRU, "width": 48, "attention": "bahdanau"},
    ),
    "en-fr-transformer": _model(
        "English to French: Transformer, 2 + 2 layers of 2 heads (2017)",
        "seq2seq-transformer",
        {"width": 32, "heads": 2, "layers": 2, "hidden": 96},
        seeds=1,
    ),
}
