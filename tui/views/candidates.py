"""The candidates of one row as bars, before and after a decoding has cut them, and where the draw fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from engine.decoding import Cut
from tui.palette import Palette
from tui.views.axis import clip

LONGEST = 14  # columns of a word


@dataclass(frozen=True)
class Candidates:
    """What one row chose from.

    Attributes:
        cut: the distribution before and after, and what was kept.
        words: the vocabulary.
        chosen: the word that this decoding chooses.
        read: the word that the next row reads, or -1 where there is none.
        draw: where the draw fell, 0 to 1; NaN without one.
        fates: under a beam, which cuts off no words: what became of the hypotheses that go on with
            a word, by its id; None where words are chosen one by one.
    """

    cut: Cut
    words: Sequence[str]
    chosen: int
    read: int
    draw: float
    fates: Mapping[int, str] | None = None

    @property
    def order(self) -> np.ndarray:
        """Word ids, the likeliest first."""
        return np.argsort(-self.cut.before, kind="stable")

    @property
    def mass(self) -> float:
        """What the model gave to the words that are kept."""
        return float(self.cut.before[self.cut.kept].sum())

    def entropies(self) -> tuple[float, float]:
        """Of the distribution before and after, in bits."""
        before, after = (
            float(-(p[p > 0] * np.log2(p[p > 0])).sum()) + 0.0
            for p in (self.cut.before, self.cut.after)
        )
        return before, after


def bars(palette: Palette, found: Candidates, width: int, height: int) -> Text:
    """A line a word, the likeliest first: its bar before, its bar after, and what became of it."""
    cut, order, words = found.cut, found.order, found.words
    kept = int(cut.kept.sum())
    ruled = 0 < kept < min(len(order), height - 4)
    room = max(1, height - 1 - ruled)
    if room < len(order):
        room = max(1, room - 1)  # the rest is told in one line
    top = float(max(cut.before[order[0]], cut.after.max()))
    wide = min(LONGEST, max(cell_len(words[word]) for word in order[:room]))
    once = found.fates is not None  # nothing is cut: one bar is enough
    bar = max(4, width - wide - 28 if once else (width - wide - 32) // 2)
    text = Text(no_wrap=True)
    quiet = palette.style("muted")
    head = f"{'':{wide + 4}}{f'before, 0 to {top:.2f}':<{bar}}      p  {'after':<{bar}}      p"
    if once:
        head = f"{'':{wide + 4}}{f'p, 0 to {top:.2f}':<{bar}}      p  the beam"
    text.append(set_cell_size(head, width).rstrip() + "\n", quiet)
    for at, word in enumerate(order[:room]):
        if ruled and at == kept:
            line = palette.glyph("─", "-")
            said = f" {kept} kept, mass {found.mass:.3f}: the others are cut off "
            text.append(line * 3 + said + line * max(0, width - cell_len(said) - 4) + "\n", quiet)
        text.append_text(_word(palette, found, int(word), wide, bar, top))
        text.append("\n")
    rest = order[room:]
    if len(rest):
        said = f"{len(rest):,} more words"
        text.append(set_cell_size(f"   {palette.glyph('…', '..')} {said}", wide + 4 + bar), quiet)
        after = "" if once else f"  {'':{bar}}{cut.after[rest].sum():7.3f}"
        text.append(f"{cut.before[rest].sum():7.3f}{after}\n", quiet)
    return text


def _word(palette: Palette, found: Candidates, word: int, wide: int, bar: int, top: float) -> Text:
    cut, text = found.cut, Text()
    chosen, kept = word == found.chosen, bool(cut.kept[word])
    mark = palette.glyph("▶", ">") if chosen else "*" if word == found.read else " "
    style = palette.style("accent" if chosen else "text" if kept else "muted")
    name = clip(found.words[word], wide, palette.glyph("…", "~"))
    text.append(f" {mark} {set_cell_size(name, wide)} ", style)
    pairs = [(cut.before[word], "bar" if kept else "muted"), (cut.after[word], "accent")]
    for p, kind in pairs if found.fates is None else pairs[:1]:
        halves = round(p / top * 2 * bar)
        (segment,) = palette.bar(halves, bar, kind)
        text.append(segment.text, segment.style)
        text.append(f"{p:7.3f}  " if p else f"{'0':>7}  ", style)
    whole = bool(cut.kept.all())
    if found.fates is not None:
        said = found.fates.get(word, "")
        text.append(f"best, {said}" if chosen else said, style)
        return text
    what = (
        "chosen" if chosen else "" if whole else "kept" if kept else palette.glyph("✗ cut", "x cut")
    )
    text.append(what, style)
    return text


def strip(palette: Palette, found: Candidates, width: int) -> Text:
    """The kept words laid end to end, as long as they are likely, and the draw that falls on one."""
    order = np.argsort(-found.cut.after, kind="stable")
    edge, text = palette.glyph("│", "|"), Text(no_wrap=True)
    span, at = width - 2, 0.0
    text.append(edge, palette.style("muted"))
    for word in order:
        p = float(found.cut.after[word])
        start, stop = round(at * span), round((at + p) * span)
        at += p
        if stop <= start or not p:
            continue
        style = palette.style("accent" if word == found.chosen else "text")
        room = stop - start - 1
        name = found.words[word] if cell_len(found.words[word]) <= room else ""
        text.append(set_cell_size(name.center(room) if name else "", room), style)
        text.append(edge, palette.style("muted"))
    place = min(span - 1, int(found.draw * span)) + 1
    said = f"draw {found.draw:.3f}"
    mark = palette.glyph("▲", "^")
    line = f"{'':{place}}{mark} {said}"
    if place + len(said) + 3 > width:
        line = f"{'':{max(0, place - len(said) - 1)}}{said} {mark}"
    text.append("\n" + line, palette.style("accent"))
    return text


def told(found: Candidates) -> list[str]:
    """What is said below the bars: how spread out they are, and the numbers of the chosen word."""
    words, chosen, before = found.words, found.chosen, found.cut.before
    entropy, left = found.entropies()
    if found.fates is not None:
        what = "a beam cuts off no words but whole hypotheses: v"
        lines = [f"entropy {entropy:.3f} bits · {what}"]
        if chosen >= 0:
            won = f"the best hypothesis goes on with {words[chosen]!r}"
            lines.append(f"{won}, p {before[chosen]:.3f} here")
        return lines
    kept = f"kept {found.cut.kept.sum():,} of {len(words):,} words, mass {found.mass:.3f}"
    lines = [f"entropy {entropy:.3f} bits before, {left:.3f} after · {kept}"]
    if chosen >= 0:
        p, q = before[chosen], found.cut.after[chosen]
        lines.append(f"{words[chosen]!r} chosen: p {p:.3f} before, {q:.3f} after")
        if found.read >= 0:
            lines[-1] += f" · next row reads {words[found.read]!r}, p {before[found.read]:.3f}"
    return lines
