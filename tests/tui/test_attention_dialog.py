"""The dialog's forms for attention: what they answer, what they refuse and what they say they will do."""

from __future__ import annotations

from typing import Any

import pytest

from engine import CutHead, EditAttention
from engine.interventions import Intervention
from tests.engine.test_edits import S, pair, read
from tests.tui.stage import lane
from tests.tui.test_dialogs import NOTHING, Asking, ask
from tui.dialogs.intervene import InterveneDialog


def dialog(family: str, kind: str) -> InterveneDialog:
    if family == "lm":
        at = lane("transformer")
        assert at.model is not None
        return InterveneDialog(at.model, at.trace, 3, kind=kind)
    model = pair(family)
    return InterveneDialog(model, read(model), S + 1, kind=kind)


@pytest.mark.parametrize(
    ("family", "kind", "fields", "wanted"),
    [
        (
            "bahdanau",
            "attention",
            {"attention_how": "only", "attention_key": "2", "attention_from": "6", "attention_to": "6"},
            EditAttention("only", 2, start=6, stop=7),
        ),
        (
            "transformer",
            "attention",
            {"attention_how": "permuted", "attention_seed": "4", "attention_of": "self"}
            | {"attention_head": "1"},
            EditAttention("permuted", None, None, 1, "weights", 4),
        ),
        ("lm", "attention", {"attention_how": "argmax"}, EditAttention("argmax", of="weights")),
        ("transformer", "head", {"head_of": "cross", "head_layer": "1"}, CutHead(1, 0, "cross_context")),
    ],
)  # fmt: skip
async def test_the_form_answers_what_was_meant(
    family: str, kind: str, fields: dict[str, str], wanted: Intervention
) -> None:
    answer, line = await ask(dialog(family, kind), "enter", **fields)
    assert answer == wanted
    assert line.startswith("→")


async def test_what_cannot_be_is_said() -> None:
    app = Asking(dialog("transformer", "attention"))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"attention_how": "loud"}, "Known: uniform"),
        ({"attention_how": "only"}, "needs a row to look at"),
        ({"attention_how": "uniform", "attention_key": "3"}, "takes no row"),
        ({"attention_key": "", "attention_seed": "3"}, "draws nothing"),
        ({"attention_seed": "", "attention_of": "both"}, "Type cross or self"),
        ({"attention_of": "self", "attention_from": "99"}, "From row"),
    ]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for fields, says in wrong:
            app.fill(**fields)
            await pilot.press("enter")
            await pilot.pause()
            assert app.answer is NOTHING
            assert says in app.line


async def test_cross_attention_is_said_to_begin_with_the_target() -> None:
    _, line = await ask(
        dialog("transformer", "attention"), attention_how="uniform", attention_from="0"
    )
    assert f"From row {S} " in line
    _, line = await ask(
        dialog("transformer", "attention"),
        attention_how="uniform", attention_of="self", attention_from="0",
    )  # fmt: skip
    assert "From row 0 " in line
