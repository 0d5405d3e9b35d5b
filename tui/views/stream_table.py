"""A row's stream as a table: a line a depth, the last on top, and between them what each block adds."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from tui.palette import Palette
from tui.views.axis import clip
from tui.views.stream import ADDS, Stream

NAME, WORD, LONGEST = 23, 14, 60  # columns of a line's name, of a word, of a bar
WIDE, OWN = 100, 28  # from this width on, columns for the last block's word at every depth


def as_table(
    palette: Palette, stream: Stream, row: int, here: int, width: int, *, whole: bool, labels: bool
) -> Text:
    """The table of a row, with a mark at the depth `here`.

    `whole`: with what is added, not only the stream's lines. `labels`: the model says what a row is, not
    what comes next.
    """
    added, largest = stream.added(row), stream.largest(row)
    wide = width >= WIDE
    bar = max(4, min(LONGEST, width - NAME - 9 - 7 - 2 - WORD - 9 - (OWN if wide else 0)))
    said = "its label" if labels else "would say"
    scale = clip(f"0 to {largest:.3g}", bar, "")
    head = f"{'':<{NAME}}{'norm':>8} {scale:<{bar}}{'cos':>7}  {said:<{WORD}}{'p':>8}"
    if wide and stream.answer(row):
        word = clip(repr(stream.answer(row)), OWN - 12, palette.glyph("…", "~"))
        head += f"{f'p of {word}':>{OWN - 6}}{'rank':>6}"
    lines = [Text(head, palette.style("muted"), no_wrap=True)]
    for depth in reversed(range(stream.depths)):
        lines.append(_depth(palette, stream, row, depth, bar, depth == here, wide))
        if depth and whole:
            lines += [_added(palette, stream, row, depth - 1, bar, name) for name in added[::-1]]
    return Text("\n", no_wrap=True).join(lines)


def _depth(
    palette: Palette, stream: Stream, row: int, depth: int, bar: int, here: bool, wide: bool
) -> Text:
    """The stream at a depth, and what the readout would say there."""
    mark = palette.glyph("▶", ">") if here else " "
    kind = palette.style("text")
    text = Text(f"{mark}{stream.called(depth)}".ljust(NAME), kind, no_wrap=True)
    size = float(stream.norms[row, depth])
    text.append_text(_norm(palette, size, stream.largest(row), bar, "bar"))
    text.append(f"{'':>7}  ")
    if stream.answer(row):
        word = clip(repr(stream.says(row, depth)), WORD - 1, palette.glyph("…", "~"))
        own = stream.says(row, depth) == stream.answer(row)
        text.append(f"{word:<{WORD}}", palette.style("word" if own else "text"))
        text.append(f"{stream.top[row, depth]:>8.4f}", kind)
        if wide:
            p, rank = stream.p[row, depth], stream.rank[row, depth]
            text.append(f"{p:>{OWN - 6}.4f}{rank:>6}", kind)
    return text


def _added(palette: Palette, stream: Stream, row: int, layer: int, bar: int, name: str) -> Text:
    """What a block adds, and its cosine with the stream that it is added to."""
    quiet = palette.style("muted")
    text = Text(f"   + {name} {ADDS[name]}".ljust(NAME), quiet, no_wrap=True)
    size = float(stream.sizes[name][row, layer])
    text.append_text(_norm(palette, size, stream.largest(row), bar, "attention"))
    text.append(f"{stream.cosines[name][row, layer]:>+7.2f}", quiet)
    return text


def _norm(palette: Palette, value: float, largest: float, width: int, kind: str) -> Text:
    """A norm and its bar, `largest` over the whole width."""
    text = Text(f"{value:>8.2f} ", palette.style("text"), no_wrap=True)
    share = value / largest if np.isfinite(value) else 0.0  # a diverged model's number has no bar
    for segment in palette.bar(round(2 * width * share), width, kind):
        text.append(segment.text, segment.style)
    return text
