"""The forms for runs: good values to begin with, one clear message for what cannot be."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Static

from engine.recipe import Recipe
from engine.registry import NETWORKS
from scenarios import tasks
from scenarios.learning.plan import plan
from tui.dialogs.base import Dialog
from tui.learning.dialogs.knobs import KnobsDialog
from tui.learning.dialogs.setting import Setting, SettingDialog, usual

NOTHING = object()


class Asking(App[None]):
    """One dialog, and what it was answered with."""

    def __init__(self, dialog: Dialog[Any]) -> None:
        super().__init__()
        self.dialog, self.answer = dialog, NOTHING

    def on_mount(self) -> None:
        self.push_screen(self.dialog, lambda answer: setattr(self, "answer", answer))

    def says(self, where: str = "line") -> str:
        return str(self.screen.query_one(f"#{where}", Static).render())


async def fill(pilot: Pilot, **fields: str) -> None:
    for name, text in fields.items():
        pilot.app.screen.query_one(f"#{name}", Input).value = text
        await pilot.pause()


async def test_every_task_begins_with_a_setting_that_can_be_trained() -> None:
    app = Asking(SettingDialog(usual("recall")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for task in tasks.TASKS:
            await fill(pilot, task=task)
            assert app.says().startswith("→ trains lstm with")
            assert tasks.load(task).title in app.says("about")
            assert tasks.load(task).title + " " not in app.says("about").replace("? ", "?")
            answer = app.dialog.answer()
            assert answer.length == tasks.load(task).length
            asked = plan(task)  # as `peephole learn TASK` would begin
            assert Recipe.parse(dict(answer.recipe)) == Recipe.parse(dict(asked.recipe))
            Recipe.parse(dict(answer.recipe))
            for cell in NETWORKS[:-1]:
                await fill(pilot, cell=cell)
                assert app.says().startswith(f"→ trains {cell} with")
            await fill(pilot, cell="lstm")


MISTAKES: list[tuple[dict[str, str], str]] = [
    ({"task": "recal"}, "no task 'recal'. Did you mean 'recall'?"),
    ({"length": "0"}, "recall has a length of from 1 to 2000 words, not 0"),
    ({"length": "long"}, "length is long. Type a whole number"),
    ({"cell": "lstn"}, "no cell 'lstn'. Did you mean 'lstm'?"),
    ({"width": "0"}, "width is 0. Type a number from 1 to 1024"),
    ({"cell": "gru", "forget_bias": "1"}, "gru has no forget gate"),
    ({"cell": "transformer", "init": "identity"}, "a transformer has no recurrent weights"),
    ({"cell": "transformer", "width": "6"}, "does not divide among 4 heads"),
    ({"lr": "-1"}, "lr = -1.0 should be a number from 0 up"),
    ({"lr": "nan"}, "lr = nan should be a number from 0 up"),
    ({"lr": ""}, "lr is empty. Type a number"),
    ({"momentum": "0.9"}, "momentum is SGD's"),
    ({"k1": "5"}, "k1 = 5 and k2 = 0 do not go together"),
    ({"steps": "0"}, "updates is 0"),
    ({"task": "adding", "cell": "transformer"}, "the Transformer reads words"),
]


async def test_a_mistake_is_said_in_place_and_nothing_is_made() -> None:
    app = Asking(SettingDialog(usual("recall")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        right = {field.id or "": field.value for field in app.screen.query(Input)}
        for fields, message in MISTAKES:
            await fill(pilot, **fields)
            assert app.says().startswith("✗")
            assert message in " ".join(app.says().split())
            await pilot.press("enter")
            await pilot.pause()
            assert app.answer is NOTHING
            await fill(pilot, **{name: right[name] for name in ("task", "cell", *right)})
            assert app.says().startswith("→")
        await pilot.press("escape")
        await pilot.pause()
    assert app.answer is None


async def test_space_goes_through_choices_and_what_belongs_to_them_follows() -> None:
    app = Asking(SettingDialog(usual("recall")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("down", "down", "space")
        await pilot.pause()
        assert app.screen.query_one("#cell", Input).value == "gru"
        assert app.screen.query_one("#forget_bias", Input).value == "0"
        assert "gates" in app.says("about")
        await pilot.press("up", "up", "space")
        await pilot.pause()
        task = app.screen.query_one("#task", Input).value
        assert task == list(tasks.TASKS)[1]
        assert app.screen.query_one("#length", Input).value == str(tasks.load(task).length)
        await pilot.press("enter")
        await pilot.pause()
    assert isinstance(app.answer, Setting)
    assert (app.answer.task, app.answer.cell) == (task, "gru")
    assert app.answer.recipe["loss"] == tasks.load(task).loss


async def test_a_second_run_says_what_is_different() -> None:
    first = Setting("recall", 20, "lstm", 16, {"steps": 300, "lr": 0.01, "forget_bias": 2.0})
    app = Asking(SettingDialog(first, beside=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not app.screen.query("#task")
        assert "the same run again" in app.says()
        await fill(pilot, cell="rnn")
        said = " ".join(app.says().split())
        assert "cell rnn instead of lstm" in said
        assert "forget bias 0 instead of 2" in said
        await fill(pilot, cell="lstm")
        assert app.screen.query_one("#forget_bias", Input).value == "2"
        await fill(pilot, clip="0")
        await pilot.press("enter")
        await pilot.pause()
    assert isinstance(app.answer, Setting)
    assert (app.answer.task, app.answer.length, app.answer.width) == ("recall", 20, 16)
    assert {k: app.answer.recipe[k] for k in ("steps", "lr", "clip")} == {
        "steps": 300,
        "lr": 0.01,
        "clip": 0.0,
    }


async def test_knobs_are_those_that_may_change_and_say_what_changes() -> None:
    recipe = {"lr": 0.1, "optimiser": "sgd", "momentum": 0.5, "clip": 0.0}
    app = Asking(KnobsDialog(recipe, "Knobs", "from the next update on"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert {field.id for field in app.screen.query(Input)} == {
            "lr",
            "clip",
            "k1",
            "k2",
            "momentum",
        }
        assert "Type another value" in app.says()
        assert "✗" not in app.says()
        await pilot.press("enter")
        await pilot.pause()
        assert "nothing is changed yet" in app.says()
        await fill(pilot, lr="2000")
        assert "no sensible size" in app.says()
        await fill(pilot, lr="0.05", clip="1")
        assert "lr 0.1 → 0.05, clip 0 → 1, from the next update on" in app.says()
        await pilot.press("enter")
        await pilot.pause()
    assert app.answer == {"lr": 0.05, "clip": 1.0}


async def test_adam_has_no_momentum_to_turn() -> None:
    app = Asking(KnobsDialog({"lr": 0.1}, "Branch", "from update 20 on", same=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not app.screen.query("#momentum")
        assert "the same knobs, from update 20 on" in app.says()
        await pilot.press("enter")
        await pilot.pause()
    assert app.answer == {}


async def burst(pilot: Pilot, *keys: str) -> None:
    """Keys that are all there before the first one is handled."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    for _ in range(4):
        await pilot.pause()


