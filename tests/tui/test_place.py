"""Places: what a screen shows as plain data, and back; whatever comes over a socket is checked."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Hold, PeepholeError, run
from engine.interventions import to_record
from tests.engine.build import build, tokens
from tests.tui.score_stage import app, idle, press, screen
from tui.app import PeepholeApp
from tui.following.choices import CHOSEN, fits
from tui.following.company import seen
from tui.following.placing import place_of
from tui.following.readers import described, read
from tui.lane import Lane
from tui.place import LANES, LARGEST, TOKENS, Place, Reader
from tui.session import Session
from tui.start import of_text
from tui.views.question import by_row, heard

words = st.text(st.characters(exclude_categories=("C", "Z")), max_size=12)
numbers = st.integers(0, 1000)
readers = st.builds(
    Reader, label=words, note=words, model=words, digest=words,
    text=st.lists(words, max_size=5).map(tuple), target=st.lists(words, max_size=5).map(tuple),
    most=numbers, at=st.integers(-1, 2),
)  # fmt: skip
places = st.builds(
    Place, kind=st.sampled_from(["page", "score"]), title=words, scenario=words, beat=numbers,
    text=st.lists(words, max_size=3).map(tuple), lanes=st.lists(readers, max_size=3).map(tuple),
    cursor=numbers, clock=numbers, playing=st.booleans(), speed=st.floats(0.5, 16), unit=numbers,
    layer=st.none() | numbers, head=st.none() | numbers, view=words, lane=st.integers(0, 2),
    state=st.lists(st.tuples(words, st.none() | st.booleans() | numbers | words), max_size=3).map(tuple),
    partly=st.booleans(), track=words, probe=st.none() | numbers, top=numbers, blank=st.booleans(),
    by=st.lists(st.sampled_from(["", "h", "c", "x"]), max_size=3).map(tuple),
    wanted=st.none() | st.tuples(st.integers(0, 3), words),
    preferred=st.lists(words, max_size=3).map(tuple),
)  # fmt: skip
READ = Lane("lstm", run(build("lstm", dtype="float32", width=8), tokens(6)))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([f.name for f in (*fields(Place), *fields(Reader))]) | st.text(),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(places)
def test_a_place_comes_back_as_it_was_sent(place: Place) -> None:
    line = place.to_json()
    assert "\n" not in line
    assert Place.from_json(line) == place


@given(anything)
def test_whatever_is_sent_is_a_place_or_a_mistake(found: Any) -> None:
    try:
        place = Place.from_record(found)
    except PeepholeError:
        return
    assert Place.from_json(place.to_json()) == place


@given(st.text() | st.binary(max_size=40).map(lambda b: b.decode("latin-1")))
def test_what_is_no_json_is_a_mistake(line: str) -> None:
    with pytest.raises(PeepholeError, match="not what was expected"):
        Place.from_json(line + "\x00")


@pytest.mark.parametrize(
    "record",
    [
        {"cursor": True}, {"cursor": -1}, {"cursor": 10**30}, {"cursor": 1.0}, {"speed": 0}, {"fed": 1},
        {"speed": float("nan")}, {"title": "\x1b[2J"}, {"title": "x" * 300}, {"title": "\ud800"},
        {"kind": "exec"}, {"which": ["self"]}, {"unknown": 1}, {"text": ["\x1b]0;x\x07"]},
        {"lanes": [{}] * (LANES + 1)}, {"lanes": [{"parent": 0}]}, {"lanes": {"0": {}}},
        {"lanes": [{"text": ["a"] * (TOKENS + 1)}]}, {"lanes": [{"interventions": [{"kind": "hold"}]}]},
        {"lanes": [{"interventions": [{"kind": "hold", "name": "f", "value": "x"}]}]},
        {"lanes": [{"interventions": [{"kind": "__class__"}]}]}, {"lanes": [{"decoding": {"beam": 1e9}}]},
        {"lanes": [{"decoding": []}]}, {"state": [["unit", {"a": 1}]]}, {"state": [["a", 1, 2]]},
        {"by": ["f"]}, {"by": "h"}, {"by": ["h"] * (LANES + 1)}, {"probe": -1}, {"probe": 1.5}, {"top": -1},
        {"wanted": [1]}, {"wanted": ["h", 1]}, {"wanted": [99, "h"]}, {"preferred": ["\x1b[2J"]},
        {"preferred": ["h"] * 51}, {"partly": 1}, {"lanes": [{"recorded": "yes"}]},
        {"state": [["asked", ["x" * 300]]]}, {"state": [["asked", ["x"] * 51]]}, {"state": [["knob", 10**9]]},
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused(record: dict) -> None:
    with pytest.raises(PeepholeError, match="not what was expected"):
        Place.from_record(record)


def test_a_deep_or_a_long_line_is_refused() -> None:
    with pytest.raises(PeepholeError, match="not JSON"):
        Place.from_json("[" * (LARGEST - 1))
    with pytest.raises(PeepholeError, match="too long"):
        Place.from_json(" " * (LARGEST + 1))
    long = Place(lanes=(Reader(text=("word" * 20,) * TOKENS),))
    with pytest.raises(PeepholeError, match="too much"):
        long.to_json()


# What is chosen in views --------------------------------------------------------------------------


@given(
    st.sampled_from([(view, name) for view, names in CHOSEN.items() for name in names]),
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.lists(st.text(), max_size=60).map(tuple),
)
def test_only_what_can_be_chosen_in_a_view_fits_it(of: tuple[str, str], value: Any) -> None:
    view, name = of
    if fits(view, name, value):
        state: tuple = ((name, value),)
        assert Place.from_json(Place(view=view, state=state).to_json()).state == state
    assert not fits("score", name, value)
    assert not fits(view, "lane", value)


@pytest.mark.parametrize(
    ("view", "name", "value"),
    [
        ("decoding", "way", "beam 65"), ("decoding", "way", "beam 1e9"), ("decoding", "way", "rm -rf"),
        ("decoding", "way", "top-p nan"), ("decoding", "bars", 1), ("residual", "chosen_depth", -1),
        ("residual", "chosen_depth", True), ("gradient", "of", "__class__"), ("gradient", "losses", "7 cats"),
        ("patching", "asked", ("x",) * 51), ("patching", "chosen_place", "3"), ("attention", "grid", "all"),
        ("patching", "at_layer", -1), ("unit", "display", False), ("equation", "scrolled", -5),
    ],
)  # fmt: skip
def test_what_no_key_could_choose_does_not_fit(view: str, name: str, value: Any) -> None:
    assert not fits(view, name, value)


@given(
    st.lists(
        st.text(max_size=8) | st.from_regex(r"-?[0-9]{1,9} [a-z]{1,4}", fullmatch=True), max_size=6
    )
)
def test_a_question_that_is_told_is_one_of_the_reading_or_none(said: list[str]) -> None:
    trace = READ.trace
    known = set(trace.header.vocabulary)
    question = heard(trace, said)
    if question is not None:
        assert len(question.tokens) == len(trace)
        assert known.issuperset(question.tokens)
        assert {question.word, question.instead} <= known | {""}
        assert question.changed(trace.tokens)
    rows = by_row(said, range(1, len(trace)), known)
    assert all(0 < row < len(trace) and word in known for row, word in rows.items())


# Readings -----------------------------------------------------------------------------------------


def again(session: Session, **options: Any) -> list[Lane]:
    """A session's lanes, described, sent, and read again from what was sent."""
    sent = Place(kind="score", lanes=described(session.lanes, {})).to_json()
    return read(Place.from_json(sent).lanes, **options)


