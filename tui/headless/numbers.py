"""`peephole run`: what lenses found and what equations gave, as lines of numbers for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from engine import Trace
from engine.trace import Named


def likeliest(trace: Trace, found: Mapping[str, Named]) -> Iterator[str]:
    """The ids of `top_k` as the words that they are; "-" where a row foretells nothing."""
    yield ""
    yield "lens top_k: ids (time, rank), as words"
    for row, (ids, p) in enumerate(zip(found["ids"].array, found["p"].array, strict=True)):
        words = [
            trace.header.vocabulary[word] if np.isfinite(x) else "-"
            for word, x in zip(ids, p, strict=True)
        ]
        yield f"{row:>4}  {trace.tokens[row]}  {' '.join(words)}"


def lines(title: str, named: Named, tokens: Sequence[str]) -> Iterator[str]:
    """The numbers of every row; of several layers, a line each."""
    unit = f", {named.unit}" if named.unit else ""
    axes, array = list(named.axes), named.array
    front = [name for name in ("time", "layer") if name in axes]
    for place, name in enumerate(front):  # a layer's numbers stand together, with its number
        array = np.moveaxis(array, axes.index(name), place)
        axes.insert(place, axes.pop(axes.index(name)))
    yield ""
    yield f"{title} ({', '.join(named.axes)}){unit}"
    for row, token in enumerate(tokens):
        if "layer" not in axes or array.ndim < 3 or array.shape[1] < 2:
            yield f"{row:>4}  {token}  {_said(array[row])}"
            continue
        for layer, numbers in enumerate(array[row]):
            head = f"{row:>4}  {token}" if not layer else " " * (6 + len(token))
            yield f"{head}  layer {layer}: {_said(numbers)}"


def _said(numbers: np.ndarray) -> str:
    """Numbers in a line; what nothing foretells is "-", as in the table."""
    return " ".join("-" if np.isnan(x) else f"{x:.4g}" for x in np.ravel(numbers))
