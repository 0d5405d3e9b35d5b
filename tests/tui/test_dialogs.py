"""Dialogs: what they answer, what they refuse, and that Esc changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Static

from engine import CutEdge, CutHead, Hold, PeepholeError, Replace, fork, lenses
from engine.conditions import parse
from engine.interventions import Intervention
from tests.engine.build import WORDS
from tests.tui.stage import lane
from tui.dialogs.base import Dialog
from tui.dialogs.condition import ConditionDialog
from tui.dialogs.intervene import InterveneDialog, parse_units
from tui.dialogs.jump import JumpDialog, find
from tui.dialogs.models import ModelsDialog
from tui.dialogs.save_as import SaveAsDialog, place
from tui.dialogs.word import WordDialog
from tui.dialogs.words import say
from tui.palette import Palette

NOTHING = object()
TOKENS = ["<s>", "the", "cats", "that", "sat", "on", "the", "mats"]


class Asking(App[None]):
    """An app that asks one question."""

    def __init__(self, dialog: Dialog[Any], palette: Palette | None = None) -> None:
        super().__init__()
        self.dialog, self.answer = dialog, NOTHING
        self.palette = palette or Palette()

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self._answered)

    def _answered(self, answer: Any) -> None:
        self.answer = answer

    @property
    def line(self) -> str:
        return str(self.dialog.query_one("#line", Static).render())

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.dialog.query_one(f"#{name.replace('_', '-', 1)}", Input).value = value


async def ask(dialog: Dialog[Any], *keys: str, **fields: str) -> tuple[Any, str]:
    """Fill in fields, press keys; the answer (NOTHING while it is still asking) and the last line."""
    app = Asking(dialog)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.fill(**fields)
        await pilot.pause()
        line = app.line
        await pilot.press(*keys)
        await pilot.pause()
        return app.answer, line if app.answer is not NOTHING else app.line


def dialogs() -> list[Dialog[Any]]:
    at, heads = lane("lstm"), lane("transformer")
    return [
        JumpDialog(TOKENS, 2),
        ConditionDialog(at.trace, 2),
        InterveneDialog(at.model, at.trace, 3),
        InterveneDialog(heads.model, heads.trace, 3, kind="edge"),
        ModelsDialog({"lstm": "one", "gru": "other"}, ["lstm"]),
        SaveAsDialog("the trace", "t.safetensors", ".safetensors"),
        WordDialog(at.trace, 3),
    ]


@pytest.mark.parametrize("index", range(7))
async def test_esc_goes_back_and_every_size_will_do(index: int) -> None:
    app = Asking(dialogs()[index], Palette(ascii=True))
    async with app.run_test(size=(80, 24)) as pilot:
        for size in ((80, 24), (200, 60), (30, 8), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        box = app.dialog.query_one("#box").region
        assert box.height <= 24
        assert box.width <= 80
        assert app.line.isascii()
        await pilot.press("escape")
        await pilot.pause()
    assert app.answer is None


# Jump ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cursor", "row"),
    [("5", 0, 5), ("0", 3, 0), ("the", 0, 1), ("the", 1, 6), ("the", 6, 1), ("ma", 0, 7),
     ("THE", 0, 1), ("t", 1, 3), ("<s>", 4, 0)],
)  # fmt: skip
async def test_jump_finds_rows_and_words(text: str, cursor: int, row: int) -> None:
    answer, line = await ask(JumpDialog(TOKENS, cursor), "enter", where=text)
    assert answer == row
    assert f"row {row} {TOKENS[row]!r}" in line


@pytest.mark.parametrize(
    ("text", "says"),
    [("8", "0 to 7"), ("-1", "0 to 7"), ("cast", "'cats'"), ("zzz", "'zzz'"), ("", "Type"),
     ("999999999999999999999", "0 to 7"), ("٣", "0 to 7")],
)  # fmt: skip
async def test_jump_refuses_what_is_not_there(text: str, says: str) -> None:
    if text == "٣":  # a digit to Python too
        assert find(text, TOKENS, 0) == 3
        return
    answer, line = await ask(JumpDialog(TOKENS, 0), "enter", where=text)
    assert answer is NOTHING
    assert says in line


@given(st.text(max_size=9), st.integers(0, 7))
def test_a_jump_is_a_row_or_one_clear_message(text: str, cursor: int) -> None:
    try:
        row = find(text, TOKENS, cursor)
    except PeepholeError:
        return
    assert 0 <= row < len(TOKENS)


# Conditions ---------------------------------------------------------------------------------------


async def test_a_condition_says_where_it_holds() -> None:
    at = lane("lstm")
    bits = lenses.surprisal(at.trace)["bits"].array
    level = float(sorted(bits[1:])[-3]) - 1e-3
    rows = [r for r in range(1, len(bits)) if bits[r] > level]
    dialog = ConditionDialog(at.trace, rows[0], lookup=at.lens)
    answer, line = await ask(dialog, "enter", condition=f"bits > {level:.6f}")
    assert answer.kind == "bits"
    assert f"breaks at row {', '.join(map(str, rows))}" in line
    assert f"at row {rows[1]}" in line


@pytest.mark.parametrize(
    ("text", "says"),
    [("f[99] < 0.1", "units 0 to 5"), ("q[1] < 0.1", "no value 'q'"), ("p(w77) > 0.5", "w77"),
     ("nonsense", "compares nothing"), ("weight[2] > 0.5", "no attention")],
)  # fmt: skip
async def test_a_condition_that_cannot_be_asked_is_refused(text: str, says: str) -> None:
    answer, line = await ask(ConditionDialog(lane("lstm").trace, 0), "enter", condition=text)
    assert answer is NOTHING
    assert says in line


# Interventions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields", "item"),
    [
        ("hold", {}, Hold("i", 0.0, 0, (2,), 0)),
        ("hold", {"hold_value": "c", "hold_units": "0, 2-4", "hold_layer": "", "hold_at": "-1.5",
                  "hold_from": "0", "hold_to": "7"}, Hold("c", -1.5, None, (0, 2, 3, 4), 0, 8)),
        ("hold", {"hold_units": "", "hold_from": "3"}, Hold("i", 0.0, 0, (), 3)),
        ("replace", {"replace_word": "w7"}, Replace(3, "w7")),
    ],
)  # fmt: skip
async def test_an_intervention_is_built_and_the_model_can_undergo_it(
    kind: str, fields: dict[str, str], item: Intervention
) -> None:
    at = lane("lstm")
    dialog = InterveneDialog(at.model, at.trace, 3, layer=0, unit=2, kind=kind)
    answer, line = await ask(dialog, "enter", **fields)
    assert answer == item
    assert say(item, at.trace) in line.replace("\n", " ")
    assert len(fork(at.model, at.trace, answer)) == len(at)


@pytest.mark.parametrize(
    ("kind", "fields", "item"),
    [
        ("edge", {}, CutEdge(5, 2, 1, 1)),
        ("edge", {"edge_layer": "", "edge_head": "", "edge_key": "0"}, CutEdge(5, 0)),
        ("head", {}, CutHead(1, 1)),
        ("hold", {"hold_value": "a"}, Hold("a", 0.0, 1, (0,), 0)),
    ],
)
async def test_attention_can_be_cut(kind: str, fields: dict[str, str], item: Intervention) -> None:
    at = lane("transformer")
    dialog = InterveneDialog(at.model, at.trace, 5, layer=1, head=1, key=2, kind=kind)
    answer, _ = await ask(dialog, "enter", **fields)
    assert answer == item
    assert len(fork(at.model, at.trace, answer)) == len(at)


@pytest.mark.parametrize(
    ("family", "kind", "fields", "says"),
    [
        ("lstm", "hold", {"hold_value": "k"}, "no value 'k'"),
        ("lstm", "hold", {"hold_at": "much"}, "held at much"),
        ("lstm", "hold", {"hold_at": "nan"}, "Type a number"),
        ("lstm", "hold", {"hold_at": "1e999"}, "Type a number"),
        ("lstm", "hold", {"hold_units": "6"}, "from 0 to 5"),
        ("lstm", "hold", {"hold_units": "4-2"}, "from 4 to 5"),
        ("lstm", "hold", {"hold_layer": "2"}, "from 0 to 1"),
        ("lstm", "hold", {"hold_from": "5", "hold_to": "4"}, "from 5 to 11"),
        ("lstm", "replace", {"replace_word": "w77"}, "'w77' (nearest: "),
        ("lstm", "replace", {"replace_word": ""}, "Type one"),
        ("transformer", "edge", {"edge_query": "2", "edge_key": "2"}, "always sees itself"),
        ("transformer", "head", {"head_head": ""}, "from 0 to 1"),
    ],
)
async def test_what_cannot_be_done_is_refused(
    family: str, kind: str, fields: dict[str, str], says: str
) -> None:
    at = lane(family)
    answer, line = await ask(InterveneDialog(at.model, at.trace, 3, kind=kind), "enter", **fields)
    assert answer is NOTHING
    assert says in line.replace("\n", " ")


@pytest.mark.parametrize(
    ("steps", "typed", "item"),
    [
        (["ctrl+right"], "w7", Replace(5, "w7")),
        (["ctrl+right", "ctrl+right", "f2"], "", CutHead(0, 0)),
        (["ctrl+left", "f3"], "", CutHead(0, 0)),
        (["f3", "ctrl+right"], "", Hold("h", 0.0, 0, (0,), 0)),
    ],
)
async def test_keys_reach_every_kind_of_change_from_a_field(
    steps: list[str], typed: str, item: Intervention
) -> None:
    at = lane("transformer")
    app = Asking(InterveneDialog(at.model, at.trace, 5, name="h"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Ctrl+← →" in str(app.dialog.query_one("#keys", Static).render())
        await pilot.press(*steps)
        if typed:
            await pilot.press(*typed)
        await pilot.press("enter")
        await pilot.pause()
    assert app.answer == item


async def burst(pilot: Pilot, *keys: str) -> None:
    """Keys as a fast typist or a paste sends them: all there before the first one is handled."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await pilot.pause()
    await pilot.pause()


