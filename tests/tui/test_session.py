"""Sessions without a screen: rows, playback, breaks, forks, lenses, a sentence being typed."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from engine import CutHead, Hold, PeepholeError, Replace, UnknownWords, fork, lenses, run
from engine.conditions import parse
from tests.engine.build import build, tokens
from tests.tui.pair_lanes import pair_lane
from tests.tui.stage import lane, without_model
from tui.lane import Lane
from tui.lines import cells, headline
from tui.palette import Palette
from tui.reading import CHUNK
from tui.session import Session
from tui.tracks.change import ChangeTrack
from tui.tracks.stage import Stage
from tui.typed import Typed


def session(*families: str, length: int = 8) -> Session:
    return Session.read([build(f, dtype="float32") for f in families], tokens(length))


def test_no_screen_is_imported() -> None:
    code = "import sys, tui.session, tui.typed; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_are_read_on_the_way_and_stay_read() -> None:
    s = session("lstm")
    assert (s.cursor, s.shown) == (0, 1)
    assert s.step()
    assert s.step()
    assert (s.cursor, s.shown) == (2, 3)
    s.move(0)
    assert (s.cursor, s.shown) == (0, 3)
    s.move(99)
    assert (s.cursor, s.shown) == (7, 8)
    assert not s.move(99)
    assert not s.step()


def test_a_loop_begins_again() -> None:
    s = session("gru")
    s.move(7)
    s.loop = True
    assert s.step()
    assert (s.cursor, s.shown) == (0, 1)


def test_speed_has_ends() -> None:
    s = session("gru")
    for _ in range(20):
        s.faster(1)
    fastest = s.speed
    for _ in range(20):
        s.faster(-1)
    assert s.speed < 1 < fastest


def test_breaks_say_what_was_measured() -> None:
    s = session("lstm", "transformer")
    gate = s.lanes[0].trace["f"][:, -1, 2]
    row = int(np.argmin(gate))
    s.add_break(parse(f"f[2] <= {gate.min()!s}"))
    holding = []
    for r in range(8):
        s.move(r)
        holding += [r] if s.broken() else []
    assert holding == [row]
    s.move(row)
    assert s.broken().startswith("lstm: f[2] = ")
    with pytest.raises(PeepholeError, match="no value 'z'"):
        s.add_break(parse("z[0] < 1"))


def test_a_break_on_a_gradient_asks_the_lane() -> None:
    s = session("lstm")
    s.add_break(parse("|dL/dh_1| > 0"))
    s.move(1)
    assert not s.broken()
    s.move(2)
    assert "|dL/dh_1| = " in s.broken()


def test_a_tick_that_reads_many_rows_passes_no_break() -> None:
    s = session("transformer")
    s.feed(False)  # all rows are begun together
    s.add_break(parse("bits > 0"))
    s.cursor = 0
    assert s.frontier == 7
    s.cursor = 7
    assert "at row 1 " in s.halt(0)
    assert s.cursor == 1
    s.cursor = 7
    assert "at row 3 " in s.halt(2)
    assert not s.halt(s.cursor)
    assert s.cursor == 3
    s.breaks = [parse("bits > 1e9")]
    s.cursor = 7
    assert not s.halt(0)
    assert s.cursor == 7


def test_a_fork_stands_beside_its_origin_and_is_undone() -> None:
    s = session("elman", "lstm", "transformer")
    made = s.forked(1, Hold("f", 0.0, start=3))
    at = s.put_fork(made)
    assert [x.label for x in s.lanes] == ["elman", "lstm", "lstm"]
    assert (at, s.lanes[2].cut, s.lanes[2].parent) == (2, "f = 0 from row 3", s.lanes[1])
    again = s.forked(2, Hold("i", 1.0))
    s.put_fork(again)
    assert [x.cut for x in s.lanes] == ["", "", "f = 0 from row 3 · i = 1"]
    assert s.undo()
    assert s.undo()
    assert [x.label for x in s.lanes] == ["elman", "lstm", "transformer"]
    assert not s.undo()


def test_a_lane_of_a_script_is_changed_in_its_place_and_keeps_its_name() -> None:
    plain, model = lane("lstm"), build("lstm", dtype="float32")
    forks = [
        Lane(label, fork(model, plain.trace, Hold("f", 1.0)), model, parent=plain, note="hand-set")
        for label in ("opened", "more opened")
    ]
    s = Session([plain, *forks])
    assert not s.changed
    s.put_fork(s.forked(2, Hold("i", 0.0)))
    assert s.changed
    assert s.lanes[:2] == [plain, forks[0]]
    assert s.lanes[2].name == "more opened · hand-set · f = 1 · i = 0"


def test_a_fork_changes_nothing_before_its_row() -> None:
    s = session("lstm")
    made = s.forked(0, Hold("f", 0.0, start=4))
    changes = [made.change(row) for row in range(8)]
    assert all(moved == 0 for _, moved in changes[:4])
    assert all(moved > 0 for _, moved in changes[4:])
    expected = np.linalg.norm(made.trace["h"][6, -1] - s.lanes[0].trace["h"][6, -1])
    assert changes[6][1] == pytest.approx(float(expected))
    assert made.largest_change() == max(moved for _, moved in changes)
    assert made.scale("c") == s.lanes[0].scale("c")


def test_surprises_of_different_words_are_not_compared() -> None:
    s = session("lstm")
    made = s.forked(0, Replace(4, "w9"))
    other = s.lanes[0].trace.tokens[4]
    assert made.trace.tokens[4] == "w9" != other
    assert made.departs(4) == other
    assert [row for row in range(1, 8) if math.isnan(made.change(row)[0])] == [4]
    track = ChangeTrack(Stage(s, Palette()), made)
    s.move(4)
    assert "≠" in "".join(part.text for part in track.cells(4, 7))
    assert f"the other lane reads {other!r}" in track.reading()
    assert made.change(4)[1] > 0  # how far the state moved is no matter of words


def test_a_trace_without_its_model_says_so() -> None:
    bare = without_model(lane("lstm"))
    s = Session([bare])
    with pytest.raises(PeepholeError, match="no model"):
        s.forked(0, Hold("f"))
    with pytest.raises(PeepholeError, match="not recorded"):
        bare.gradient(3)
    assert not bare.has_gradient(3)
    bare.prepare()  # nothing to do, nothing to say


def test_what_is_stored_in_a_trace_is_not_computed() -> None:
    full = lane("lstm")
    bare = without_model(full)
    assert full.model
    bare.trace.lenses["gradient_map"] = lenses.gradient_map(full.model, full.trace)
    assert bare.has_gradient(3)
    np.testing.assert_array_equal(
        bare.gradient(3)["c"].array, bare.trace.lenses["gradient_map"]["c"].array[3]
    )


@pytest.mark.parametrize("family", ["lstm", "transformer"])
def test_prepared_gradients_are_those_of_the_lens(family: str) -> None:
    one = lane(family)
    one.prepare()
    assert all(map(one.has_gradient, range(1, len(one))))
    assert one.model
    alone = lenses.gradient_flow(one.model, one.trace, 7)["h"].array
    np.testing.assert_allclose(one.gradient(7)["h"].array, alone, rtol=1e-9)


def test_surprisal_and_predictions_by_pieces_are_those_of_the_whole() -> None:
    model = build("gru")
    trace = run(model, tokens(3 * CHUNK + 5))
    one = Lane("gru", trace, model)
    bits, top = lenses.surprisal(trace)["bits"].array, lenses.top_k(trace, 2)
    for row in (1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, len(trace) - 1):
        assert one.bits(row) == pytest.approx(bits[row], rel=1e-12)
        words = [(trace.header.vocabulary[i]) for i in top["ids"].array[row]]
        assert [word for word, _ in one.top(row, 2)] == words
    assert np.isnan(one.bits(0))


def test_attention_of_a_row_ends_with_itself() -> None:
    one = lane("transformer")
    assert one.attention(3, 1, None).shape == (4,)
    assert one.attention(3, 1, 0).sum() == pytest.approx(1.0, rel=1e-5)


def test_lens_names_are_checked() -> None:
    with pytest.raises(PeepholeError, match="Did you mean 'surprisal'"):
        lane("lstm").lens("surprisall")


def test_typing_equals_reading() -> None:
    models = [build("lstm", dtype="float32"), build("transformer", dtype="float32")]
    typed = Typed(models)
    for word in ("w1", "w5", "w3"):
        typed.feed(word)
    assert typed.back()
    typed.feed("w2")
    read = run(models[0], ["w1", "w5", "w2"])
    assert typed.session.tokens == read.tokens
    np.testing.assert_array_equal(typed.session.lanes[0].trace["c"], read["c"])
    assert (typed.session.cursor, typed.session.shown) == (3, 4)
    with pytest.raises(UnknownWords):
        typed.feed("zebra")
    assert typed.session.tokens == read.tokens
    assert [typed.back() for _ in range(4)] == [True, True, True, False]


def test_a_text_longer_than_a_model_reads_is_refused_in_every_lane() -> None:
    models = [build("lstm"), build("transformer", context=4)]
    typed = Typed(models)
    for word in ("w1", "w2", "w3"):
        typed.feed(word)
    with pytest.raises(PeepholeError, match="positions"):
        typed.feed("w4")
    assert [len(x) for x in typed.session.lanes] == [4, 4]


def test_other_lanes_keep_the_cursor() -> None:
    s = session("lstm")
    s.move(5)
    model = build("transformer", dtype="float32")
    s.set_lanes([*s.lanes, Lane("transformer", run(model, s.tokens), model)])
    assert (s.cursor, len(s.lanes)) == (5, 2)
    s.put_fork(s.forked(1, CutHead(0, 1)))
    s.put_fork(s.forked(0, Replace(2, "w9")))
    assert len(s.lanes) == 3
    assert s.lanes[1].parent is s.lanes[0]


@pytest.mark.parametrize("width", [60, 70, 80, 100, 120])
def test_the_head_ends_with_a_whole_word(width: int) -> None:
    s = Session([pair_lane("none"), pair_lane("seq2seq")])
    s.loop = True
    for playing in (False, True):
        s.playing = playing
        _, right = headline(s, width=width)
        said = "".join(text for text, _ in right)
        assert len(right) == 2 or cells(right) <= width // 2
        assert "tick 1" in said
        assert not said.strip().endswith("·")
        assert ("loop" in said) == (width >= (120 if playing else 100))
