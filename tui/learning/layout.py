"""Where the panels stand, by the size of the screen and the number of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDE, TALL = 160, 44  # columns and lines from which on nearly everything is shown at once
MIDDLE, HIGH = 108, 30  # the same for the middle form
APART = 1  # columns between panels
OVERLAID = ("loss", "inside", "score", "findings")  # that can show two runs in one panel


Share = tuple[str, tuple[int, ...], int]  # a panel's kind, its runs, its share of the width


@dataclass(frozen=True)
class Place:
    """A panel's kind, the indices of its runs, and its box in cells."""

    kind: str
    which: tuple[int, ...]
    x: int
    y: int
    width: int
    height: int


def dashboard(width: int, height: int, runs: int) -> list[Place]:
    """The panels that are shown together, in the order in which Tab goes through them."""
    if width >= WIDE and height >= TALL:
        return _wide(width, height, runs)
    if width >= MIDDLE and height >= HIGH:
        return _middle(width, height, runs)
    return _small(width, height, runs)


def single(kind: str, width: int, height: int, runs: int) -> list[Place]:
    """One kind of panel in full size; two runs beside each other where they cannot share it."""
    if runs == 1 or kind == "score" or (kind in OVERLAID and width < WIDE):
        return [Place(kind, tuple(range(runs)), 0, 0, width, height)]
    return _across([(kind, (i,), 1) for i in range(runs)], 0, width, height)


def _small(width: int, height: int, runs: int) -> list[Place]:
    """80 x 24: the two plots, the gradient through time, and the worst finding of each run."""
    both = tuple(range(runs))
    last = min(2 if runs == 1 else runs, max(0, height - 8))
    loss, time = _down(height - last, (8, 11))
    return [
        Place("loss", both, 0, 0, width, loss),
        *_across([("time", (i,), 1) for i in both], loss, width, time),
        Place("findings", both, 0, loss + time, width, last),
    ]


def _middle(width: int, height: int, runs: int) -> list[Place]:
    both = tuple(range(runs))
    top, centre, low = _down(height, (12, 19, 6))
    first: list[Share]
    second: list[Share]
    if runs == 1:
        second = [("time", (0,), 3), ("inside", (0,), 2)]
        first = [("loss", (0,), 3), ("params", (0,), 2)]
    else:
        first = [("loss", both, 3), ("inside", both, 2)]
        second = [("time", (i,), 1) for i in both]
    return [
        *_across(first, 0, width, top),
        *_across(second, top, width, centre),
        Place("findings", both, 0, top + centre, width, low),
    ]


def _wide(width: int, height: int, runs: int) -> list[Place]:
    both = tuple(range(runs))
    if runs > 1:
        rows = _down(height, (12, 18, 9, 12, 6))
        at, places = 0, []
        for kind, lines in zip(("loss", "time", "inside", "score", "findings"), rows, strict=True):
            together = kind in ("score", "findings")
            each = [(kind, both, 1)] if together else [(kind, (i,), 1) for i in both]
            places += _across(each, at, width, lines)
            at += lines
        return places
    left = width * 9 // 20
    right = width - left - APART
    loss, inside, params, findings = _down(height, (19, 16, 12, 10))
    time, score = _down(height, (26, 31))
    return [
        Place("loss", (0,), 0, 0, left, loss),
        Place("time", (0,), left + APART, 0, right, time),
        Place("inside", (0,), 0, loss, left, inside),
        Place("score", (0,), left + APART, time, right, score),
        Place("params", (0,), 0, loss + inside, left, params),
        Place("findings", (0,), 0, loss + inside + params, left, findings),
    ]


def _across(items: Sequence[Share], y: int, width: int, height: int) -> list[Place]:
    """Panels beside each other, their widths in proportion to their last number."""
    room, total = width - APART * (len(items) - 1), sum(share for *_, share in items)
    places, x = [], 0
    for index, (kind, which, share) in enumerate(items):
        wide = width - x if index == len(items) - 1 else room * share // total
        places.append(Place(kind, which, x, y, wide, height))
        x += wide + APART
    return places


def _down(height: int, shares: Sequence[int]) -> list[int]:
    """Heights in proportion to shares, that add up to the whole."""
    total, done, heights = sum(shares), 0, []
    for at in range(len(shares)):
        end = round(height * sum(shares[: at + 1]) / total)
        heights.append(end - done)
        done = end
    return heights
