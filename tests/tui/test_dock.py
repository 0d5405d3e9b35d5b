"""The equation below the rows: there on a tall screen, following cursor and unit, else out of the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.score_stage import idle, press
from tests.tui.test_follow import follows, room
from tui.app import PeepholeApp
from tui.screens.dock import Dock
from tui.start import of_models
from tui.views.equation import EquationView

SENTENCE = "the cats that sat on the mat were happy ."


async def test_a_tall_screen_shows_the_equation_of_the_row_and_unit_under_the_cursor() -> None:
    app = PeepholeApp(of_models(["lstm"], SENTENCE))
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.press("end", "up", "tab", "tab", "right")
        await pilot.pause()
        view = app.screen.query_one(Dock).query_one(EquationView)
        assert view.cursor == len(app.screen.session.tokens) - 2
        assert view.unit == app.screen.session.unit == 1
        assert view.size.height > 15
        assert not view.has_focus


async def test_it_makes_room_for_a_view_and_comes_back() -> None:
    app = PeepholeApp(of_models(["lstm"], SENTENCE))
    async with app.run_test(size=(200, 60)) as pilot:
        dock = app.screen.query_one(Dock)
        await pilot.press("3")
        assert not dock.display
        await pilot.press("1")
        assert dock.display


async def test_a_low_screen_has_none() -> None:
    app = PeepholeApp(of_models(["lstm"], SENTENCE))
    async with app.run_test(size=(120, 40)):
        assert not app.screen.query_one(Dock).display


@pytest.mark.parametrize("name", ["equation", "gradient", "unit", "jacobian"])
async def test_a_text_that_has_become_shorter_is_shown_to_its_end(name: str) -> None:
    from tui import views

    long, short = of_models(["lstm"], SENTENCE), of_models(["lstm"], "the cats")
    app = PeepholeApp(long)
    async with app.run_test(size=(200, 60)) as pilot:
        view = views.load(name)()
        await app.screen.mount(view)
        lane = long.lanes[0]
        view.show(lane, len(lane.trace) - 1)
        await idle(pilot)
        lane.trace = short.lanes[0].trace
        view.point(unit=1, layer=0)
        assert view.cursor == view.last == len(lane.trace) - 1
        await idle(pilot)


async def test_a_follower_of_a_tall_window_goes_along_where_something_is_typed(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", of_models(["lstm"], SENTENCE), size=(200, 60))
        bob = await here.join("follower", size=(200, 60))
        await press(ada, "end")
        await follows(bob, ada)
        await press(ada, "i")
        await follows(bob, ada)
        await press(ada, *"the", "space")
        await follows(bob, ada)
        view = bob.app.screen.query_one(Dock).query_one(EquationView)
        assert view.cursor == bob.app.screen.session.cursor == 1
