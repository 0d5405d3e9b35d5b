"""Initial weights: what they are drawn from decides how gradients fare before anything is learned.

torch       uniform within ±1/sqrt(H), as torch draws its cells and `Architecture.init` does
xavier      uniform within ±sqrt(6 / (inputs + outputs)), biases 0 (Glorot & Bengio 2010, equation 16)
orthogonal  recurrent blocks random orthogonal (Saxe, McClelland & Ganguli 2014), the rest xavier
identity    recurrent blocks the identity (Le, Jaitly & Hinton 2015), the rest xavier

A gate's block of a matrix is drawn by itself: an LSTM's W_hh is four H x H matrices side by side. The
embedding keeps its own distribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import PeepholeError
from engine.models import Architecture
from engine.recipe import Recipe


def initialise(architecture: Architecture, recipe: Recipe) -> dict[str, np.ndarray]:
    """Fresh weights, float32, drawn from the recipe's seed by its `init`, `gain` and `forget_bias`.

    Raises:
        PeepholeError: the model has no recurrent matrix or no forget gate for what was asked.
    """
    rng = np.random.default_rng(recipe.seed)
    params = architecture.init(rng)
    blocks = _blocks(architecture, recipe)
    if recipe.init != "torch":
        for name, array in params.items():
            if array.ndim == 2 and name.rpartition(".")[2] not in ("E", "P"):
                n = blocks if name.endswith(("W_xh", "W_hh")) else 1
                params[name] = np.hstack([_draw(recipe.init, name, part, rng) for part in
                                          np.hsplit(array, n)]).astype(np.float32)  # fmt: skip
            elif array.ndim == 1 and not name.endswith(("gain", "v_a", "v_p")):  # no biases
                params[name] = np.zeros_like(array)
    for name, array in params.items():
        if name.endswith("W_hh"):
            array *= np.float32(recipe.gain)
        elif name.endswith("b_xh") and recipe.forget_bias:
            h = len(array) // blocks
            array[h : 2 * h] += recipe.forget_bias  # block f of i f g o
    return params


def _blocks(architecture: Any, recipe: Recipe) -> int:
    """Blocks side by side in the matrices of a cell; refuses what the model cannot have."""
    cell = getattr(architecture, "cell", "")
    if not cell and (recipe.init in ("orthogonal", "identity") or recipe.gain != 1.0):
        asked = f"init {recipe.init}" if recipe.gain == 1.0 else "a gain"
        raise PeepholeError(
            f"{asked} is about recurrent matrices; a Transformer has none", do="Leave it out"
        )
    if recipe.forget_bias and cell != "lstm":
        raise PeepholeError("only an LSTM has a forget gate", do="Leave the forget bias out")
    return architecture.rule.BLOCKS if cell else 1


def _draw(init: str, name: str, like: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One block, of the shape (inputs, outputs) of `like`."""
    if name.endswith("W_hh") and init == "identity":
        return np.eye(len(like))
    if name.endswith("W_hh") and init == "orthogonal":
        q, r = np.linalg.qr(rng.normal(size=like.shape))
        return q * np.sign(np.diag(r))  # without the signs, QR's own convention would skew the draw
    bound = (6 / sum(like.shape)) ** 0.5
    return rng.uniform(-bound, bound, like.shape)
