"""peephole's engine: step sequence models, record every value, and look at it through lenses.

import engine, scenarios
model = scenarios.model("lstm")
trace = engine.run(model, "the cats that sat on the mat were happy")
trace["f"]                                              # (time, layer, unit)
engine.lenses.gradient_flow(model, trace, row=8)["h"]   # |dL_8/dh_k|
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine import lenses
    from engine.arrays import Backend
    from engine.decoding import Decoding, generate
    from engine.errors import PeepholeError
    from engine.interventions import CutEdge, CutHead, EditAttention, Hold, Replace
    from engine.models import LanguageModel
    from engine.runner import Run, fork, run, write_from
    from engine.storage import load_model, load_trace, save_model, save_trace
    from engine.text import UnknownWords, Vocabulary, tokenize
    from engine.trace import Named, Trace
    from engine.watching import watch

__version__ = "0.1.0"  # the distribution takes it from here

__all__ = [
    "Backend",
    "CutEdge",
    "CutHead",
    "Decoding",
    "EditAttention",
    "Hold",
    "LanguageModel",
    "Named",
    "PeepholeError",
    "Replace",
    "Run",
    "Trace",
    "UnknownWords",
    "Vocabulary",
    "fork",
    "generate",
    "lenses",
    "load_model",
    "load_trace",
    "run",
    "save_model",
    "save_trace",
    "tokenize",
    "watch",
    "write_from",
]

# Importing NumPy takes longer than all the rest of a start (and `--help` needs none of it), so each
# name above is loaded when it is first asked for. A test holds this table to the imports.
_WHERE = {
    "lenses": (),
    "arrays": ("Backend",),
    "decoding": ("Decoding", "generate"),
    "errors": ("PeepholeError",),
    "interventions": ("CutEdge", "CutHead", "EditAttention", "Hold", "Replace"),
    "models": ("LanguageModel",),
    "runner": ("Run", "fork", "run", "write_from"),
    "storage": ("load_model", "load_trace", "save_model", "save_trace"),
    "text": ("UnknownWords", "Vocabulary", "tokenize"),
    "trace": ("Named", "Trace"),
    "watching": ("watch",),
}


def __getattr__(name: str) -> Any:
    for where, names in _WHERE.items():
        if name == where or name in names:
            module = importlib.import_module(f"engine.{where}")
            globals()[name] = found = module if name == where else getattr(module, name)
            return found
    raise AttributeError(f"module 'engine' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