def same(found: list[Lane], lanes: list[Lane]) -> None:
    """The names, the words and the numbers of lanes are the same, and so are those of their parents."""
    assert [lane.name for lane in found] == [lane.name for lane in lanes]
    for one, other in zip(found, lanes, strict=True):
        assert one.trace.tokens == other.trace.tokens
        assert one.trace.id == other.trace.id
        assert (one.trace["h"] == other.trace["h"]).all()
        assert (one.parent is None) == (other.parent is None)
        if one.parent is not None and other.parent is not None:
            same([one.parent], [other.parent])


def model_session(text: str = "the cats were happy .", **options: Any) -> Session:
    from scenarios import zoo

    return of_text([zoo.model("lstm@600"), zoo.model("transformer")], text, **options)


def test_readings_of_bundled_models_are_read_again_elsewhere() -> None:
    session = model_session()
    same(again(session), session.lanes)


def test_a_fork_is_read_again_with_its_parent_on_the_screen_or_not() -> None:
    session = model_session()
    session.put_fork(session.forked(0, Hold("f", 0.0, None, (3, 5))))
    same(again(session), session.lanes)
    alone = Session([session.lanes[1]])
    assert alone.lanes[0].parent is not None
    same(again(alone), alone.lanes)


def test_what_a_model_wrote_is_written_again() -> None:
    from engine.decoding import Decoding
    from scenarios import zoo

    session = of_text(
        [zoo.model("spell-gru")], "through", decoding=Decoding.parse("top-p 0.9 seed 3")
    )
    same(again(session), session.lanes)
    forced = of_text([zoo.model("spell-gru")], "through", target="TH R UW1")
    same(again(forced), forced.lanes)


