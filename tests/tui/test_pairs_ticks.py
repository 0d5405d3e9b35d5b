"""Source and target on one score: the ticks and steps of each lane."""

from __future__ import annotations

from engine import Hold, run
from tests.engine.build import build
from tests.tui.pair_lanes import SOURCE, S, pair_app, pair_lane, pair_model
from tests.tui.score_stage import lines, press
from tui.lane import Lane
from tui.pace import Pace
from tui.session import Session


def test_a_recurrent_encoder_reads_a_row_a_tick_and_a_transformer_a_layer_of_all_rows() -> None:
    s = Session([pair_lane("none"), pair_lane("seq2seq")])
    rnn, transformer = s.lanes
    seen = []
    for _ in range(3):
        seen.append(
            (s.clock, s.cursor, s.begun(rnn), s.begun(transformer), s.depth(transformer, 0))
        )
        s.step()
    assert seen == [(1, 0, 1, S, 1), (2, 1, 2, S, 2), (3, 2, 3, S + 4, 2)]
    assert (s.depth(transformer, S), s.ticks) == (
        2,
        S + 4,
    )  # all rows of a given target at once too
    while s.step():
        pass
    assert (s.cursor, s.over) == (S + 3, True)


def test_what_is_written_comes_token_by_token() -> None:
    model = pair_model("seq2seq")
    lane = Lane("seq2seq", run(model, SOURCE.split(), most=4), model)
    s = Session([lane])
    assert (s.cursor, s.clock) == (S - 1, 1)  # </s>, with all the rows above it
    rows = []
    while s.step():
        rows.append(s.cursor)
    assert rows == [S - 1, *range(S, len(lane))]


def test_going_to_a_row_reads_it_in_every_lane() -> None:
    s = Session([pair_lane("seq2seq"), pair_lane("none")])
    s.move(5)
    assert (s.begun(s.lanes[1]), s.clock) == (6, 6)
    s.show(1)
    assert (s.cursor, s.clock) == (0, 1)  # the recurrent lane has read no more


def test_a_net_that_reads_both_ways_fills_its_rows_from_both_ends() -> None:
    pace = Pace([1] * 4, [4] * 4, both=4)
    assert [pace.halves(row, 1, 0) for row in range(4)] == [
        (True, False), (False, False), (False, False), (False, True),
    ]  # fmt: skip
    assert pace.depth(1, 1, 1) == 0
    assert pace.depth(1, 4, 1) == 1
    assert pace.halves(2, 3, 0) == (True, True)


def test_language_models_are_fed_word_by_word_or_read_all_at_once() -> None:
    s = Session.read([build("lstm"), build("transformer", layers=2)], [f"w{i}" for i in range(7)])
    assert (s.ticks, s.counted) == (8, False)
    s.feed(False)
    s.show(1)
    lstm, transformer = s.lanes
    assert (s.counted, s.begun(lstm), s.begun(transformer), s.depth(transformer, 7)) == (
        True,
        1,
        8,
        1,
    )
    assert [lane.pace.total for lane in s.lanes] == [8, 2]
    s.put_fork(s.forked(0, Hold("f", 0.0)))
    assert not any(lane.fed for lane in s.lanes)
    s.feed(True)
    assert [lane.pace.total for lane in s.lanes] == [8, 8, 8]


async def test_the_head_counts_the_steps_of_every_lane() -> None:
    async with pair_app("none", "seq2seq").run_test(size=(120, 30)) as pilot:
        await press(pilot, "end")
        assert "tick 12 · steps 12 | 4" in lines(pilot)[0]
        assert "teacher forcing" in lines(pilot)[0]
        assert "none · teacher forcing · 12 of 12 steps" in lines(pilot)[1]
        assert "4 of 4 steps" in lines(pilot)[1]
