"""Home: what it offers, how it is searched, and what Enter does."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from textual import events
from textual.app import App
from textual.widgets import Input

from engine import tokenize
from scenarios import shelf, tasks, zoo
from scenarios.samples import OTHER, sample
from scenarios.tour import course
from tui.palette import Palette
from tui.screens import choices, home, recent
from tui.screens.entries import Entries
from tui.screens.home import HomeScreen
from tui.tour import progress

pytestmark = pytest.mark.usefixtures("own_state")


class Front(App[None]):
    """Home alone, noting what was opened."""

    def __init__(self, palette: Palette | None = None) -> None:
        super().__init__()
        self.palette = palette or Palette()
        self.opened: list[choices.Choice] = []

    def on_mount(self) -> None:
        self.push_screen(HomeScreen())

    def on_home_screen_chosen(self, event: HomeScreen.Chosen) -> None:
        self.opened.append(event.choice)

    @property
    def home(self) -> HomeScreen:
        assert isinstance(self.screen, HomeScreen)
        return self.screen

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


async def test_enter_takes_the_tour() -> None:
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
    assert [(c.kind, c.name) for c in app.opened] == [("tour", "tour")]


async def test_everything_that_is_bundled_is_listed_with_its_size() -> None:
    app = Front()
    async with app.run_test(size=(80, 200)) as pilot:
        await pilot.pause()
        text = app.text()
        for name in shelf.bundled():
            found = shelf.find(name)
            assert found.title in text
            assert f"{len(found.beats)} beats" in text
            assert not found.wing or f" {found.wing} \n" in re.sub(" +", " ", text)
            assert not found.year or f"   {found.year}  {found.title}" in text
        for name in zoo.names():
            assert name in text
        for name in tasks.TASKS:
            assert tasks.load(name).title in text
        weights = zoo.model("lstm").size
        assert f"{weights:,} weights" in text


async def test_typing_searches_and_enter_opens_what_was_found() -> None:
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*"transf")
        await pilot.pause()
        assert app.home.chosen is not None
        assert (app.home.chosen.kind, app.home.chosen.name) == ("model", "transformer")
        await pilot.press("enter")
        await pilot.pause()
        assert [c.name for c in app.opened] == ["transformer"]
        await pilot.press("escape")
        await pilot.pause()
        assert app.home.query_one(Input).value == ""
        assert app.home.chosen.name == "tour"


async def test_esc_empties_the_line_and_then_leaves() -> None:
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        footer = app.text().splitlines()[-1]
        assert "Enter Open" in footer
        assert "Esc Quit" in footer
        assert footer.count("Quit") == 1
        assert "↑ ↓ Choose" in footer
        await pilot.press("q")
        await pilot.pause()
        footer = app.text().splitlines()[-1]
        assert "Esc Clear" in footer
        assert "Quit" not in footer
        await pilot.press("escape")
        await pilot.pause()
        assert app.home.query_one(Input).value == ""
        assert "Esc Quit" in app.text().splitlines()[-1]
        assert app._exit is False
        await pilot.press("escape")
        await pilot.pause()
        assert app._exit


async def test_enter_opens_what_was_typed_however_fast() -> None:
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in [*"transf", "enter"]:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await pilot.pause()
    assert [(c.kind, c.name) for c in app.opened] == [("model", "transformer")]


async def test_a_sentence_is_read_and_remembered() -> None:
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.home.query_one(Input).value = "the cats were happy ."
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert [(c.kind, c.name) for c in app.opened] == [("text", "the cats were happy .")]
    assert recent.recent() == ["the cats were happy ."]
    app = Front()
    async with app.run_test(size=(80, 200)) as pilot:
        await pilot.pause()
        assert "the cats were happy ." in app.text()


async def test_unknown_words_are_named_and_nothing_opens() -> None:
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.home.query_one(Input).value = "the catz were happy"
        await pilot.pause()
        assert "'catz'" in app.text()
        assert "cats" in app.text()
        await pilot.press("enter")
        await pilot.pause()
        assert app.opened == []
        app.home.query_one(Input).value = "qqqq"
        await pilot.pause()
        assert app.home.chosen is None
        await pilot.press("enter", "up", "down", "pagedown")
        assert app.opened == []


async def test_the_mark_moves_and_skips_headings() -> None:
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        names = []
        for number in range(1 + len(shelf.bundled()) + len(tasks.TASKS) + len(zoo.names())):
            assert app.home.chosen is not None
            names.append(app.home.chosen.name)
            if number % 7 == 0:
                for _ in range(20):  # the list scrolls to it
                    await pilot.pause()
                    marked = [line for line in app.text().splitlines() if line.startswith("  ▶")]
                    if marked:
                        break
                assert len(marked) == 1
                assert app.home.chosen.title in marked[0]
            app.home.action_move(1)
        assert set(names) == {"tour", *shelf.bundled(), *tasks.TASKS, *zoo.names()}


async def test_f1_explains_home() -> None:
    app = Front()
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.pause()
        await pilot.press("f1")
        await pilot.pause(0.1)  # Markdown is laid out in steps of its own
        assert "is a script" in app.text()
        await pilot.press("escape", "enter")
        await pilot.pause()
    assert [c.name for c in app.opened] == ["tour"]


async def test_the_tour_says_where_one_is() -> None:
    progress.update(lambda known: replace(known, done=frozenset({"agreement"}), last="agreement"))
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Take the tour" in app.text()
        assert f"chapter 2 of {len(course())}" in app.text()
        assert f"Enter goes on with the tour: {course().chapters[1].heading.title}" in app.text()


def test_every_bundled_model_has_a_sample_and_no_seed_is_listed() -> None:
    for choice in choices.models():
        assert "+" not in choice.name
        assert choice.group == sample(choice.name).shelf != OTHER.shelf
        entry = zoo.entry(choice.name)
        text = sample(choice.name).text
        tokens = list(text) if entry.sizes.get("letters") else tokenize(text)
        assert not set(tokens) - set(entry.corpus.vocabulary())


async def test_a_broken_scenario_is_listed_with_its_mistake(tmp_path, monkeypatch) -> None:
    (tmp_path / "broken.toml").write_text("title = 3\n")
    monkeypatch.setattr(choices.shelf, "bundled", lambda: {"broken": tmp_path / "broken.toml"})
    app = Front()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.home.chosen is not None
        assert app.home.chosen.problem
        await pilot.press("enter")
        await pilot.pause()
        assert app.opened == []


async def test_titles_and_what_they_are_about_stand_in_columns() -> None:
    app = Front()
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        shown = app.text().splitlines()
        listed = app.home.query_one(Entries)._listed
        entries = [entry for entry in listed if not isinstance(entry, str)]
        assert any(len(e.title) > 34 for e in entries if e.when)
        begins = {
            line.index(e.about[:20]) for e in entries for line in shown
            if e.when and e.about and e.about[:20] in line and e.title[:25] in line
        }  # fmt: skip
        assert len(begins) == 1
        column = begins.pop()
        assert all(line[column - 1] == " " for line in shown if line[4:8].isdecimal())


@pytest.mark.parametrize("palette", [Palette(colours="none"), Palette(ascii=True)])
async def test_home_at_every_size_and_form(palette: Palette) -> None:
    app = Front(palette)
    async with app.run_test(size=(80, 24)) as pilot:
        for size in ((80, 24), (120, 40), (200, 60), (40, 10), (10, 3), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "Enter begins the tour" in app.text()
        assert home.INVITE in app.text()


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '{"a": 1}', '["a", 3, null, "b"]', "\x00"])
def test_a_foreign_file_of_sentences_is_no_reason_to_stop(content: str, tmp_path) -> None:
    file = tmp_path / "peephole" / "recent.json"
    file.parent.mkdir()
    file.write_text(content)
    assert recent.recent() == (["a", "b"] if "b" in content else [])


def test_the_last_five_sentences_are_kept_once(tmp_path) -> None:
    for text in ("one", "two", "three", "two", "four", "five", "six"):
        recent.remember(text)
    assert recent.recent() == ["six", "five", "four", "two", "three"]
    stored = json.loads((tmp_path / "peephole" / "recent.json").read_text())
    assert stored == recent.recent()


def test_a_home_that_cannot_be_written_to_is_no_reason_to_stop(tmp_path) -> None:
    (tmp_path / "peephole").write_text("a file where the folder would be")
    recent.remember("one")
    assert recent.recent() == []


def test_words_of_titles_are_searched_for_and_others_are_read() -> None:
    known = [*choices.scenarios(), *choices.models()]
    assert not choices.is_sentence("agreement", known)
    assert not choices.is_sentence("distance agree", known)
    assert choices.is_sentence("the cats were", known)
    assert choices.is_sentence("cats.", known)


async def test_keys_that_come_at_once_act_in_their_order() -> None:
    async with Front().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in ("x", "escape", *"tra", "backspace", "x", "home", "y", "delete"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        for _ in range(4):
            await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "yrx"
