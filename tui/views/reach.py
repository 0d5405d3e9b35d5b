"""What the gradient view says of a row: its number under the cursor, and how far its loss reaches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rich.text import Text

from engine import Trace
from engine.lenses.prediction import predicted
from tui.views.axis import label

SHARE = 1e-3  # of a row's largest gradient: what is below hardly moves a weight


def readout(
    trace: Trace, values: np.ndarray, of: str, t: int, k: int | None, words: Mapping[int, str]
) -> Text:
    """|dL_t/dh_k| in words; `k` is None where row t has no loss, `words` as in `Flows`."""
    tokens, header = trace.tokens, trace.header
    if k is None:
        what = "a row of the source" if t < trace.source else "the start token"
        return Text(f"nothing predicts {what}: it has no loss", no_wrap=True)
    word = words.get(t) or (
        tokens[t] if header.ahead else header.vocabulary[int(trace["logits"][t].argmax())]
    )
    loss = f"{word!r}({t})" if header.ahead else f"label {word!r} of {tokens[t]!r}({t})"
    text = f"|dL/d{of}| of {loss} by {of} at {tokens[k]!r}({k}): "
    return Text(f"{text}{values[t, k]:.4g}", no_wrap=True)


def reach(trace: Trace, values: np.ndarray, t: int, shown: int, loses: bool, width: int) -> Text:
    """How far row t's loss reaches, if it has one, and the median over the rows read so far."""
    tokens, rows = trace.tokens, predicted(trace)
    lost = slice(rows.start, shown)
    back, on = reaches(values), reaches_on(values)
    both = trace.source == len(trace)  # rows later than the loss count too
    median = ""
    if len(back[lost]):
        median = f"median {np.median(back[lost]):.0f}"
        median += f" back, {np.median(on[lost]):.0f} on" if both else ""
    if not loses:
        return Text(f"reach: {median}" if median else "", no_wrap=True)
    nothing = "nothing" if trace.header.ahead else "itself"
    first = label(t - back[t], tokens) if back[t] else nothing
    found = f"{back[t]} back, to {first}"
    if both:
        ends = f"{label(t - back[t], tokens)} to {label(t + on[t], tokens)}"
        found = f"{back[t]} back, {on[t]} on, {ends}"
    found += f"; {median}"
    for above in (" (above 1e-3 of the row's largest)", " (> 1e-3 of the largest)", ""):
        text = f"reach{above}: {found}"
        if len(text) <= width:
            break
    return Text(text, no_wrap=True)


def reaches(values: np.ndarray, share: float = SHARE) -> np.ndarray:
    """How many rows back from t the farthest entry above `share` of row t's largest lies, (rows,).

    `values` (rows, T) are norms |dL_t/dh_k|; a row without any gradient reaches 0 rows.
    """
    largest = values.max(axis=1, keepdims=True, initial=0.0)
    above = (values >= share * largest) & (values > 0)
    first = np.argmax(above, axis=1)  # the earliest k above the share
    return np.where(above.any(axis=1), np.maximum(np.arange(len(values)) - first, 0), 0)


def reaches_on(values: np.ndarray) -> np.ndarray:
    """As `reaches`, but forward: to rows that are later than the loss, of a whole map (T, T)."""
    return reaches(values[::-1, ::-1])[::-1]
