"""The dialog's forms for attention: what they answer, what they refuse and what they say they will do."""

from __future__ import annotations

from typing import Any

import pytest

from engine import CutEdge, CutHead, EditAttention
from engine.interventions import Intervention
from tests.engine.test_edits import S, pair, read
from tests.tui.stage import lane
from tests.tui.test_dialogs import NOTHING, ask
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
        ("bahdanau", "attention", {}, EditAttention("uniform")),
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
        ("lm", "head", {}, CutHead(0, 0)),
        ("bahdanau", "edge", {"edge_key": "1", "edge_head": "", "edge_layer": ""}, CutEdge(S + 1, 1)),
    ],
)  # fmt: skip
async def test_the_form_answers_what_was_meant(
    family: str, kind: str, fields: dict[str, str], wanted: Intervention
) -> None:
    answer, line = await ask(dialog(family, kind), "enter", **fields)
    assert answer == wanted
    assert line.startswith("→")


@pytest.mark.parametrize(
    ("family", "fields", "says"),
    [
        ("bahdanau", {"attention_how": "loud"}, "Known: uniform"),
        ("bahdanau", {"attention_how": "only"}, "needs a row to look at"),
        ("bahdanau", {"attention_key": "3"}, "takes no row"),
        ("bahdanau", {"attention_seed": "3"}, "draws nothing"),
        ("transformer", {"attention_of": "both"}, "Type cross or self"),
        ("bahdanau", {"attention_from": "99"}, "From row"),
    ],
)
async def test_what_cannot_be_is_said(family: str, fields: dict[str, Any], says: str) -> None:
    answer, line = await ask(dialog(family, "attention"), "enter", **fields)
    assert answer is NOTHING
    assert says in line
