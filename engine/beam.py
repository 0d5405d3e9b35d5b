"""Beam search: the sentences that look best so far, word by word, and what became of all candidates.

    s(Y) = log p(Y) / lp(Y)        lp(Y) = (5 + |Y|)^α / (5 + 1)^α

Score with the length penalty lp: Wu et al. 2016, eq. 14 (its coverage term is left out); |Y| counts
the words, the one that ends a sentence among them. A hypothesis that has ended leaves the beam, which
is narrower by one from there on (Sutskever, Vinyals & Le 2014, section 3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from engine.errors import PeepholeError
from engine.trace import Named

_WHOLE = ("token", "parent", "fate", "chosen")
PRUNED, KEPT, FINISHED = 0, 1, 2
SHOWN = 4  # candidates recorded for each hypothesis of a beam, where that many exist
Expand = Callable[[Any, int, int], tuple[Any, np.ndarray]]


def length_penalty(length: int | np.ndarray, alpha: float) -> Any:
    """lp for |Y| = length: 1 at one word; with α = 0 always 1."""
    return ((5 + length) / 6) ** alpha


@dataclass(frozen=True)
class Search:
    """Every step of a search: arrays (step, candidate), the best candidate of a step first.

    Attributes:
        token: word id; -1 where a step has fewer candidates.
        parent: the candidate of the step before that it goes on from; -1 at the first step.
        p: of the word, after its parent.
        log_p: of the whole hypothesis, in nats.
        score: log_p over the length penalty.
        fate: 0 pruned, 1 kept, 2 finished.
        chosen: 1 on the hypothesis that won.
    """

    token: np.ndarray
    parent: np.ndarray
    p: np.ndarray
    log_p: np.ndarray
    score: np.ndarray
    fate: np.ndarray
    chosen: np.ndarray

    @property
    def best(self) -> list[int]:
        """Word ids of the hypothesis that won, with the one that ends it."""
        return [
            int(row[at.argmax()])
            for row, at in zip(self.token, self.chosen, strict=True)
            if at.any()
        ]

    def hypothesis(self, step: int, candidate: int) -> list[int]:
        """Word ids of a hypothesis, from the first to that of this candidate."""
        ids: list[int] = []
        while step >= 0:
            ids.append(int(self.token[step, candidate]))
            step, candidate = step - 1, int(self.parent[step, candidate])
        return ids[::-1]

    def lens(self) -> dict[str, Named]:
        """As a trace keeps it, in `trace.lenses["search"]`."""
        units = {"p": "probability", "log_p": "nats", "score": "nats"}
        return {
            name: Named(getattr(self, name), ("step", "candidate"), units.get(name, ""))
            for name in self.__dataclass_fields__
        }

    @classmethod
    def from_lens(cls, lens: Mapping[str, Named]) -> Search:
        """What `lens` gave, which a file may say otherwise.

        Raises:
            PeepholeError: these are not the arrays of a search.
        """
        arrays = {name: lens[name].array for name in cls.__dataclass_fields__ if name in lens}
        shapes = {array.shape for array in arrays.values()}
        if len(arrays) < len(cls.__dataclass_fields__) or len(shapes) > 1 or len(*shapes) != 2:
            raise PeepholeError("the search of this trace is not whole", do="Decode again")
        parent, real = arrays["parent"], arrays["token"] >= 0
        lost = (parent[1:] < 0) | (parent[1:] >= parent.shape[1])
        if (lost & real[1:]).any() or any(arrays[n].dtype.kind != "i" for n in _WHOLE):
            raise PeepholeError("the search of this trace is no tree", do="Decode again")
        return cls(**arrays)


class _Hypothesis(NamedTuple):
    state: Any
    log_next: np.ndarray  # (V,) log p of each next word
    log_p: float
    column: int  # among its step's candidates


def beam_search(
    state: Any,
    log_next: np.ndarray,
    expand: Expand,
    *,
    beam: int,
    most: int,
    stop: int | None,
    alpha: float = 0.0,
) -> Search:
    """Search for the words (at most `most`) of the highest score.

    Starts from a state and log p (V,) of the first word; `expand(state, word, step)` gives the state
    after a word and log p of the next. A word of log p -inf is no candidate. `stop` ends a sentence; if
    none has ended, the best of those that were cut short wins. Ends as soon as nothing that is still
    kept can overtake the best that has finished: log p only falls, so log p / lp(most) is its bound.
    """
    live = [_Hypothesis(state, log_next, 0.0, -1)]
    steps: list[dict[str, np.ndarray]] = []
    finished = 0
    top: tuple[float, int, int] | None = (
        None  # score, step, candidate of the best that has finished
    )
    for step in range(most):
        lp = length_penalty(step + 1, alpha)
        found = _candidates(live, max(beam, SHOWN), lp)
        slots = beam - finished
        fate = np.where(np.arange(len(found["token"])) < slots, KEPT, PRUNED)
        fate[(fate == KEPT) & (found["token"] == stop)] = FINISHED
        of, found["fate"] = found.pop("of"), fate
        steps.append({name: array[: SHOWN * max(beam, SHOWN)] for name, array in found.items()})
        for column in np.flatnonzero(fate == FINISHED):
            finished += 1
            if top is None or found["score"][column] > top[0]:
                top = (float(found["score"][column]), step, int(column))
        kept = np.flatnonzero(fate == KEPT)
        ceiling = length_penalty(most, alpha)
        if top is not None and all(found["log_p"][column] / ceiling <= top[0] for column in kept):
            break
        if step + 1 < most:
            live = [
                _Hypothesis(
                    *expand(live[of[column]].state, int(found["token"][column]), step),
                    float(found["log_p"][column]),
                    int(column),
                )
                for column in kept
            ]
    at = (top[1], top[2]) if top else (len(steps) - 1, 0)
    return _table(steps, *at)


def _candidates(live: list[_Hypothesis], each: int, lp: float) -> dict[str, np.ndarray]:
    """The likeliest next words of each hypothesis, all together by score, the best first."""
    rows = []
    for index, (_, log_next, so_far, column) in enumerate(live):
        words = np.argsort(-log_next, kind="stable")[:each]
        rows += [
            (index, column, word, log_next[word], so_far + log_next[word])
            for word in words
            if log_next[word] > -np.inf
        ]
    of, parent, token, log_word, log_p = (np.array(part) for part in zip(*rows, strict=True))
    order = np.argsort(-log_p, kind="stable")
    columns = {
        "of": of,
        "parent": parent,
        "token": token,
        "p": np.exp(log_word),
        "log_p": log_p,
        "score": log_p / lp,
    }
    return {name: array[order] for name, array in columns.items()}


def _table(steps: list[dict[str, np.ndarray]], step: int, column: int) -> Search:
    """Steps of any number of candidates as one table, the way to the winner marked."""
    wide = max(len(found["token"]) for found in steps)
    blank = {
        "token": -1,
        "parent": -1,
        "p": 0.0,
        "log_p": -np.inf,
        "score": -np.inf,
        "fate": PRUNED,
    }
    table = {
        name: np.array(
            [[*found[name], *[empty] * (wide - len(found[name]))] for found in steps],
            dtype=np.int32 if isinstance(empty, int) else np.float64,
        )
        for name, empty in blank.items()
    }
    chosen = np.zeros((len(steps), wide), np.int32)
    while step >= 0:
        chosen[step, column] = 1
        step, column = step - 1, int(table["parent"][step, column])
    return Search(**table, chosen=chosen)