@pytest.mark.parametrize(
    ("reader", "says"),
    [
        (Reader(model="/etc/passwd"), "is not here"),
        (Reader(model="../weights/lstm"), "is not here"),
        (Reader(model="mine.safetensors"), "is not here"),
        (Reader(model="lstm@../../x"), "is not here"),
        (Reader(model="lstm@7"), "is not here"),
        (Reader(model="lstm", digest="other"), "another one here"),
        (Reader(lane="shut"), "lane of a scenario"),
    ],
)
def test_what_cannot_be_had_here_is_said(reader: Reader, says: str) -> None:
    with pytest.raises(PeepholeError, match=says):
        read([replace(reader, text=("the", "cats"))])


def test_an_intervention_is_said_as_records_of_json() -> None:
    session = model_session()
    hold = Hold("f", 0.0, None, (3, 5))
    made = session.forked(0, hold)
    found = described([made], {})[-1].interventions
    assert found == (json.loads(json.dumps(to_record(hold))),)


# Screens ------------------------------------------------------------------------------------------


async def test_the_score_says_where_it_is() -> None:
    async with app("lstm", "transformer").run_test(size=(120, 40)) as pilot:
        await press(pilot, "end", "up", "right", "right", "greater_than_sign", "l")
        place, session = place_of(screen(pilot)), screen(pilot).session
        assert (place.kind, place.view, place.scenario) == ("score", "score", "")
        assert (place.cursor, place.clock) == (session.cursor, session.clock)
        assert (place.speed, place.loop, place.playing) == (8.0, True, False)
        assert [lane.label for lane in place.lanes] == [lane.label for lane in session.lanes]
        await press(pilot, "5", "down")
        place = place_of(screen(pilot))
        assert (place.view, dict(place.state)["unit"]) == ("unit", session.unit + 1)
        assert Place.from_json(place.to_json()) == place


async def test_a_scenario_says_its_beat_and_a_change_of_its_lanes() -> None:
    from scenarios import shelf

    scenario = shelf.find("agreement")
    async with PeepholeApp(None, scenario).run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        await press(pilot, "n", "n", "n")
        place = place_of(screen(pilot))
        assert (place.scenario, place.lanes, place.playing) == ("agreement", (), False)
        assert place.beat == screen(pilot).beat == screen(pilot).beat_shown > 0
        await press(pilot, "1", "tab", "tab", "minus")
        changed = place_of(screen(pilot))
        assert screen(pilot).session.changed
        assert {lane.lane for lane in changed.lanes} == {"lstm"}
        lanes = {lane.label: lane for lane, _ in screen(pilot)._lanes.values()}
        same(read(changed.lanes, lambda label: lanes[label]), screen(pilot).session.lanes)


async def test_other_screens_are_pages_and_a_dialog_hides_nothing() -> None:
    async with PeepholeApp().run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        assert place_of(seen(pilot.app)) == Place()
        pilot.app.tour()
        await idle(pilot)
        page = place_of(seen(pilot.app))
        assert page.title == "The tour"
        assert page.text
        before = seen(pilot.app)
        await press(pilot, "question_mark")
        assert pilot.app.screen is not before
        assert seen(pilot.app) is before
