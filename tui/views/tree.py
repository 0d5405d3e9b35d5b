"""A beam as a tree: a line a hypothesis, its words from left to right, what they share drawn once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from engine.beam import FINISHED, KEPT, PRUNED, Search
from tui.palette import Palette
from tui.views.axis import clip

TAIL = 31  # columns of a hypothesis' fate and numbers
WIDEST = 12  # columns of a word
GONE = 6  # of the candidates that a step prunes, those that are drawn even before what died earlier
FATES = {KEPT: ("▸", ">", "kept"), FINISHED: ("✓", "+", "finished"), PRUNED: ("✗", "x", "pruned")}


@dataclass
class Node:
    """A candidate that is drawn: where it stands in the search, and what goes on from it."""

    step: int
    column: int
    below: list[Node] = field(default_factory=list)


def tree(
    palette: Palette, search: Search, step: int, first: int, words: Sequence[str],
    width: int, height: int,
) -> Text:  # fmt: skip
    """The tree as it stands after a step, with the best candidates that this step pruned.

    Words stand under the rows that they are written to, of which `first` is the first. The hypothesis that
    wins in the end is the first line, and at every fork the better branch is above. Where it does not fit,
    the oldest rows give way to an ellipsis and the least likely lines to a count.
    """
    root = grown(search, step)
    paths = sorted(_paths(root), key=lambda path: _rank(search, path[-1], step))
    groups: tuple[list[list[Node]], ...] = ([], [], [])
    for path in paths:
        groups[_rank(search, path[-1], step)[0]].append(path)
    room = max(GONE, height - 2 - len(groups[0]) - len(groups[2]))
    few = [*groups[0], *groups[1][:room], *groups[2]]
    shown = few[: max(1, height - 1 - (len(paths) > min(len(few), height - 1)))]
    steps = _columns(search, shown, words, width - TAIL)
    shown = [path for path in shown if path[-1].step >= steps[0][0] or _wins(search, path[-1])]
    left = {id(node) for path in shown for node in path}
    root = _only(root, left)
    _best_first(search, root, step)
    text = Text(no_wrap=True)
    ahead = palette.glyph("…", "~") if steps[0][0] else ""
    title = ahead.ljust(1) + "".join(
        set_cell_size(_number(first + number, wide), wide) for number, wide in steps
    )
    head = f"{'':11}{'log p':>8}  {'score':>8}"
    text.append(set_cell_size(title, width - TAIL) + head + "\n", palette.style("muted"))
    for line in _lines(palette, search, root, step, words, dict(steps), width - TAIL, first):
        text.append_text(line)
        text.append("\n")
    if len(paths) > len(shown):
        others = f" {palette.glyph('…', '..')} {len(paths) - len(shown)} more lines"
        text.append(others, palette.style("muted"))
    return text


def _number(row: int, wide: int) -> str:
    """A row's number over its words; nothing where not all of its digits fit."""
    return next((said for said in (f"  {row}", f" {row}") if len(said) <= wide), "")


def grown(search: Search, step: int) -> Node:
    """All that was kept up to a step, and the candidates that it pruned, under one root."""
    root = Node(-1, -1)
    nodes = {(-1, -1): root}
    for at in range(min(step + 1, len(search.token))):
        for column in np.flatnonzero(search.token[at] >= 0):
            kept = search.fate[at, column] != PRUNED
            parent = nodes.get((at - 1, int(search.parent[at, column]) if at else -1))
            if parent is not None and (kept or at == step):
                node = Node(at, int(column))
                parent.below.append(node)  # candidates come the best first
                if kept:
                    nodes[at, int(column)] = node
    return root


def _paths(node: Node) -> Iterator[list[Node]]:
    """The ways from the root to every leaf."""
    for child in node.below:
        if not child.below:
            yield [child]
        for path in _paths(child):
            yield [child, *path]


def _rank(search: Search, leaf: Node, step: int) -> tuple[int, float]:
    """What is alive or finished comes first, then what this step pruned, then what died before.

    Before all of them comes what wins: in a wide beam it may not look best yet, and has to be in sight.
    """
    if _wins(search, leaf):
        return 0, -np.inf
    fate = search.fate[leaf.step, leaf.column]
    alive = fate == FINISHED or (leaf.step == step and fate == KEPT)
    group = 0 if alive else 1 if leaf.step == step else 2
    return group, -float(search.score[leaf.step, leaf.column])


