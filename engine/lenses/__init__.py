"""Lenses read a trace, and its model where they must, and return named arrays.

Each lens says in its docstring what it measures, in which unit, and where the definition is from.
Row t of a trace is the tick that *reads* token t, so L_t = -log p(token_t | tokens before t) is decided
by row t - 1: its gradient by the states of row t and later is zero by construction.
"""

from engine.lenses.ablation import occlusion, unit_ablation
from engine.lenses.attention import attention_entropy, rollout
from engine.lenses.gates import gate_statistics
from engine.lenses.gradient import gradient_flow, gradient_map
from engine.lenses.jacobian import jacobian_norms
from engine.lenses.patching import patching, transplant
from engine.lenses.prediction import log_odds, probability, surprisal, top_k
from engine.lenses.product import jacobian_product, product_norms
from engine.lenses.record import record
from engine.lenses.residual import layer_logits, logit_lens, residual_norms
from engine.lenses.saturation import saturation
from engine.lenses.shares import lag_shares
from engine.lenses.spectrum import spectrum

__all__ = [
    "attention_entropy",
    "gate_statistics",
    "gradient_flow",
    "gradient_map",
    "jacobian_norms",
    "jacobian_product",
    "lag_shares",
    "layer_logits",
    "log_odds",
    "logit_lens",
    "occlusion",
    "patching",
    "probability",
    "product_norms",
    "record",
    "residual_norms",
    "rollout",
    "saturation",
    "spectrum",
    "surprisal",
    "top_k",
    "transplant",
    "unit_ablation",
]
