"""Follow mode without a server: a presenter's app and followers' apps, on one post, in one process."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from tests.tui.follow_stage import Visitor, follows, place, room
from tests.tui.score_stage import idle, press, text
from tests.waiting import until
from tui.app import PeepholeApp
from tui.following.page import Watched
from tui.following.screen import Followed
from tui.place import Place
from tui.screens.home import HomeScreen
from tui.screens.score import ScoreScreen
from tui.session import Session


async def test_followers_show_each_beat_and_every_move(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", scenario="agreement")
        bob = await here.join("follower")
        await follows(bob, ada)
        assert isinstance(bob.app.screen, Followed)
        await press(ada, "n", "n", "n", "down", "1", "end", "tab", "right", "2", "3", "1", "up")
        await follows(bob, ada)
        assert place(bob).beat > 0
        assert "following ada" in text(bob)
        assert "presenting · 1 follows" in text(ada)
        eve = await here.join("follower", size=(80, 24))
        await follows(eve, ada)
        assert "presenting · 2 follow" in text(ada)
        await press(ada, "minus")  # a gate held: both readings side by side
        await follows(bob, ada)
        assert bob.app.screen.session.lanes[1].cut


async def test_who_follows_has_no_clock_of_their_own(tmp_path: Path) -> None:
    from scenarios import zoo
    from tui.start import of_text

    async with room(tmp_path) as here:
        session = of_text([zoo.model("lstm")], "the cats that sat on the mat were happy .")
        ada = await here.join("presenter", session)
        bob = await here.join("follower")
        await follows(bob, ada)
        screen = bob.app.screen
        assert isinstance(screen, Followed)
        await ada.press("comma", "comma", "comma", "space")
        await until(lambda: screen.session.playing, "played")
        assert "▶ 0.5/s" in text(bob)
        assert screen._timer is None
        await ada.press(*["full_stop"] * 5)
        await until(lambda: ada.app.screen.session.over, "over")
        await follows(bob, ada)
        assert not screen.session.playing


async def test_own_keys_look_around_and_backspace_snaps_back(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", scenario="agreement")
        bob = await here.join("follower", size=(80, 24))
        await follows(bob, ada)
        screen = bob.app.screen
        await bob.press("T", "z")  # a theme and the size of cells are one's own
        assert "following ada" in text(bob)
        await bob.press("end")
        assert "looking around · Backspace: back to ada" in text(bob)
        there = place(bob).cursor
        await ada.press("n", "n")
        await idle(ada)
        await idle(bob)
        assert place(bob).cursor == there
        await bob.press("backspace")
        await follows(bob, ada)
        assert bob.app.screen is screen
        assert "following ada" in text(bob)


async def test_what_was_made_while_looking_around_is_not_lost(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", scenario="agreement")
        bob = await here.join("follower")
        await follows(bob, ada)
        mine = bob.app.screen
        await bob.press("tab", "tab", "minus")
        await idle(bob)
        assert len(mine.session.lanes) == 2
        await ada.press("n", "n")
        await bob.press("backspace")
        await follows(bob, ada)
        assert bob.app.screen is not mine
        await bob.press("1", "escape")
        await idle(bob)
        assert bob.app.screen is mine
        assert len(mine.session.lanes) == 2
        await bob.press("escape")
        await idle(bob)
        assert isinstance(bob.app.screen, HomeScreen)
        assert "Backspace: back to ada" in text(bob)
        await bob.press("c", "backspace")  # typed, and deleted: a letter is not who presents
        assert isinstance(bob.app.screen, HomeScreen)
        await bob.press("backspace")
        await follows(bob, ada)


async def test_a_presenter_who_types_is_followed_word_by_word(tmp_path: Path) -> None:
    from scenarios import zoo
    from tui.start import of_text

    async with room(tmp_path) as here:
        ada = await here.join("presenter", of_text([zoo.model("lstm")], "the cat was happy ."))
        bob = await here.join("follower")
        await follows(bob, ada)
        await ada.press("i", *"the", "space", *"cats", "space")
        await follows(bob, ada)
        tracks = bob.app.screen.score.tracks
        await ada.press(*"were", "space", "enter")
        await follows(bob, ada)
        assert bob.app.screen.session.tokens[1:] == ["the", "cats", "were"]
        assert bob.app.screen.score.tracks[0] is tracks[0]  # it grew, and was not built anew
        await ada.press("t")
        await follows(bob, ada)
        assert len(bob.app.screen.session.lanes) == 2


async def test_pages_are_followed_and_what_cannot_be_had_is_said(tmp_path: Path) -> None:
    from engine.models import LanguageModel
    from tests.engine.build import build, tokens

    async with room(tmp_path) as here:
        ada = await here.join("presenter")
        bob = await here.join("follower")
        await until(lambda: isinstance(bob.app.screen, Watched))
        await idle(bob)
        assert "ada is choosing what to show" in text(bob)
        ada.app.call_later(ada.app.tour)
        await until(lambda: "The tour" in text(bob))
        own: LanguageModel = build("lstm", dtype="float32", width=24)
        ada.app.call_later(ada.app.show, Session.read([own], tokens(5)))
        await until(lambda: "cannot be shown here" in text(bob))
        ada.app.call_later(ada.app.pop_screen)
        await until(lambda: "cannot be shown here" not in text(bob))


async def test_a_presenter_leaves_and_comes_back(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        bob = await here.join("follower", size=(80, 24))
        assert "is not here yet" in text(bob)
        async with AsyncExitStack() as visit:
            guest = Visitor(None, here.post.path, "presenter", "ada")
            ada = await visit.enter_async_context(PeepholeApp(guest=guest).run_test())
            await until(lambda: isinstance(bob.app.screen, Watched))
        await until(lambda: "ada has left" in text(bob))
        await bob.press("escape")
        await idle(bob)
        assert isinstance(bob.app.screen, HomeScreen)
        ada = await here.join("presenter", scenario="coreference")
        await idle(ada)
        assert "looking around · Backspace: back to ada" in text(bob)
        await bob.press("backspace")
        await follows(bob, ada)


async def test_followers_and_presenter_do_nothing_while_nothing_happens(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", scenario="agreement")
        bob = await here.join("follower")
        await follows(bob, ada)
        seen_places: list[Place] = []
        here.post.publish = lambda state: seen_places.append(state)  # type: ignore
        frames: list[str] = []
        for pilot in (ada, bob):
            hook = pilot.app.post_display_hook
            pilot.app.post_display_hook = lambda h=hook: (frames.append("frame"), h())
        for _ in range(50):
            await asyncio.sleep(0.005)
        assert not seen_places
        assert not frames


async def test_the_binding_is_only_there_for_those_who_are_away(tmp_path: Path) -> None:
    async with PeepholeApp().run_test() as pilot:
        await idle(pilot)
        assert "backspace" not in pilot.app.screen.active_bindings or not any(
            active.binding.action == "snap" and active.enabled
            for active in pilot.app.screen.active_bindings.values()
        )
    async with room(tmp_path) as here:
        ada = await here.join("presenter", scenario="agreement")
        bob = await here.join("follower")
        await follows(bob, ada)
        assert "Presenter" not in text(bob)
        await bob.press("end")
        await idle(bob)
        assert isinstance(bob.app.screen, ScoreScreen)
        assert bob.app.screen.active_bindings["backspace"].enabled


async def test_a_question_waits_for_the_presenter_and_anybody_guesses_along(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", scenario="coreference")
        bob = await here.join("follower")
        await follows(bob, ada)
        beats = ada.app.screen.play_script.scenario.beats
        asked = next(at for at, beat in enumerate(beats) if beat.question is not None)
        ada.app.screen.call_later(ada.app.screen.go_to_beat, asked)
        await until(lambda: place(ada).beat == asked)
        await follows(bob, ada)
        assert bob.app.screen.asking
        await bob.press("b")
        assert "following ada" in text(bob)
        await ada.press("n")
        await follows(bob, ada)
        assert place(bob).revealed
        assert bob.app.screen.answers[asked] == beats[asked].question.choices[1]
        assert ada.app.screen.answers[asked] == ""


async def test_a_curtain_is_everybodys(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", scenario="agreement")
        bob = await here.join("follower")
        await follows(bob, ada)
        await ada.press("c")
        await follows(bob, ada)
        assert not text(bob).replace("c: back", "").strip()
        await ada.press("c")
        await follows(bob, ada)
        assert "following ada" in text(bob)


async def test_a_place_that_is_out_of_bounds_breaks_nothing(tmp_path: Path) -> None:
    """Lanes of the follower may differ from what was sent; every view takes what it can."""
    from scenarios import zoo
    from tui.following.choices import CHOSEN
    from tui.following.readers import described
    from tui.start import of_text
    from tui.views import VIEWS

    lanes = described(of_text([zoo.model("lstm"), zoo.model("transformer")], "the cat").lanes, {})
    far = 10**6
    values = (
        far,
        "nowhere",
        ("nowhere",),
        ("3 nowhere", "x", "7 the", "1 cat"),
        True,
        None,
        "beam 64",
        "h",
    )
    async with room(tmp_path) as here:
        bob = await here.join("follower", size=(80, 24))
        for view in ("score", "nowhere", *VIEWS):
            state = [(name, value) for name in CHOSEN.get(view, {}) for value in values][:40]
            sent = Place(
                kind="score", title=view, lanes=lanes, cursor=far, clock=far, unit=far, layer=far,
                head=far, view=view, lane=8, track="nowhere",
                state=(("at_layer", far), ("nowhere", 1), ("unit", "five"), *state),
            )  # fmt: skip
            here.post.publish({"by": "ada", "place": sent.as_record()})
            await until(lambda: isinstance(bob.app.screen, Followed))
            await until(lambda v=view: bob.app.screen._place.title == v)
            await idle(bob)
            assert bob.app._exception is None, view
            assert place(bob).view == (view if view in VIEWS else "score")
            for key in ("down", "up"):
                await bob.press(key)
            await idle(bob)
            await bob.press("backspace")
        for bad in ({"place": {"kind": "x"}}, {"place": []}, {"by": "\x1b[2J", "place": {}}, {}):
            here.post.publish(bad)
        here.post.publish({"by": "eve", "place": Place(title="still here").as_record()})
        await until(lambda: "still here" in text(bob))
        assert "\x1b" not in text(bob)