def bursts() -> list[tuple[Dialog[Any], str, Any]]:
    """(dialog, what is typed in one go before Enter, the answer)."""
    at = lane("lstm")
    return [
        (JumpDialog(TOKENS, 2), "on", 5),
        (ConditionDialog(at.trace, 2), "bits > 8", parse("bits > 8")),
        (InterveneDialog(at.model, at.trace, 3, kind="hold", name="c"), "", Hold("c", 0.0, 0, (0,), 0)),
        (WordDialog(at.trace, 3), "w7", "w7"),
    ]  # fmt: skip


@pytest.mark.parametrize("index", range(4))
async def test_enter_acts_on_the_text_however_fast_it_came(index: int) -> None:
    dialog, typed, answer = bursts()[index]
    app = Asking(dialog)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await burst(pilot, *typed, "enter")
    assert app.answer == answer


async def test_enter_acts_on_a_replacement_and_a_path_typed_in_one_go(tmp_path: Path) -> None:
    at = lane("lstm")
    app = Asking(InterveneDialog(at.model, at.trace, 3, kind="replace"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await burst(pilot, *"w7", "enter")
    assert app.answer == Replace(3, "w7")
    app = Asking(SaveAsDialog("the trace", f"{tmp_path}/a", ".npz"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("end")
        await burst(pilot, *"bc", "enter")
    assert app.answer == tmp_path / "abc.npz"


async def test_models_are_marked_however_fast_the_keys_come() -> None:
    app = Asking(ModelsDialog({"gru": "", "lstm": "", "rnn": ""}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await burst(pilot, "down", "space", "down", "space", "enter")
    assert app.answer == ("lstm", "rnn")


async def test_the_tabs_change_the_kind() -> None:
    at = lane("transformer")
    app = Asking(InterveneDialog(at.model, at.trace, 5))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.dialog.focused is app.dialog.query_one("#hold-value")
        await pilot.press("shift+tab", "right", "right", "right")
        await pilot.pause()
        assert "Head 0 of layer 0" in app.line
        await pilot.press("enter")
        await pilot.pause()
    assert app.answer == CutHead(0, 0)


@given(st.text("0123456789,- x", max_size=12))
def test_units_are_units_or_one_clear_message(text: str) -> None:
    try:
        units = parse_units(text, 12)
    except PeepholeError:
        return
    assert len(set(units)) == len(units)
    assert all(0 <= unit < 12 for unit in units)


# Models, files and words --------------------------------------------------------------------------


async def test_models_are_marked_in_the_order_of_the_list() -> None:
    models = {"rnn": "a", "lstm": "b", "gru": "c", "transformer": "d"}
    answer, _ = await ask(ModelsDialog(models, ["gru"]), "up", "up", "space", "enter")
    assert answer == ("rnn", "gru")
    answer, line = await ask(ModelsDialog(models, ["gru"]), "space", "enter")
    assert answer is NOTHING
    assert "no model is marked" in line
    keys = ["up", "space", "up", "space", "end", "space", "enter"]
    answer, line = await ask(ModelsDialog(models, ["gru"]), *keys)
    assert answer is NOTHING
    assert "Mark 3 at most" in line


async def test_a_path_is_judged_before_anything_is_written(tmp_path: Path) -> None:
    there = tmp_path / "there.svg"
    there.write_text("old")
    dialog = SaveAsDialog("the picture", "p.svg", ".svg")
    answer, line = await ask(dialog, "enter", path=str(there))
    assert answer == there
    assert "replaces" in line
    assert there.read_text() == "old"
    answer, line = await ask(
        SaveAsDialog("the picture", "p.svg", ".svg"), "enter", path=str(tmp_path / "new")
    )
    assert answer == tmp_path / "new.svg"
    assert "writes" in line


@pytest.mark.parametrize(
    ("text", "says"),
    [("{}", "a folder"), ("{}/", "a folder"), ("{}/no/a.svg", "no such folder"),
     ("{}/a.txt", "Use .svg"), ("", "Type a path"), ("~nobody-here/a.svg", "no path"),
     ("{}/" + "x" * 300 + ".svg", "no path"), ("a\0b.svg", "no path")],
)  # fmt: skip
def test_a_place_that_cannot_be_written_to_is_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(PeepholeError, match=says):
        place(text.format(tmp_path), ".svg")


async def test_another_word_for_the_loss() -> None:
    trace = lane("lstm").trace
    answer, line = await ask(WordDialog(trace, 3), "enter", word="w7")
    assert answer == "w7"
    assert f"p = {lenses.probability(trace, 3, 'w7'):.4f}" in line
    answer, _ = await ask(WordDialog(trace, 3, "w7"), "enter", word="")
    assert answer == ""
    answer, _ = await ask(WordDialog(trace, 3), "enter", word=trace.tokens[3])
    assert answer == ""
    answer, line = await ask(WordDialog(trace, 3), "enter", word="w77")
    assert answer is NOTHING
    assert "'w77'" in line
    answer, line = await ask(WordDialog(trace, len(trace)), "enter", word="")
    assert answer is NOTHING
    answer, _ = await ask(WordDialog(trace, len(trace)), "enter", word=WORDS[2])
    assert answer == WORDS[2]
