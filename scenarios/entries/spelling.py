"""English spelling to sound, four ways, of equal size and equal training."""

from functools import partial

from scenarios.zoo import Entry

_GRU = {"cell": "gru", "letters": True}

_model = partial(
    Entry, settings={"steps": 6000, "batch": 128, "lr": 2e-3, "warmup": 300}, reads="spelling"
)

ENTRIES = {
    "spell-gru": _model(
        "spelling to sound through one vector: GRU (2014)",
        "encoder-decoder",
        {**_GRU, "width": 152, "embed": 64},
    ),
    "spell-bahdanau": _model(
        "spelling to sound with additive attention (Bahdanau 2014)",
        "encoder-decoder",
        {**_GRU, "width": 120, "embed": 64, "attention": "bahdanau"},
    ),
    "spell-luong": _model(
        "spelling to sound with dot-product attention (Luong 2015)",
        "encoder-decoder",
        {**_GRU, "width": 136, "embed": 64, "attention": "dot"},
    ),
    "spell-transformer": _model(
        "spelling to sound: Transformer, 2 + 2 layers of 4 heads (2017)",
        "seq2seq-transformer",
        {"width": 64, "heads": 4, "layers": 2, "hidden": 208, "letters": True},
    ),
}