async def test_keys_that_come_at_once_act_in_their_order() -> None:
    app = Asking(KnobsDialog({"lr": 0.1, "clip": 1.0}, "Knobs", "now"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        wiped = ["backspace"] * 3
        typed = [
            *wiped,
            *"0.25",
            "backspace",
            "down",
            "backspace",
            "5",
            "tab",
            "backspace",
            "7",
            "up",
        ]
        await burst(pilot, *typed, "end", "home", "1", "down", "down", "backspace", "9", "enter")
    assert app.answer == {"lr": 0.2, "clip": 15.0, "k1": 7, "k2": 9}


async def test_a_choice_and_what_follows_of_it_come_in_their_order_too() -> None:
    app = Asking(SettingDialog(usual("recall")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await burst(
            pilot, "space", "down", "end", "backspace", "backspace", "backspace", *"27", "enter"
        )
    assert isinstance(app.answer, Setting)
    assert (app.answer.task, app.answer.length) == ("adding", 27)


async def test_enter_goes_to_the_field_that_is_wrong() -> None:
    app = Asking(KnobsDialog({"lr": 0.1, "clip": 1.0}, "Knobs", "now"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await fill(pilot, clip="")
        await pilot.press("enter")
        await pilot.pause()
        assert "clip is empty. Type a number" in app.says()
        assert app.screen.focused is app.screen.query_one("#clip")
        await pilot.press("2", "enter")
        await pilot.pause()
    assert app.answer == {"clip": 2.0}
