"""Large cells, for a projector: rows, units, maps, equations, curves and the line of keys."""

from __future__ import annotations

import re

import pytest
from textual.pilot import Pilot

from tests.tui.score_stage import app, idle, lines, press, screen, text
from tui.tracks.token import TokenTrack
from tui.tracks.units import UnitsTrack


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
@pytest.mark.parametrize("families", [("lstm",), ("elman", "lstm", "transformer")])
async def test_large_rows_have_lines_and_units_columns(
    families: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with app(*families).run_test(size=size) as pilot:
        await press(pilot, "end")
        s = screen(pilot)
        small = [track for track in s.score.tracks if track.display]
        await press(pilot, "z")
        tall, wide = s.score.stage.tall, s.score.stage.wide
        assert (s.big, tall > 1, wide > 1) == (True, True, True)
        large = [track for track in s.score.tracks if track.display]
        assert len(large) <= len(small)
        words = [track for track in large if isinstance(track, TokenTrack)]
        y = s.score.stage.line(s.session.cursor) + s.score.stage.header
        token = s.session.tokens[s.session.cursor]
        assert token in words[0].render_line(y).text
        assert y + tall <= s.score.size.height  # all of the cursor's row is in sight
        assert not words[0].render_line(y + 1).text.strip()
        for track in large:
            if isinstance(track, UnitsTrack):
                first, second = track.render_line(y), track.render_line(y + 1)
                grounds = [
                    [seg.style.bgcolor for seg in strip for _ in seg.text]
                    for strip in (first, second)
                ]
                assert grounds[0] == grounds[1]  # the second line is as bright as the first
                assert len(set(grounds[0][:wide])) == 1  # a unit is one colour
                assert len(track.window(track.size.width - 1)) == (track.size.width - 1) // wide
        await press(pilot, "z")
        assert [track for track in s.score.tracks if track.display] == small
        assert s.score.stage.tall == s.score.stage.wide == 1


async def test_large_cells_are_clicked_where_they_are() -> None:
    async with app("lstm").run_test(size=(100, 30)) as pilot:
        await press(pilot, "end", "z")
        s = screen(pilot)
        units = next(t for t in s.score.tracks if t.display and isinstance(t, UnitsTrack))
        stage = s.score.stage
        y = stage.line(4) + stage.header + 1  # the second line of row 4
        await pilot.click(units, offset=(3 * stage.wide + 1, y))
        await idle(pilot)
        assert (s.session.cursor, s.session.unit) == (4, 3)


@pytest.mark.parametrize("options", [{"plain": True}, {"colours": "none"}, {"colours": "few"}])
async def test_large_cells_need_no_colour(options: dict) -> None:
    async with app("lstm", **options).run_test(size=(80, 24)) as pilot:
        await press(pilot, "end", "z")
        s = screen(pilot)
        units = next(t for t in s.score.tracks if t.display and isinstance(t, UnitsTrack))
        y = s.score.stage.line(s.session.cursor) + s.score.stage.header
        first, second = (units.render_line(y + n).text for n in (0, 1))
        wide = s.score.stage.wide
        assert first == second
        assert first.strip()
        assert len(set(first[:wide])) == 1
        if options.get("plain"):
            assert text(pilot).isascii()


async def test_maps_are_large_as_well() -> None:
    async with app("transformer", length=20).run_test(size=(80, 24)) as pilot:
        await press(pilot, "end", "2")
        s = screen(pilot)
        matrix = s.view.query_one("Matrix")
        cell, tall = matrix.cell, matrix.tall
        await press(pilot, "z")
        assert matrix.cell > cell
        assert matrix.tall > tall
        assert s.session.cursor in range(matrix._top, matrix._top + matrix._high)


def bars(shown: str) -> tuple[int, int]:
    """How many columns the longest bar has, and how many lines have one."""
    found = [re.findall("[█=#]{2,}", line) for line in shown.splitlines()]
    return max((len(bar) for line in found for bar in line), default=0), sum(map(bool, found))


async def settled(pilot: Pilot) -> str:
    """What is on the screen once nothing changes any more: what lies below is said after a layout."""
    shown = ""
    while shown != (shown := text(pilot)):
        for _ in range(3):
            await idle(pilot)
    return shown


@pytest.mark.parametrize("family", ["lstm", "transformer"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_an_equation_has_longer_bars(family: str, size: tuple[int, int]) -> None:
    async with app(family).run_test(size=size) as pilot:
        await press(pilot, "end", "4")
        before = await settled(pilot)
        await press(pilot, "z")
        large = await settled(pilot)
        (long, many), (short, few) = bars(large), bars(before)
        assert long > short
        if family == "lstm":
            assert many >= few
            assert not re.search(r"lines? (below|above)", large)  # all of it is in sight
            assert ("┏━┓" in large) == (size[1] > 24)  # the results in large digits
        h = screen(pilot).lane.trace["h"][9, -1, 0]
        assert f"{h:.3f}" in large or "below" in large
        await press(pilot, "z")
        after = await settled(pilot)
        assert [line[:-1] for line in after.splitlines()] == [
            line[:-1] for line in before.splitlines()
        ]


@pytest.mark.parametrize("options", [{}, {"plain": True}, {"colours": "none"}, {"colours": "few"}])
async def test_curves_are_thick_and_have_fewer_rows(options: dict) -> None:
    async with app("lstm", length=14, **options).run_test(size=(80, 24)) as pilot:
        await press(pilot, "end", "5")
        before, s = text(pilot), screen(pilot)
        assert " 0 <s> " in before
        await press(pilot, "z")
        large, value = text(pilot), float(s.lane.trace["h"][13, -1, 0])
        assert f"h {value:.3f}" in large
        assert " 0 <s> " not in large
        assert not re.search("[\u2801-\u28ff]", large)  # no braille: its dots are too small
        assert len(re.findall(r" h |\[h\]", large)) > 5
        if options.get("plain"):
            assert large.isascii()
        await press(pilot, "z")
        assert text(pilot) == before


@pytest.mark.parametrize("options", [{}, {"plain": True}, {"colours": "none"}])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_jacobian_has_few_numbers_and_high_plots(
    size: tuple[int, int], options: dict
) -> None:
    async with app("lstm", **options).run_test(size=size) as pilot:
        await press(pilot, "end", "6")
        before, plots = text(pilot), screen(pilot).view.query_one("#plots")
        high = plots.size.height
        radius = re.search(r"(?:ρ|rho) = (\S+)", before)
        assert radius
        await press(pilot, "z")
        large = text(pilot)
        assert plots.size.height > high - (size[1] > 24)  # the narrator has grown as well
        assert "singular" not in large
        in_digits = size[1] > 24 and not options.get("plain")
        assert (radius[1] in large) != in_digits
        assert ("┏━┓" in large or "┏━╸" in large or "╺┻╸" in large) == in_digits
        if options.get("plain"):
            assert large.isascii()
        await press(pilot, "z")
        assert text(pilot) == before


async def test_few_words_stand_in_a_large_footer() -> None:
    async with app("lstm").run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        assert "Views" in lines(pilot)[-1]
        await press(pilot, "z")
        assert "Views" not in lines(pilot)[-1]
        assert "z Big" in lines(pilot)[-1]
        assert "? Help" in lines(pilot)[-1]
