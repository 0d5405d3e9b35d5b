"""Maps: the numbers of the attention on the screen are those of the trace, at any size and length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from engine import lenses
from tests.tui.stage import SIZES, Stage, lane, ready
from tui.palette import Palette
from tui.views.axis import clip, label, stagger, steps
from tui.views.matrix import Matrix
from tui.views.multiples import Multiples, arrange, pool

FORMS = (Palette(), Palette(colours="few"), Palette(colours="none"), Palette(ascii=True))


def cells(stage: Stage) -> dict[tuple[int, int], tuple[str, object]]:
    """Text and background of every cell of the matrix on the screen, by (row, column)."""
    matrix = stage.view.query_one(Matrix)
    found = {}
    for y in range(matrix.head, matrix.size.height):
        strip = matrix.render_line(y)
        for column in matrix.columns:
            x = matrix.aside + (column - matrix.columns.start) * matrix.cell
            spot = matrix.at(x, y)
            if spot is None or (y - matrix.head) % matrix.tall != matrix.middle:
                continue
            piece = strip.crop(x, x + matrix.cell)
            styles = {segment.style.bgcolor for segment in piece if segment.style}
            found[spot] = (piece.text, styles.pop())
    return found


@pytest.mark.parametrize(("layer", "head"), [(0, 1), (1, 0), (1, 2), (0, 3), (1, 3)])
async def test_attention_says_the_weight_under_the_cursor(layer: int, head: int) -> None:
    at = lane("transformer")
    rolled = lenses.rollout(at.trace)["weights"].array
    weights = at.trace.array("weights", "layer", "head", "time", "key")
    expected = weights[layer, head] if head < 2 else weights[layer].mean(0)
    expected = rolled[layer] if head == 3 else expected
    stage = Stage("attention", at, cursor=5)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["left_square_bracket"] * (1 - layer) + ["h"] * head)
        heaviest = int(np.argmax(expected[5]))
        assert f"{at.trace.tokens[heaviest]!r}({heaviest}): {expected[5, heaviest]:.4f}" in (
            stage.said("#readout")
        )
        for key in reversed(range(heaviest)):
            await pilot.press("left")
            words = f"{at.trace.tokens[key]!r}({key}): {expected[5, key]:.4f}"
            assert words in stage.said("#readout")


async def test_attention_cells_hold_their_digits_and_the_future_is_blank() -> None:
    at = lane("transformer", 8)
    stage = Stage("attention", at, cursor=7)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        weights = at.trace["weights"][:, 1, 0]
        found = cells(stage)
        assert set(found) == {(row, column) for row in range(8) for column in range(8)}
        back = stage.view.query_one(Matrix).rich_style.bgcolor
        for (row, column), (text, colour) in found.items():
            if column > row:
                assert not text.strip()
                assert colour == back
            elif weights[row, column] >= 0.005:
                shown = float(text.strip().strip("[]"))
                assert shown == pytest.approx(weights[row, column], abs=0.0051)
            else:
                assert text.strip() == "·"


async def test_digits_stand_in_the_middle_of_a_cell_of_two_lines() -> None:
    stage = Stage("attention", lane("transformer", 8), cursor=7)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        matrix, found = stage.view.query_one(Matrix), cells(stage)
        assert matrix.tall == 2
        for row in range(9):  # a line is half of the row above, half of the one below
            (piece,) = matrix.render_line(matrix.head + 2 * row).crop(
                matrix.aside, matrix.aside + matrix.cell
            )
            above, below = (found.get((at, 0), ("", None))[1] for at in (row - 1, row))
            colours = (piece.style.color, piece.style.bgcolor)
            if row == 0:
                assert (piece.text[0], colours[0]) == ("▄", below)
            else:
                assert (piece.text[0], colours[0]) == ("▀", above)
                assert row == 8 or colours[1] == below


async def test_a_map_that_was_hidden_is_laid_out_before_its_first_line() -> None:
    stage = Stage("attention", lane("transformer"), cursor=5)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, [])
        matrix = stage.view.query_one(Matrix)
        size, line = matrix._size, matrix.render_line(3).text
        matrix._size = Size(0, 0)
        matrix.on_resize()  # what it shows is chosen while it has no room
        matrix._size = size
        matrix.render_line(0)
        assert matrix.render_line(3).text == line


async def test_entropy_of_every_head_is_the_lens_s() -> None:
    at = lane("transformer", heads=3, width=6)
    bits = lenses.attention_entropy(at.trace)["bits"].array
    stage = Stage("attention", at, cursor=9)
    async with stage.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        assert f"{bits[1, 0, 9]:.2f} bits" in stage.said("#title")
        for head in range(3):
            assert f"head {head} {bits[1, head, 9]:.2f} bits" in stage.screen_text()


async def test_small_maps_are_the_heads() -> None:
    at = lane("transformer", 10)
    stage = Stage("attention", at, cursor=3, palette=Palette(colours="none"))
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["a"])
        multiples = stage.view.query_one(Multiples)
        assert multiples.display
        weights = np.sqrt(at.trace["weights"][:, 1])
        glyphs = "·░▒▓█"
        for head in range(2):
            top = (head // multiples.across) * multiples._pitch[1] + 1
            left = (head % multiples.across) * multiples._pitch[0] + 1
            for row in range(10):
                line = multiples.render_line(top + row * multiples.zoom).text
                for key in range(row + 1):
                    level = round(weights[row, head, key] * 16)
                    glyph = line[left + key * multiples.zoom]
                    assert glyph in glyphs
                    assert abs(glyphs.index(glyph) / 4 - level / 16) <= 0.126


async def test_attention_of_a_recurrent_net_says_why_there_is_none() -> None:
    stage = Stage("attention", lane("lstm"))
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["h", "right", "a", "down"])
        assert "no attention" in stage.screen_text()


async def test_a_click_chooses_row_and_key() -> None:
    at = lane("transformer")
    stage = Stage("attention", at, cursor=2)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        matrix = stage.view.query_one(Matrix)
        spot = (matrix.aside + 6 * matrix.cell + 1, matrix.head + 9 * matrix.tall)
        await pilot.click(Matrix, offset=spot)
        await pilot.pause()
        weight = at.trace["weights"][9, 1, 0, 6]
        assert stage.at == 9
        assert f"(9) looks at {at.trace.tokens[6]!r}(6): {weight:.4f}" in stage.said("#readout")


@pytest.mark.parametrize("name", ["attention", "gradient"])
async def test_rows_that_have_not_been_read_are_named_but_empty(name: str) -> None:
    stage = Stage(name, lane("transformer", 9), cursor=4)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        stage.view.show(stage.lane, 4, 6)
        await ready(pilot)
        filled = {row for (row, _), (text, _) in cells(stage).items() if text.strip()}
        assert filled == set(range(name == "gradient", 6))
        assert f" 8 {stage.lane.trace.tokens[8]}" in stage.screen_text()


@pytest.mark.parametrize("name", ["attention", "gradient"])
@pytest.mark.parametrize(
    ("length", "palette"),
    [(1, FORMS[0]), (2, FORMS[3]), (120, FORMS[2]), (30, FORMS[1])],
)
async def test_maps_at_any_length_size_and_form(name: str, length: int, palette: Palette) -> None:
    at = lane("transformer", length, layers=1, heads=1, context=128)
    stage = Stage(name, at, cursor=length // 2, palette=palette)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["down", "left", "h", "a", "v", "up", "right", "a"])
        for size in (*SIZES, (60, 12), (12, 4)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            if size[1] >= 12 and (name == "attention" or length > 1):
                here = label(stage.at, at.trace.tokens)
                mark = palette.glyph("▶", ">")
                assert f"{mark}{here}" in stage.screen_text()
            assert not palette.ascii or stage.screen_text().isascii()
        await pilot.press("end", "down", "down")


@given(st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=20), st.integers(1, 9))
def test_every_column_is_labelled_where_it_stands(words: list[str], cell: int) -> None:
    labels = [label(i, words) for i in range(len(words))]
    rows = steps(labels, cell, 99)
    lines = stagger(labels, cell, rows, cell * len(words) + 20)
    for j, text in enumerate(labels):
        line = "".join(piece for piece, _ in lines[j % rows])
        assert line[j * cell :].startswith(text)


@given(st.text(max_size=12), st.integers(0, 12))
def test_clipping_keeps_to_the_width(text: str, width: int) -> None:
    from rich.cells import cell_len

    clipped = clip(text, width)
    assert cell_len(clipped) <= width
    if cell_len(text) <= width:
        assert clipped == text


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 6))
def test_pooling_keeps_the_strongest(n: int, m: int, by: int) -> None:
    levels = np.random.default_rng(n).integers(0, 17, (n, m))
    pooled = pool(levels, by)
    for i in range(n):
        for j in range(m):
            block = levels[i // by * by : i // by * by + by, j // by * by : j // by * by + by]
            assert pooled[i // by, j // by] == block.max()


@given(
    st.integers(1, 12),
    st.integers(4, 200),
    st.integers(2, 60),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_panels_fit(count: int, width: int, height: int, rows: int, columns: int) -> None:
    across, zoom, by = arrange((rows, columns), count, width, height, 2)
    down = -(-count // across)
    assert 1 <= across <= count
    assert zoom == 1 or by == 1
    if by < max(rows, columns):
        assert across * (-(-columns // by) * zoom + 3) <= width
        assert down * (-(-(-(-rows // by) * zoom) // 2) + 1) <= height


async def test_a_beat_points_before_and_after_the_view_is_shown() -> None:
    at = lane("transformer")
    stage = Stage("attention", at, cursor=5)
    stage.view.point(of="rollout", layer=0)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "layer 0 · rollout" in stage.said("#title")
        stage.view.point(of="mean")
        assert "layer 0 · mean" in stage.said("#title")
        stage.view.point(head=1, layer=1)
        assert "layer 1 · head 1" in stage.said("#title")
        stage.view.point()
        assert "layer 1 · head 1" in stage.said("#title")
    stage = Stage("gradient", lane("lstm"), cursor=5)
    stage.view.point(of="c", layer=0, unit=3)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "|dL_t/dc_k| · layer 0" in stage.said("#title")
