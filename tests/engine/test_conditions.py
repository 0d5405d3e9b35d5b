"""Conditions on rows: what people write, what it means, and what is refused."""

from __future__ import annotations

import contextlib
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import PeepholeError, lenses, run
from engine.conditions import parse
from tests.engine.build import build, tokens

SAME = [
    ("forget gate of unit 17 below 0.1", "f[17] < 0.1"),
    ("the forget gate of unit 17 falls below 0.1", "f[17] < 0.1"),
    ("f[17]<.1", "f[17] < 0.1"),
    ("hidden state of unit 3 of layer 1 is at least 0.5", "h[3] of layer 1 >= 0.5"),
    ("forget gate under 0.2", "f < 0.2"),
    ("surprisal above 8", "bits > 8"),
    ("∂L/∂h_1 below 1e-3", "|dL/dh_1| < 0.001"),
    ("gradient of c at row 4 ≤ 2", "|dL/dc_4| <= 2"),
    ("probability of were greater than 0.5", "p(were) > 0.5"),
    ("attention on row 3 in head 1 of layer 0 > 0.5", "weight[3] of head 1 of layer 0 > 0.5"),
    ("word = 'were'", "token is were"),
]


@pytest.mark.parametrize(("text", "short"), SAME)
def test_what_people_write(text: str, short: str) -> None:
    assert str(parse(text)) == short
    assert str(parse(short)) == short


WRONG = [
    ("", "no condition"),
    ("hello there", "compares nothing"),
    ("f[17] < much", "compares nothing"),
    ("fourget gate of unit 1 < 1", "'forget gate'"),
    ("f[[1]] < 1", "is no quantity"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_what_cannot_be_read_is_refused(text: str, says: str) -> None:
    with pytest.raises(PeepholeError, match=re.escape(says)):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_is_a_condition_or_one_message(text: str) -> None:
    with contextlib.suppress(PeepholeError):  # anything else fails
        parse(text)


ABSENT = [
    ("f[99] > 0", "units 0 to"),
    ("f[0] of layer 7 > 0", "layers 0 to"),
    ("z[0] > 0", "It has: i, f, g, o, c, h"),
    ("weight[0] > 0", "no attention"),
    ("token is zzz", "does not know"),
]


@pytest.mark.parametrize(("text", "says"), ABSENT)
def test_what_a_trace_does_not_have_is_refused(text: str, says: str) -> None:
    trace = run(build("lstm"), tokens(5))
    condition = parse(text)
    with pytest.raises(PeepholeError, match=re.escape(says)):
        condition.check(trace)


def test_each_quantity_is_what_it_says() -> None:
    model = build("lstm")
    trace = run(model, tokens(6))
    flow = lenses.gradient_flow(model, trace, 4)["h"].array
    word = trace.tokens[5]
    values = {
        "f[2] > 0": trace["f"][4, -1, 2],
        "f > 0": trace["f"][4, -1].mean(),
        "bits > 0": lenses.surprisal(trace)["bits"].array[4],
        f"p({word}) > 0": 2 ** -lenses.surprisal(trace)["bits"].array[5],
        "|dL/dh_1| > 0": flow[1, -1],
    }
    for text, value in values.items():
        found = parse(text).value(trace, 4, lambda _, row: lenses.gradient_flow(model, trace, row))
        assert found == pytest.approx(float(value), rel=1e-6), text


def test_attention_of_a_head_or_their_mean() -> None:
    trace = run(build("transformer"), tokens(6))
    weights = trace.array("weights", "time", "layer", "head", "key")[4]
    assert parse("weight[2] > 0").value(trace, 4) == pytest.approx(float(weights[-1, :, 2].mean()))
    one = parse("weight[2] of head 1 of layer 0 > 0").value(trace, 4)
    assert one == pytest.approx(float(weights[0, 1, 2]))
    assert math.isnan(parse("weight[5] > 0").value(trace, 4))


def test_what_has_no_value_does_not_hold() -> None:
    model = build("lstm")
    trace = run(model, tokens(4))
    assert not parse("bits < 1e9").holds(trace, 0)
    assert parse("bits < 1e9").holds(trace, 1)
    assert not parse("|dL/dh_2| < 1e9").holds(trace, 2, lambda _, row: {})
    with pytest.raises(PeepholeError, match="needs a gradient"):
        parse("|dL/dh_1| < 1").holds(trace, 3)


def test_all_comparisons() -> None:
    trace = run(build("lstm"), tokens(3))
    value = float(trace["f"][2, -1, 0])
    for op, truth in (("<", False), ("<=", True), (">", False), (">=", True)):
        assert parse(f"f[0] {op} {value!r}").holds(trace, 2) is truth


def test_numbers_that_nobody_writes_are_one_message() -> None:
    """Python itself reads no whole number of more than 4300 digits."""
    for text in ("f[{}] > 1", "weight[{}] > 1", "|dL/dh_{}| < 1", "f of layer {} > 1"):
        with pytest.raises(PeepholeError, match="longer than 400 characters"):
            parse(text.format("1" * 5000))
