"""Keeping lens results with a trace, so that it still shows them where its model is not at hand."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import PeepholeError
from engine.lenses.attention import attention_entropy, rollout
from engine.lenses.gates import gate_statistics
from engine.lenses.gradient import gradient_map
from engine.lenses.jacobian import jacobian_norms
from engine.lenses.prediction import surprisal, top_k
from engine.lenses.product import product_norms
from engine.lenses.residual import logit_lens, residual_norms
from engine.lenses.saturation import saturation
from engine.lenses.spectrum import spectrum
from engine.models import LanguageModel
from engine.trace import Named, Trace

Lens = Callable[[LanguageModel, Trace], dict[str, Named]]


def _to_the_last_row(model: LanguageModel, trace: Trace) -> dict[str, Named]:
    """`product_norms` back from the last row, by row as every other lens of a whole run."""
    found = product_norms(model, trace, len(trace) - 1)
    return {name: Named(array, ("time", "layer"), unit) for name, (array, _, unit) in found.items()}


WHOLE: dict[str, Lens] = {
    "surprisal": lambda model, trace: surprisal(trace),
    "top_k": lambda model, trace: top_k(trace),
    "gate_statistics": lambda model, trace: gate_statistics(trace),
    "attention_entropy": lambda model, trace: attention_entropy(trace),
    "rollout": lambda model, trace: rollout(trace),
    "residual_norms": residual_norms,
    "logit_lens": logit_lens,
    "saturation": lambda model, trace: saturation(trace),
    "jacobian_norms": jacobian_norms,
    "spectrum": spectrum,
    "product_norms": _to_the_last_row,
    "gradient_map": gradient_map,
}
"""The lenses that look at a whole run and need no choice of row or word; products end at its last row."""

LONGEST_MAP = 512  # rows; a gradient map grows with their square
LONGEST = {
    "gradient_map": LONGEST_MAP,
    "product_norms": LONGEST_MAP,
    "spectrum": 64,
}  # rows; all eigenvalues take 4 ms a row


def record(model: LanguageModel, trace: Trace) -> Trace:
    """Compute every lens of `WHOLE` that the model has, into `trace.lenses` under its name.

    A lens that does not exist for this kind of model (attention of an LSTM) is left out, and so are
    the gradient map and the products of more than 512 rows and the spectrum of more than 64.
    """
    for name, lens in WHOLE.items():
        if name in trace.lenses or len(trace) > LONGEST.get(name, len(trace)):
            continue
        try:
            results = lens(model, trace)
        except PeepholeError:
            continue
        if results:
            trace.lenses[name] = results
    return trace
