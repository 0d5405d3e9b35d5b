"""Scripts are read, played, and every kind of mistake in them is shown where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import PeepholeError
from scenarios.play import Play
from scenarios.reader import read
from scenarios.source import ScriptError
from scenarios.tables import MANY
from tests.scenarios.models import GOOD, untrained
from tests.scenarios.scripts import play, refused, written


def test_a_beat_gives_lanes_row_view_narration_and_verdicts(tmp_path: Path) -> None:
    played = Play(read(written(tmp_path, GOOD)), untrained)
    stage = played.stage(0)
    assert [lane.label for lane in stage.lanes] == ["lstm", "shut"]
    assert stage.lanes[0].trace.tokens[stage.row] == "were"
    assert (stage.view, stage.of) == ("unit", "c")
    cells = played.value(0, "cells")
    assert stage.unit == cells[0]
    held = stage.lanes[1].trace
    assert (held["f"][3:] == 0).all()
    assert held["f"][:3].any()
    assert (held["c"][:, 0, list(cells)] == 0).all()
    said = played.narration(0)
    p = played.value(0, "p")
    assert f"It gives {p:.1%} to" in said
    assert "(Elman, 1990), at row 6, and LSTM-64 has { no } say." in said
    assert f"Its cells are {cells[0]}, {cells[1]}, {cells[2]}." in said
    assert [verdict.passed for verdict in played.verdicts(0)] == [True, True, True]


def test_lanes_are_kept_between_beats_and_inherited(tmp_path: Path) -> None:
    played = Play(read(written(tmp_path, GOOD)), untrained)
    assert played.stage(1).lanes == played.stage(2).lanes  # by identity: lanes do not compare
    assert played.stage(2).row == len(played.stage(2).lanes[0].trace) - 1


def test_a_condition_stops_at_the_first_row_where_it_holds(tmp_path: Path) -> None:
    text = GOOD.replace('"bits > 0.001"', '"p(were) > 0"')
    assert Play(read(written(tmp_path, text)), untrained).stage(1).row == 0
    text = GOOD.replace('"bits > 0.001"', '"token is mat"')
    assert Play(read(written(tmp_path, text)), untrained).stage(1).row == 5
    text = GOOD.replace('"bits > 0.001"', '"|dL/dh_1| > 0"')
    assert Play(read(written(tmp_path, text)), untrained).stage(1).row == 2


def test_a_lane_that_needs_itself_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("strongest(lstm", "strongest(shut")
    with pytest.raises(ScriptError, match="a lane needs itself: shut needs shut"):
        play(written(tmp_path, text))


MISTAKES = [
    # what is changed into what; what the message says; what is underlined
    ('view = "unit"', 'vieww = "unit"', "no key 'vieww'. Did you mean 'view'", "vieww"),
    ("[measure]", "[measures]", "no key 'measures'. Did you mean 'measure'", "measures"),
    ("hand-set", "handset", "no key 'handset'. Did you mean 'hand-set'", "handset"),
    ('stop = "were"', "stop = true", "must be a whole number or text, not True", "stop"),
    ('lanes = ["tf", "early"]', 'lanes = "tf"', "must be a list of texts, not 'tf'", "lanes"),
    ('lanes = ["tf", "early"]', "lanes = [1]", "must be text, not 1", "lanes"),
    ('title = "A row"\n', "", "a beat needs the key 'title'", "beats"),
    ("[[beats]]", "[[beat]]", "no key 'beat'. Did you mean 'beats'", "beat"),
    ('"unit"', '"unity"', "no view 'unity'. Did you mean 'unit'", "unity"),
    ('["tf", "early"]', '["tf", "tf", "tf", "tf"]', "'lanes' has 3 at most, not 4", "lanes"),
    ('["tf", "early"]', '["tf", "erly"]', "no lane 'erly'. Did you mean 'early'", "erly"),
    ('model = "transformer"', 'model = "transformr"', "Did you mean 'transformer'", "transformr"),
    ("steps = 600", "steps = -6", "'steps' is at least 0, not -6", "-6"),
    ("on the mat were", "on the matt were", "not know: 'matt' (nearest: mat", "matt"),
    ("on the mats was", "on the matz was", "not know: 'matz'", "matz"),
    ("{p:.1%}", "{q:.1%}", "the placeholder {q} has no measure", "{q"),
    ("{p:.1%}", "{p.real}", "the placeholder {p.real} has no measure", "{p.real"),
    ("{p:.1%}", "{p!r}", "'r' is not a format of numbers", "{p"),
    ("{p:.1%}", "{p:99d}", "'99d' is not a format of numbers", "99d"),
    ("{p:.1%}", "{p", "a brace does not match", "{"),
    ("{p:.1%}", "90%", "the number 90 is not measured", "90"),
    ("{cells}.\n", "{cells:.2f}.\n", "{cells} measured a list, which has no format", "{cells"),
    ("one or two words", "1 or 2 words", "the number 1 is not measured", "1"),
    ("1990", "12345", "the number 12345 is not measured", "12345"),
    ("probability(lstm", "probably(lstm", "no measure 'probably'. Did you mean", "probably"),
    ("probability(lstm", "probability(lst", "no lane or measure 'lst'. Did you mean", "lst"),
    ("here, 'were')", "here)", "missing a required argument: 'word'", "probability"),
    ("of='c')", "off='c')", "unexpected keyword argument 'off'", "strongest"),
    ("row(lstm, here)", "row(lstm, here", "does not parse: '(' was never closed", None),
    ("row(lstm, here)", "row(lstm, here) / 0", "has no value (division by zero)", None),
    ("row(lstm, here)", "lstm.trace", "cannot contain 'lstm.trace'", "lstm.trace"),
    ("row(lstm, here)", "[1]", "cannot contain '[1]'", "[1]"),
    ("row(lstm, here)", "(lambda: 1)()", "is not a function of the measures", None),
    ("row(lstm, here)", "lstm + 1", "has no value", "lstm + 1"),
    ("row(lstm, here)", "'a' * here", "a word is not a number", None),
    ("row(lstm, here)", "here ** 9 ** 9 ** 9", "has no value", None),
    ("row(lstm, here)", "here +" * 99 + "1", "longer than 400 characters", None),
    ("row(lstm, here)", "row(here, 1)", "6 is not a lane", "row"),
    ("row(lstm, here)", "gate(tf, 'f', 1)", "tf has no gate 'f'", "f"),
    ("row(lstm, here)", "attention(lstm, 1)", "lstm has no attention", "attention"),
    (
        "row(lstm, here)",
        "value(lstm, 'c', 64, 1)",
        "64 is not a whole number from 0 to 63",
        "64",
    ),
    ("row(lstm, here)", "accuracy(lstm, 'no/such')", "no split 'no/such'", "no/such"),
    (
        "row(lstm, here)",
        "accuracy(lstm, 'coreference/gap-99999')",
        "asks for too long sentences",
        "coreference/gap-99999",
    ),
    ("row(lstm, here)", "value(lstm, 'c', 1, layer=7)", "out of bounds", None),
    ('"n == 6"', '"n"', "claims nothing", "n"),
    ('"n == 6"', '"1 < 2"', "measures nothing", "1 < 2"),
    ('"n == 6"', "\"n == 'six'\"", "compares a word with a number", "=="),
    ('"n == 6"', '"surprisal(lstm) > 6"', "compares a list", ">"),
    ('"n == 6"', '"gone == 6"', "no lane or measure 'gone'", "gone"),
    ("measure.n", "measure.here", "'here' is taken", None),
    ("row(lstm, here)", "6.0", "'6.0' measures nothing", "6.0"),
    ("measure.n", "measure.not", "'not' is taken", None),
    ("measure.n", "measure.lstm", "'lstm' is a lane already", None),
    ("measure.n", 'measure."1 n"', "is not a name", None),
    ('stop = "were"', 'stop = "where"', "no row 'where' in lstm", "where"),
    ('stop = "were"', 'stop = "were#2"', "'were' is read 1 time", "were#2"),
    ('stop = "were"', "stop = 99", "lstm has rows 0 to 8, not 99", "99"),
    ('stop = "bits > 0.001"', 'stop = "bits > 99"', "never reached: bits > 99", "bits > 99"),
    ('stop = "bits > 0.001"', 'stop = "bots > 1"', "no quantity 'bots'", "bots > 1"),
    ("f = 0 from 3", "q = 0 from 3", "lstm has no value 'q' to hold", "q = 0 from 3"),
    ("f = 0 from 3", "f is 0", "is not an intervention", "f is 0"),
    ("f = 0 from 3", "cut head 1 of layer 0", "no attention heads", "cut head 1 of layer 0"),
    ("f = 0 from 3", "2 = catz", "not know: 'catz'", "2 = catz"),
    ("{cells}]", "{sells}]", "the placeholder {sells} has no measure", "{sells"),
    ('unit = "cells"', "unit = 64", "lstm has units 0 to 63, not 64", "unit"),
    ('unit = "cells"', 'unit = "cels"', "no lane or measure 'cels'", "cels"),
    ('about = "For', "about = For", "not TOML", None),
    ("[[beats]]\n", "[[beats]\n", "not TOML", None),
    ('about = "For the tests."', 'title = "twice"', "not TOML: Cannot overwrite a value", None),
]


@pytest.mark.parametrize(("old", "new", "says", "word"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_shown_where_it_is(
    tmp_path: Path, old: str, new: str, says: str, word: str | None
) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    path = written(tmp_path, text)
    refused(lambda: play(path), path, says, word)


def test_files_that_are_no_scenario(tmp_path: Path) -> None:
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, says in [
        (tmp_path, "cannot read"),
        (tmp_path / "none.toml", "No such file"),
        (binary, "not a text file"),
    ]:
        with pytest.raises(PeepholeError, match=says) as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_of_very_many_mistakes_the_first_are_told(tmp_path: Path) -> None:
    """Each is looked up in the text; a file of nothing else is given up in time."""
    bad = '[[beats]]\ntitle = "x"\nsay = "{q} 3"\nexpect = ["zz > 1"]\n'
    for text in (GOOD + bad * 2000, GOOD + "[[beats]]\n" * 2000):
        with pytest.raises(ScriptError) as caught:
            read(written(tmp_path, text))
        places = [error.place for error in (caught.value, *caught.value.more)]
        assert len(places) == MANY
        assert places == sorted(places)
