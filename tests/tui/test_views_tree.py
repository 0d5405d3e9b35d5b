"""The tree of a beam: it is the search, and what wins is on top."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.beam import FINISHED, KEPT, Search
from tests.tui.stage import Stage, ready
from tests.tui.test_views_decoding import searched, written
from tui.palette import Palette
from tui.views.tree import _number, grown, tree


async def test_the_tree_grows_with_the_cursor_and_ends_with_the_best() -> None:
    at = written("beam 3 length 0.6", most=5)
    search, words = searched(at), at.trace.header.vocabulary
    stage = Stage("decoding", at, 2)
    async with stage.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for row in range(2, 2 + len(search.token)):
            stage.view.show(at, row)
            await ready(pilot)
            step = row - 2
            text = stage.said("#picture")
            alive = np.isin(search.fate[step], (KEPT, FINISHED)) & (search.token[step] >= 0)
            for column in np.flatnonzero(alive):
                assert (
                    f"{search.log_p[step, column]:8.3f}  {search.score[step, column]:8.3f}" in text
                )
                assert words[search.token[step, column]] in text
            assert (
                f"step {step + 1} of {len(search.token)}: {(search.fate[step] == KEPT).sum()} kept"
                in (stage.said("#numbers"))
            )
        best = " ".join(words[word] for word in search.best)
        assert f"best: {best}" in stage.said("#numbers")


def test_the_tree_holds_what_was_kept_and_what_this_step_pruned() -> None:
    search = searched(written("beam 4", most=6))
    for step in range(len(search.token)):
        found: list[tuple[int, int]] = []

        def walk(node, depth: int, found=found) -> None:
            for child in node.below:
                assert child.step == depth
                assert depth == 0 or search.parent[child.step, child.column] == node.column
                found.append((child.step, child.column))
                walk(child, depth + 1)

        walk(grown(search, step), 0)
        wanted = {
            (at, int(column))
            for at in range(step + 1)
            for column in np.flatnonzero(search.token[at] >= 0)
            if at == step or search.fate[at, column] in (KEPT, FINISHED)
        }
        assert set(found) == wanted
        assert len(found) == len(wanted)


@pytest.mark.parametrize("how", ["beam 6 length 0.6", "beam 16 length 1", "beam 32"])
def test_what_wins_is_the_first_line_however_wide_the_beam(how: str) -> None:
    at = written(how, most=7)
    search, words = searched(at), at.trace.header.vocabulary
    for step in range(len(search.token)):
        for width, height in ((80, 19), (120, 35)):
            lines = tree(Palette(), search, step, 3, words, width, height).plain.splitlines()
            last = min(step, len(search.best) - 1)
            column = int(search.chosen[last].argmax())
            numbers = f"{search.log_p[last, column]:.3f}  {search.score[last, column]:8.3f}"
            assert lines[1].endswith(numbers)
            said = [part.strip(" ┬─├└│") for part in re.split("[┬─├└]", lines[1][: width - 31])]
            assert [word for word in said if word] == [words[w] for w in search.best[: last + 1]]
            assert len(lines) <= height


def test_at_every_fork_the_better_branch_is_above() -> None:
    at = written("beam 8 length 0.6", most=6)
    search, words = searched(at), at.trace.header.vocabulary
    step = len(search.token) - 1
    lines = tree(Palette(), search, step, 3, words, 200, 500).plain.splitlines()[2:]
    shown = [(line.split()[-3] != "pruned", float(line.split()[-1])) for line in lines]
    begun = [index for index, line in enumerate(lines) if line[1] in "├└"]  # a fork at the root
    assert len(begun) > 1
    best = [max(shown[a:b]) for a, b in zip(begun, [*begun[1:], len(lines)], strict=True)]
    assert best == sorted(best, reverse=True)


def test_what_wins_stays_in_sight_when_its_rows_are_past() -> None:
    steps = 30
    words = ["</s>", *(f"word{n}" for n in range(steps))]
    shape = (steps, 2)
    token = np.stack([np.arange(1, steps + 1), np.full(steps, -1)], -1).astype(np.int32)
    token[1, 1] = 0  # it ends after two words; the other goes on
    parent, chosen = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    parent[0] = -1
    fate = np.full(shape, KEPT, np.int32)
    fate[1, 1], chosen[0, 0], chosen[1, 1] = FINISHED, 1, 1
    log_p = -np.arange(1.0, 2 * steps + 1).reshape(shape)
    search = Search(token, parent, np.exp(log_p), log_p, log_p, fate, chosen)
    for width, height in ((80, 19), (120, 35)):
        lines = tree(Palette(), search, steps - 1, 7, words, width, height).plain.splitlines()
        assert lines[0].startswith("…")
        assert " ".join(lines[1].split()) == "to row 8: word0 </s> ✓ best -4.000 -4.000"
        assert lines[2].split()[-3:] == ["kept", "-59.000", "-59.000"]
        assert len(lines[1]) == len(lines[2]) <= width


@pytest.mark.parametrize(("row", "wide"), [(9, 4), (19, 4), (119, 4), (1190, 4), (1190, 7)])
def test_a_row_number_stands_whole_or_not_at_all(row: int, wide: int) -> None:
    said = _number(row, wide)
    assert said.strip() == (str(row) if len(str(row)) < wide else "")
    assert len(said) <= wide
