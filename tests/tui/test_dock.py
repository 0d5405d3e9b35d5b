"""The equation below the rows: there on a tall screen, following cursor and unit, else out of the way."""

from __future__ import annotations

from tui.app import PeepholeApp, read
from tui.screens.dock import Dock
from tui.views.equation import EquationView

SENTENCE = "the cats that sat on the mat were happy ."


async def test_a_tall_screen_shows_the_equation_of_the_row_and_unit_under_the_cursor() -> None:
    app = PeepholeApp(read(["lstm"], SENTENCE))
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.press("end", "up", "tab", "tab", "right")
        await pilot.pause()
        view = app.screen.query_one(Dock).query_one(EquationView)
        assert view.cursor == len(app.screen.session.tokens) - 2
        assert view.unit == app.screen.session.unit == 1
        assert view.size.height > 15
        assert not view.has_focus


async def test_it_makes_room_for_a_view_and_comes_back() -> None:
    app = PeepholeApp(read(["lstm"], SENTENCE))
    async with app.run_test(size=(200, 60)) as pilot:
        dock = app.screen.query_one(Dock)
        await pilot.press("3")
        assert not dock.display
        await pilot.press("1")
        assert dock.display


async def test_a_low_screen_has_none() -> None:
    app = PeepholeApp(read(["lstm"], SENTENCE))
    async with app.run_test(size=(120, 40)):
        assert not app.screen.query_one(Dock).display
