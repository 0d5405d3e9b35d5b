"""What is said of a beam's hypotheses beside their tree: what became of them, and what a step left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.beam import FINISHED, KEPT, PRUNED, Search
from tui.views.tree import FATES


def went(search: Search, step: int) -> dict[int, str]:
    """The fates of the hypotheses that went on at a step from the best one's words, by the next word.

    Of no others: only of these the row has the p.
    """
    parent = int(search.chosen[step - 1].argmax()) if step else -1
    same = (search.token[step] >= 0) & ((search.parent[step] == parent) | (step == 0))
    return {
        int(search.token[step, column]): FATES[int(search.fate[step, column])][2]
        for column in np.flatnonzero(same)
    }


def told(search: Search, step: int, words: Sequence[str], most: int) -> list[str]:
    """How many a step kept; after the last one why there is no other, and what was found.

    `most`: the words that the search was allowed to go on for.
    """
    real = search.token[step] >= 0
    kept, done, gone = (
        int(((search.fate[step] == fate) & real).sum()) for fate in (KEPT, FINISHED, PRUNED)
    )
    all_done = int((search.fate[: step + 1] == FINISHED).sum())
    steps = len(search.token)
    line = f"step {step + 1} of {steps}: {kept} kept, {done} finished now ({all_done} in all)"
    if step < steps - 1:
        return [f"{line}, {gone} pruned of those recorded"]
    best = " ".join(words[word] for word in search.best)
    last = len(search.best) - 1, search.chosen[len(search.best) - 1].argmax()
    numbers = f"log p {search.log_p[last]:.3f} · score {search.score[last]:.3f}"
    return [f"{line} · {_over(steps, kept, all_done, most)}", f"best: {best} · {numbers}"]


def _over(steps: int, kept: int, finished: int, most: int) -> str:
    """Why a search went no further."""
    if kept and steps >= most:
        return f"cut off at {steps}" + ("" if finished else ", none finished")
    return "over: none kept can overtake" if kept else "over: none is left"
