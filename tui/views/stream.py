"""What the residual view knows of a trace: its streams' norms, what is added to them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine import LanguageModel, Named, PeepholeError, Trace, lenses

ADDS = {"a": "self-attention", "b": "attention across", "m": "feed-forward"}


@dataclass(frozen=True)
class Stream:
    """Results of one trace; axes as in `engine.lenses.residual`.

    Attributes:
        vocabulary: its words.
        norms: (time, depth) of the stream.
        sizes, cosines: (time, layer) of what is added, by name.
        p, rank: (time, depth) of the word that the model ends up with.
        ids, top: (time, depth), the likeliest word there and its probability.
    """

    vocabulary: tuple[str, ...]
    norms: np.ndarray
    sizes: Mapping[str, np.ndarray]
    cosines: Mapping[str, np.ndarray]
    p: np.ndarray
    rank: np.ndarray
    ids: np.ndarray
    top: np.ndarray

    @property
    def depths(self) -> int:
        return int(self.norms.shape[1])

    @property
    def words(self) -> int:
        return len(self.vocabulary)

    def largest(self, row: int) -> float:
        """The largest norm of a row: what a whole bar stands for."""
        sizes = np.concatenate([array[row] for array in (self.norms, *self.sizes.values())])
        return float(sizes[np.isfinite(sizes)].max(initial=0.0)) or 1.0

    @property
    def first(self) -> int:
        """The first row that predicts."""
        return int(np.sum(self.ids[:, -1] < 0))

    def added(self, row: int) -> list[str]:
        """What is added to a row, in this order: nothing across to a row of the source."""
        return [
            name
            for name, sizes in self.sizes.items()
            if not (np.isnan(sizes[row]).all() and name == "b")
        ]

    def answer(self, row: int) -> str:
        """The word that a row ends up with; "" where it predicts nothing."""
        return self.says(row, -1)

    def says(self, row: int, depth: int) -> str:
        found = int(self.ids[row, depth])
        return self.vocabulary[found] if found >= 0 else ""

    def appears(self, row: int) -> int | None:
        """The depth from which on a row's answer is the likeliest word; None without an answer."""
        if not self.answer(row):
            return None
        wrong = np.flatnonzero(self.rank[row] != 1)
        return min(self.depths - 1, int(wrong[-1]) + 1) if len(wrong) else 0

    @staticmethod
    def name(depth: int) -> str:
        """`x`, `h 0`, `h 1`: a depth in few characters, by the layer's number."""
        return f"h {depth - 1}" if depth else "x"

    @staticmethod
    def called(depth: int) -> str:
        return f"h after block {depth - 1}" if depth else "x embedding, position"


def read_stream(model: LanguageModel | None, trace: Trace) -> Stream:
    """The stream of a trace: computed, or as it was recorded.

    Raises:
        PeepholeError: there is none, or it is not recorded and no model is at hand.
    """
    norms, lens = (_found(name, model, trace) for name in ("residual_norms", "logit_lens"))
    arrays = {name: named.array for name, named in norms.items()}
    names = [name for name in ADDS if name in arrays]
    return Stream(
        trace.header.vocabulary,
        arrays["stream"],
        {name: arrays[name] for name in names},
        {name: arrays[f"{name}.cosine"] for name in names},
        *(lens[name].array for name in ("p", "rank", "ids", "top")),
    )


def _found(name: str, model: LanguageModel | None, trace: Trace) -> Mapping[str, Named]:
    if name in trace.lenses:
        return trace.lenses[name]
    if model is None and {"a", "m"} <= set(trace.names):
        raise PeepholeError(
            f"the residual stream of {trace.header.model} is not recorded in this trace",
            do="Open the model itself to compute it",
        )
    lens = lenses.residual_norms if name == "residual_norms" else lenses.logit_lens
    return lens(model, trace)  # type: ignore[arg-type]  # without a stream no model is asked