def _wins(search: Search, node: Node) -> bool:
    """Whether a candidate is of the hypothesis that wins."""
    return bool(search.chosen[node.step, node.column])


def _best_first(search: Search, node: Node, step: int) -> tuple[int, float]:
    """Put the branch that leads to the best leaf first, at every fork; the rank of that leaf."""
    if not node.below:
        return _rank(search, node, step)
    ranks = {id(child): _best_first(search, child, step) for child in node.below}
    node.below.sort(key=lambda child: ranks[id(child)])
    return ranks[id(node.below[0])]


def _only(node: Node, left: set[int]) -> Node:
    below = [_only(child, left) for child in node.below if id(child) in left]
    return Node(node.step, node.column, below)


def _columns(
    search: Search, paths: Sequence[Sequence[Node]], words: Sequence[str], room: int
) -> list[tuple[int, int]]:
    """(step, columns) of the latest steps that fit."""
    widths: dict[int, int] = {}
    for path in paths:
        for node in path:
            word = words[search.token[node.step, node.column]]
            widths[node.step] = max(widths.get(node.step, 0), min(WIDEST, cell_len(word)) + 3)
    columns: list[tuple[int, int]] = []
    for step in sorted(widths, reverse=True):
        if columns and sum(wide for _, wide in columns) + widths[step] > room - 1:
            break
        columns.insert(0, (step, widths[step]))
    return columns


def _lines(
    palette: Palette, search: Search, root: Node, step: int, words: Sequence[str],
    columns: dict[int, int], room: int, row: int,
) -> Iterator[Text]:  # fmt: skip
    """One line a leaf, depth first; `row` is that of step 0."""
    first = min(columns, default=0)
    lines: list[tuple[Node, list[tuple[str, Node | None]]]] = []

    def walk(node: Node, before: list[str], line: list[tuple[str, Node | None]]) -> None:
        if not node.below:
            lines.append((node, line))
            return
        for at, child in enumerate(node.below):
            last = at == len(node.below) - 1
            if at:
                line = [(part, None) for part in before]
                branch = "└─" if last else "├─"
            else:
                branch = "──" if last else "┬─"
            walk(child, [*before, "  " if last else "│ "], [*line, (branch, child)])

    walk(root, [], [])
    for leaf, parts in lines:
        text = Text(no_wrap=True)
        text.append(" ")
        for at, (branch, node) in enumerate(parts):
            if at < first:
                continue
            wide = columns.get(at, 0)
            text.append(_drawn(palette, branch), palette.style("muted"))
            name = "" if node is None else words[search.token[node.step, node.column]]
            name = clip(name, wide - 3, palette.glyph("…", "~"))
            text.append(set_cell_size(name, wide - 2), _style(palette, search, node, leaf, step))
        if leaf.step < first:  # all its words are older than the rows that are drawn
            said = " ".join(
                words[search.token[n.step, n.column]] for _, n in parts if n is not None
            )
            said = clip(f"to row {row + leaf.step}: {said}", room - 1, palette.glyph("…", "~"))
            text.append(said, palette.style("accent"))
        text.append(" " * max(0, room - cell_len(text.plain)))
        yield text.append_text(_tail(palette, search, leaf, step))


def _drawn(palette: Palette, branch: str) -> str:
    if not palette.ascii:
        return branch
    return branch.translate(str.maketrans("─│┬├└", "-|+++"))


def _style(palette: Palette, search: Search, node: Node | None, leaf: Node, step: int) -> Style:
    if node is not None and _wins(search, node):
        return palette.style("accent")
    return palette.style("text" if _alive(search, leaf, step) else "muted")


def _alive(search: Search, leaf: Node, step: int) -> bool:
    fate = search.fate[leaf.step, leaf.column]
    return bool(fate == FINISHED or (leaf.step == step and fate == KEPT))


def _tail(palette: Palette, search: Search, leaf: Node, step: int) -> Text:
    """Fate, log p and score; of what died since it was kept the fate is `pruned`."""
    at = (leaf.step, leaf.column)
    fate = int(search.fate[at]) if _alive(search, leaf, step) else PRUNED
    glyph, plain, said = FATES[fate]
    won = fate == FINISHED and _wins(search, leaf)
    said = "best" if won else said
    style = palette.style("accent" if won else "text" if fate != PRUNED else "muted")
    numbers = f"{search.log_p[at]:>8.3f}  {search.score[at]:>8.3f}"
    return Text(f" {palette.glyph(glyph, plain)} {said:<8}{numbers}", style)
