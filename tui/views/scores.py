"""Where one row's weights come from: the scores of every key, step by step, from q · k to the softmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text
from textual.widget import Widget

from engine import Trace
from tui.palette import Palette
from tui.views.axis import clip, label
from tui.views.formula import architecture_of
from tui.views.numbers import num
from tui.views.plain import plain, shown
from tui.views.sight import Sight

NUMBER, LABEL = 9, 14  # columns of a number and of a key's label
WIDEST = 27  # columns of a bar


@dataclass(frozen=True)
class Step:
    """One column: what every key has at this step.

    Attributes:
        title, formula: what it is.
        values: (keys,), -inf where a key may not be looked at.
        share: whether they are shares, 0 to 1, and not scores of either sign.
    """

    title: str
    formula: str
    values: np.ndarray
    share: bool = False

    @property
    def largest(self) -> float:
        """The largest size among the finite values; what the whole length of a bar stands for."""
        finite = np.abs(self.values[np.isfinite(self.values)])
        return 1.0 if self.share else float(finite.max(initial=0.0)) or 1.0


def keys_of(seen: Sight) -> range:
    """The rows that any row read so far may look at: masked or not, they have keys."""
    stop = int(seen.spans[:, 1].max(initial=0))
    return range(seen.columns.start, seen.columns.start + stop)


def steps(trace: Trace, seen: Sight, row: int, layer: int, head: int) -> list[Step]:
    """The scores of a row in the order in which they are computed; the last ones are the weights.

    q · k is worked out again from q and k as recorded, so it is there for masked keys too.
    """
    rows = keys_of(seen)
    here, p = slice(rows.start, rows.stop), seen.prefix
    scores = trace[f"{p}scores"][row, layer, head, here].astype(np.float64)
    weights = trace[f"{p}weights"][row, layer, head, here].astype(np.float64)
    last = Step("weight", "softmax", weights, share=True)
    if f"{p}q" not in trace or f"{p}k" not in trace:
        return [Step("score", "before softmax", scores), last]
    q = trace[f"{p}q"][row, layer, head].astype(np.float64)
    dots = trace[f"{p}k"][here, layer, head].astype(np.float64) @ q
    width = len(q)
    return [
        Step("q · k", "raw", dots),
        Step("scaled", f"/ √{width}", dots / width**0.5),
        Step("masked", "+ mask", scores),
        last,
    ]


class Scores(Widget):
    """One line a key, one column a step."""

    DEFAULT_CSS = """
    Scores { height: 1fr; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._palette = Palette()
        self._steps: list[Step] = []
        self._keys, self._names = range(0), [""]
        self._at = 0
        self._reasons: list[str] = []
        self._formula = ""  # of a score that is no q · k

    def show(
        self,
        palette: Palette,
        trace: Trace,
        seen: Sight,
        row: int,
        layer: int,
        head: int,
        key: int,
    ) -> None:
        """Draw the scores of a row with one key marked; a row that looks at nothing has none."""
        self._palette, self._keys = palette, keys_of(seen)
        self._steps = steps(trace, seen, row, layer, head) if row in seen.rows else []
        self._names = [label(k, trace.tokens) for k in self._keys]
        self._at = key - self._keys.start
        window = trace.header.architecture.get("local", "global") != "global"
        allowed, beyond = seen.seen(row), "window" if window else "cut"
        self._reasons = [beyond if k in allowed else "later" for k in self._keys]
        self._formula = ""
        if len(self._steps) == 2:
            equations = architecture_of(trace).equations
            named = {equation.name: equation.formula for equation in equations}
            self._formula = named.get(f"{seen.prefix}scores", "")
        self.refresh()

    def legend(self) -> Text:
        """What the bars stand for, and what a mask leaves out."""
        text = Text("bars ± the number at a column's head, weights 0 to 1", no_wrap=True)
        text = Text(self._formula, no_wrap=True) if self._formula else text
        masked = [
            reason
            for reason, value in zip(self._reasons, self._masked, strict=False)
            if value == -np.inf
        ]
        words = {"later": "later", "cut": "cut by hand", "window": "outside the window"}
        parts = [f"{masked.count(r)} {said}" for r, said in words.items() if r in masked]
        if parts:
            text.append(f" · -∞: {', '.join(parts)}")
        elif not self._formula:
            text.append(" · nothing is masked")
        return text

    @property
    def _masked(self) -> np.ndarray:
        return self._steps[-2].values if self._steps else np.zeros(0)

    def _plain(self, words: str) -> str:
        return plain(words) if self._palette.ascii else words

    def render(self) -> RenderableType:
        if not self._steps:
            return Text("this row looks at nothing")
        quiet, palette = self._palette.style("muted"), self._palette
        count = len(self._steps)
        pitch = (self.size.width - LABEL) // count
        bar = max(0, min(WIDEST, pitch - NUMBER - 2))
        lines = [Text(" " * LABEL, no_wrap=True), Text("key".ljust(LABEL), quiet, no_wrap=True)]
        for step in self._steps:
            # made plain before they are laid out: a symbol's name is longer than the symbol
            scale = self._plain("0 to 1" if step.share else f"±{step.largest:.3g}")
            name = clip(self._plain(step.title), pitch - 1)
            lines[0].append(name.rjust(NUMBER).ljust(pitch), "bold")
            words = self._plain(step.formula).rjust(NUMBER)
            room = pitch - cell_len(words) - 1
            lines[1].append(
                f"{words} {scale if bar and len(scale) <= room else ''}".ljust(pitch), quiet
            )
        fit = max(1, self.size.height - 2)
        first = max(0, min(self._at - fit // 2, len(self._keys) - fit))
        for index in range(first, min(first + fit, len(self._keys))):
            lines.append(self._line(index, pitch, bar))
        return shown(palette, Text("\n", no_wrap=True).join(lines))

    def _line(self, index: int, pitch: int, bar: int) -> Text:
        palette, here = self._palette, index == self._at
        loud = palette.style("text" if here else "muted")
        mark = palette.glyph("▶", ">") if here else " "
        name = clip(self._names[index], LABEL - 2, palette.glyph("…", "~"))
        text = Text(f"{mark}{name}".ljust(LABEL), loud, no_wrap=True)
        for step in self._steps:
            value = float(step.values[index])
            if value == -np.inf:
                words = self._plain("-∞")
                words += f" {self._reasons[index]}" * (pitch > NUMBER + 2)
                text.append(words.rjust(NUMBER).ljust(pitch), palette.style("muted"))
                continue
            digits = f"{value:.4f}" if step.share else num(value)
            text.append(
                f"{digits:>{NUMBER}} ", palette.style("text" if here or step.share else "muted")
            )
            if bar and np.isfinite(value):
                text.append_text(_bar(palette, value / step.largest, bar, step.share))
            text.append(" " * (pitch - NUMBER - 1 - bar * bool(np.isfinite(value))))
        return text


def _bar(palette: Palette, value: float, width: int, share: bool) -> Text:
    """A bar of `width` columns: from the left for a share, from the middle for -1 to 1."""
    text = Text()
    if share:
        for segment in palette.bar(round(2 * width * value), width, "attention"):
            text.append(segment.text, segment.style)
        return text
    half = width // 2
    cells = "".join(s.text for s in palette.bar(round(2 * half * abs(value)), half)).rstrip()
    if value < 0:
        cells = cells.replace("▌", "▐")[::-1]
    left, right = (cells, "") if value < 0 else ("", cells)
    text.append(left.rjust(half), palette.style("bar"))
    text.append(palette.glyph("│", "|"), palette.style("muted"))
    text.append(right.ljust(width - half - 1), palette.style("bar"))
    return text
