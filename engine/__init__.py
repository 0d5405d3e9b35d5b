"""peephole's engine: step sequence models, record every value, and look at it through lenses.

import engine, scenarios
model = scenarios.model("lstm")
trace = engine.run(model, "the cats that sat on the mat were happy")
trace["f"]                                              # (time, layer, unit)
engine.lenses.gradient_flow(model, trace, row=8)["h"]   # |dL_8/dh_k|
"""

from engine import lenses
from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.interventions import CutEdge, CutHead, Hold, Replace
from engine.models import LanguageModel
from engine.runner import Run, fork, run
from engine.storage import load_model, load_trace, save_model, save_trace
from engine.text import UnknownWords, Vocabulary, tokenize
from engine.trace import Named, Trace

__all__ = [
    "Backend",
    "CutEdge",
    "CutHead",
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
    "lenses",
    "load_model",
    "load_trace",
    "run",
    "save_model",
    "save_trace",
    "tokenize",
]
