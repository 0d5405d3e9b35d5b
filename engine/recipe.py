"""What a training run is made of: its knobs, its batches, and what an update reports.

NumPy is not imported here: the command line names the knobs' choices without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import PeepholeError, did_you_mean, shown

if TYPE_CHECKING:
    import numpy as np

LIVE = ("lr", "clip", "k1", "k2", "momentum")  # knobs that may change between two updates
CHOICES = {
    "optimiser": ("adam", "sgd"),
    "schedule": ("cosine", "constant"),
    "init": ("torch", "xavier", "orthogonal", "identity"),
    "loss": ("words", "value"),
}


class Batch(NamedTuple):
    """B sequences of T rows.

    inputs: (B, T) token ids, or (B, T, D) floats. targets: (B, T) ids, or floats for the loss
    "value". weights: (B, T), 0 where a row does not count.
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. Warm-up is linear; all defaults are those of the bundled models.

    Attributes:
        steps, batch: number of updates, and sequences in each.
        lr, warmup: peak learning rate, and updates until it is reached.
        clip: largest global gradient norm; 0 does not clip.
        seed: of the initial weights and of the batches.
        forget_bias: added to an LSTM's forget gate bias at the start (Jozefowicz et al. 2015).
        shift: a Transformer's sequences start at a random one of its positions, so that positions
            beyond the longest sequence are trained too.
        optimiser: `adam` or `sgd`; momentum is SGD's.
        schedule: `cosine` falls to a twentieth of the peak, `constant` stays there.
        init, gain: as in `engine.inits`; the gain multiplies the recurrent matrices.
        k1, k2: truncated BPTT (Williams & Peng 1990): after every k1 rows, the losses of those rows
            go back k2 rows at most. One update a batch; 0, 0 goes back all the way.
        loss: `words` is cross-entropy in nats, `value` squared error of one output.
    """

    steps: int = 6000
    batch: int = 64
    lr: float = 3e-3
    warmup: int = 100
    clip: float = 1.0
    seed: int = 0
    forget_bias: float = 0.0
    shift: bool = False
    optimiser: str = "adam"
    momentum: float = 0.0
    schedule: str = "cosine"
    init: str = "torch"
    gain: float = 1.0
    k1: int = 0
    k2: int = 0
    loss: str = "words"

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                said = getattr(self, name)
                do = did_you_mean(said, known) if isinstance(said, str) else ""
                raise PeepholeError(
                    f"no {name} {shown(said)}", do=do or f"Known: {', '.join(known)}"
                )
        for name in ("steps", "batch", "warmup", "seed", "k1", "k2"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise PeepholeError(f"{name} = {shown(value)} is not a whole number from 0 up")
        for name in ("lr", "clip", "forget_bias", "momentum", "gain"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise PeepholeError(f"{name} = {shown(value)} is not a number")
            if not math.isfinite(value) or (value < 0 and name != "forget_bias"):
                raise PeepholeError(f"{name} = {shown(value)} should be a number from 0 up")
        if self.batch < 1:
            raise PeepholeError("a batch has at least 1 sequence")
        if not isinstance(self.shift, bool):
            raise PeepholeError(f"shift = {shown(self.shift)} should be true or false")
        if self.momentum and self.optimiser != "sgd":
            raise PeepholeError(
                "momentum is SGD's; Adam has its own", do="Choose the optimiser sgd"
            )
        if self.momentum >= 1:
            raise PeepholeError(f"momentum = {self.momentum:g} should be below 1")
        if bool(self.k1) != bool(self.k2) or self.k2 < self.k1:
            raise PeepholeError(
                f"k1 = {self.k1} and k2 = {self.k2} do not go together",
                do="After every k1 rows the gradient goes back k2 rows, so k2 is at least k1;"
                " 0 and 0 go back all the way",
            )

    @classmethod
    def parse(cls, said: Any) -> Recipe:
        """The recipe that a file says; what it does not say has its default.

        Raises:
            PeepholeError: it is not a table, or a knob is unknown or of the wrong kind.
        """
        if not isinstance(said, Mapping):
            raise PeepholeError(f"a recipe should be a table, not {shown(said)}")
        known = [field.name for field in fields(cls)]
        for name in said:
            if name not in known:
                raise PeepholeError(f"no knob {shown(name)}", do=did_you_mean(str(name), known))
        return cls(**said)


class Progress(NamedTuple):
    """What one update did.

    step: its number, from 1. loss: nats a token, or squared error. norm: of the gradient before
    clipping. accuracy: over the rows of its batch that count: share of likeliest words that are
    right, or of values within 0.04 of the target (Hochreiter & Schmidhuber 1997). lr: its step size.
    """

    step: int
    loss: float
    norm: float
    accuracy: float | None = None
    lr: float = 0.0


class Diverged(PeepholeError):
    """The loss or the gradient is no finite number; the weights stay as they were.

    Attributes:
        update: its number, from 1.
        loss, norm: what they became.
    """

    def __init__(self, update: int, loss: float, norm: float) -> None:
        self.update, self.loss, self.norm = update, loss, norm
        super().__init__(
            f"the loss became {loss:g} and the gradient norm {norm:g}",
            where=f"update {update}",
            do="Lower the learning rate or clip harder",
        )
