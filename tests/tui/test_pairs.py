"""Source and target on one score: what crosses, the ticks of each lane, what is typed and written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from engine import Hold, LanguageModel, UnknownWords, load_trace, run, save_trace
from engine.arrays import Backend
from engine.lenses import gradient_flow
from engine.lenses.record import record
from engine.models.recurrent import RecurrentLM
from scenarios import zoo
from tests.engine.build import build
from tests.tui.pair_lanes import SOURCE, TARGET, pair_lane, pair_model
from tests.tui.score_stage import idle, lines, press, screen, text
from tui.app import PeepholeApp
from tui.crossing import words
from tui.given import Given, halves_of
from tui.lane import Lane
from tui.pace import Pace
from tui.screens.word_input import WordInput
from tui.session import Session
from tui.start import of_text, of_trace
from tui.tracks.attention import AttentionTrack
from tui.typed import Typed
from tui.views.vector import vector_of

KINDS = ("none", "bahdanau", "seq2seq", "encoder")
S = 8  # rows of the source: t h r o u g h </s>


def app(*kinds: str, free: bool = False, **sizes: int) -> PeepholeApp:
    models = [pair_model(kind, seed, **sizes) for seed, kind in enumerate(kinds)]
    target = None if free or kinds == ("encoder",) else TARGET
    lanes = [
        Lane(model.name, run(model, SOURCE.split(), target=target, most=5), model)
        for model in models
    ]
    return PeepholeApp(Session(lanes))


# Ticks ------------------------------------------------------------------------------------------


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
    async with app("none", "seq2seq").run_test(size=(120, 30)) as pilot:
        await press(pilot, "end")
        assert "tick 12 · steps 12 | 4" in lines(pilot)[0]
        assert "teacher forcing" in lines(pilot)[0]
        assert "none · teacher forcing · 12 of 12 steps" in lines(pilot)[1]
        assert "4 of 4 steps" in lines(pilot)[1]


# What is drawn -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("none", "only this row crosses: h of 2 layers, 2 × 8 numbers"),
        ("bahdanau", "every source row can be looked at: 8 × 8 numbers"),
        ("seq2seq", "every source row can be looked at: 8 × 8 numbers, in each of 2 layers"),
    ],
)
async def test_between_source_and_target_stands_what_crosses(kind: str, said: str) -> None:
    async with app(kind).run_test(size=(120, 30)) as pilot:
        await press(pilot, "end")
        shown = lines(pilot)
        at = next(i for i, line in enumerate(shown) if said in line)
        assert "</s>" in shown[at - 2]
        assert ("</s> ▼" in shown[at - 2]) == (kind == "none")
        assert "<s>" in shown[at + 1]
        for row in range(S):  # a source is not predicted: neither bits nor words
            line = next(
                x
                for x in shown
                if re.match(rf"[ ▶] *{row} {SOURCE.split()[row] if row < 7 else '<'}", x)
            )
            assert not re.search(r"\d\.\d|\.\d\d", line[8:])


def test_an_lstm_passes_both_its_states_on() -> None:
    from dataclasses import replace

    gru = pair_model("none", layers=1)
    architecture = replace(gru.architecture, cell="lstm")  # type: ignore[type-var]
    params = architecture.init(np.random.default_rng(0))
    model = replace(gru, architecture=architecture, params=params)
    lane = Lane("lstm", run(model, SOURCE.split(), target=TARGET), model)
    assert words(lane)[0] == "▼ only this row crosses: h and c, 2 × 8 numbers"


@pytest.mark.parametrize("kind", KINDS)
async def test_no_number_that_is_none_is_shown_in_any_track_or_view(kind: str) -> None:
    async with app(kind).run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        for row in (0, S, 99):
            screen(pilot).session.move(row)
            screen(pilot).sync()
            await idle(pilot)
            tracks = screen(pilot).score.tracks
            said = " ".join(track.reading() for track in tracks)
            assert not re.search(r"\bnan\b|-0\.0000", said + text(pilot)), (row, said)
        for view in "358":
            await press(pilot, view)
            assert not re.search(r"\bnan\b", text(pilot)), view


async def test_any_size_at_any_moment() -> None:
    async with app("bahdanau", "seq2seq", free=True).run_test(size=(80, 24)) as pilot:
        for width, height in (
            (60, 12),
            (200, 60),
            (40, 8),
            (81, 13),
            (61, 40),
            (120, 18),
            (80, 24),
        ):
            await pilot.resize_terminal(width, height)
            await pilot.press("space", "down")
            await pilot.pause()
        screen(pilot).playing(False)
        await press(pilot, "end")
        assert "▲ all 8 rows" in text(pilot) or "▲ every source row" in text(pilot)


async def test_the_explanation_leaves_the_rows_their_room_when_the_terminal_shrinks() -> None:
    async with app("none").run_test(size=(100, 40)) as pilot:
        await press(pilot, "end")
        assert "stands between them" in text(pilot)
        await pilot.resize_terminal(62, 16)
        await idle(pilot)
        assert "stands between them" not in text(pilot)
        assert "▶11" in text(pilot)


async def test_the_cursor_stays_in_sight_on_a_low_screen() -> None:
    async with app("none").run_test(size=(80, 12)) as pilot:
        for key in ("end", "home", *["down"] * 11, *["up"] * 5):
            await press(pilot, key)
            assert any("▶" in line for line in lines(pilot)[3:])


# Attention and gradients ----------------------------------------------------------------------------


async def test_attention_is_across_or_within_and_the_title_says_which() -> None:
    async with app("seq2seq").run_test(size=(200, 30)) as pilot:
        await press(pilot, "end")
        track = next(t for t in screen(pilot).score.tracks if isinstance(t, AttentionTrack))
        trace, row = track.lane.trace, S + 3
        values = track.values()
        assert values is not None
        np.testing.assert_allclose(values, trace["cross_weights"][row, 1].mean(0)[:S])
        assert "cross L1 mean" in text(pilot)
        for at in range(S, row + 1):  # every row of the target says what it looked at most
            weights = trace["cross_weights"][at, 1].mean(0)[:S]
            best = int(weights.argmax())
            line = next(x for x in lines(pilot) if re.match(rf"[ ▶] *{at} ", x))
            assert re.search(
                rf"▴{trace.tokens[best]} +{weights[best]:.2f}".replace("0.", "[.]"), line
            )
        await press(pilot, "w")
        values = track.values()
        assert values is not None
        np.testing.assert_allclose(values, trace["weights"][row, 1].mean(0)[: row + 1])
        assert not values[:S].any()
        assert "self L1 mean" in text(pilot)
        await press(pilot, "home")  # an encoder's row looks to both sides
        values = track.values()
        assert values is not None
        assert len(values) == S
        assert values[1:].all()


async def test_an_edge_across_is_cut_and_forced_from_the_track() -> None:
    async with app("dot", layers=1).run_test(size=(120, 30)) as pilot:
        await press(pilot, "end")
        s = screen(pilot)
        s.score.focus_track(next(t for t in s.score.tracks if isinstance(t, AttentionTrack)))
        await press(pilot, "plus")
        made = s.session.lanes[1]
        weights = made.trace["cross_weights"][S + 3, 0, 0, :S]
        assert sorted(weights) == [0.0] * 7 + [1.0]
        assert "only" in made.cut
        await press(pilot, "u")
        await press(pilot, "minus")
        made = s.session.lanes[1]
        weights = made.trace["cross_weights"][S + 3, 0, 0, :S]
        assert (weights == 0).sum() == 1
        assert weights.sum() == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("kind", ["none", "bahdanau", "seq2seq"])
def test_a_gradient_across_is_that_of_pushing_the_state(kind: str) -> None:
    """Central differences: every unit of h at one row of the source held a little higher and lower."""
    model = pair_model(kind, layers=1).to(Backend("numpy", "float64"))
    trace = run(model, SOURCE.split(), target=TARGET)
    row, k, step = S + 2, 2, 1e-5
    word = model.vocabulary.ids[trace.tokens[row]]
    h = trace["h"][k, 0]

    def loss(values: np.ndarray) -> float:
        held = run(
            model, SOURCE.split(), [Hold("h", tuple(values), 0, start=k, stop=k + 1)], target=TARGET
        )
        logits = held["logits"][row - 1]
        return float(np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[word])

    slopes = [
        (loss(h + step * unit) - loss(h - step * unit)) / (2 * step) for unit in np.eye(len(h))
    ]
    found = gradient_flow(model, trace, row)["h"].array
    assert found[k, 0] == pytest.approx(np.linalg.norm(slopes), rel=1e-5)
    assert not found[row:].any()


# The alignment --------------------------------------------------------------------------------------


async def test_the_alignment_grows_a_row_a_word_and_marks_the_largest() -> None:
    async with app("bahdanau", free=True, layers=1).run_test(size=(100, 30)) as pilot:
        await press(pilot, "8")
        s, trace = screen(pilot).session, screen(pilot).lane.trace
        for row in range(S, len(trace)):
            s.move(row)
            screen(pilot).sync()
            await idle(pilot)
            assert text(pilot).count("◆") == row - S + 1
            best = int(trace["cross_weights"][row, 0, 0, :S].argmax())
            assert f"({best}): {trace['cross_weights'][row, 0, 0, best]:.4f} (the largest)" in text(
                pilot
            )
            w = trace["cross_weights"][row, 0, 0, :S].astype(float)
            assert f"entropy {-(w * np.log2(w)).sum():.2f} of 3.00 bits" in text(pilot)


async def test_without_attention_the_one_vector_is_shown() -> None:
    async with app("none", layers=1).run_test(size=(100, 30)) as pilot:
        await press(pilot, "end", "8", "right")
        vector = screen(pilot).lane.trace["h"][S - 1, 0]
        assert "one vector crosses" in text(pilot)
        assert f"h[1] = {vector[1]:+.4f}" in text(pilot)
        for value in vector:
            assert f"{value:+.2f}" in text(pilot)


def test_the_vector_of_both_directions_is_of_both_ends() -> None:
    model = pair_model("none", layers=1, bidirectional=True)
    trace = run(model, SOURCE.split(), target=TARGET)
    found = vector_of(trace, "h", 0, S - 1)
    np.testing.assert_array_equal(found, [*trace["h"][S - 1, 0, :4], *trace["h"][0, 0, 4:]])


# Typing, forcing, writing ----------------------------------------------------------------------------


def letters(kind: str) -> LanguageModel:
    return pair_model(kind, layers=1, letters=True)


async def typed(pilot: Pilot, words: str) -> None:
    for key in words:
        await pilot.press({" ": "space", "-": "minus", ">": "greater_than_sign"}.get(key, key))
    await idle(pilot)


async def test_a_source_is_typed_read_and_written_out() -> None:
    model = letters("bahdanau")
    async with PeepholeApp(of_text([model], "hut", most=5)).run_test(size=(100, 30)) as pilot:
        await press(pilot, "i")
        await typed(pilot, "routz")
        assert "'z' is not a letter that this model knows" in text(pilot)
        await press(pilot, "enter")  # refused: the field stays
        await press(pilot, "backspace")
        assert "not a letter" not in text(pilot)
        await press(pilot, "enter")
        screen(pilot).playing(False)
        trace = screen(pilot).lane.trace
        assert trace.tokens[:6] == [*"rout", "</s>", "<s>"]
        assert trace.header.decoding["how"] == "greedy"
        await press(pilot, "i")
        await typed(pilot, "go -> TH UW1")
        await press(pilot, "enter")
        screen(pilot).playing(False)
        assert screen(pilot).lane.trace.tokens == ["g", "o", "</s>", "<s>", "TH", "UW1"]
        assert "teacher forcing" in lines(pilot)[0]
        await press(pilot, "f")
        assert "free running: greedy" in lines(pilot)[0]
        await press(pilot, "f")
        assert screen(pilot).lane.trace.tokens[-2:] == ["TH", "UW1"]
        await press(pilot, "i", "x", "escape")
        assert screen(pilot).lane.trace.tokens[-2:] == ["TH", "UW1"]


def test_a_model_that_reads_the_whole_text_reads_it_anew_with_every_word() -> None:
    model = pair_model("encoder")
    typed_in = Typed([model, build_like(model)])
    for word in ("t", "h", "r"):
        typed_in.feed(word)
    assert typed_in.back()
    whole, fed = typed_in.session.lanes
    assert whole.trace.tokens == fed.trace.tokens == ["<s>", "t", "h"]
    np.testing.assert_array_equal(whole.trace["h"], run(model, ["t", "h"])["h"])
    assert (typed_in.session.cursor, typed_in.session.over) == (2, True)


def build_like(model: LanguageModel) -> LanguageModel:
    """A recurrent model of the same words."""
    architecture = RecurrentLM("gru", len(model.vocabulary), width=8, embed=5)
    params = architecture.init(np.random.default_rng(0))
    return LanguageModel("gru", architecture, params, model.vocabulary)


async def test_how_it_writes_is_asked_for_and_refused_where_it_is_no_way() -> None:
    async with PeepholeApp(of_text([letters("dot")], "hut", most=5)).run_test(
        size=(120, 30)
    ) as pilot:
        await press(pilot, "d", *["backspace"] * 6)
        await typed(pilot, "beam 0")
        await press(pilot, "enter")
        assert "beam" in lines(pilot)[-3]
        await press(pilot, "backspace")
        await typed(pilot, "3")
        await press(pilot, "enter")
        assert "free running: beam 3" in lines(pilot)[0]


async def test_what_would_be_right_is_said_where_it_is_known_and_was_not_written() -> None:
    faulty = zoo.model("copy-gru")
    source = "abababababababab"  # longer than it ever read in training
    session = of_text([faulty], source)
    assert session.right == tuple(source)
    assert session.lanes[0].written != session.right
    async with PeepholeApp(session).run_test(size=(160, 24)) as pilot:
        await idle(pilot)
        assert f"right: {' '.join(source)}" in lines(pilot)[0]
        await press(pilot, "f")  # the right copy is read
        assert "right:" not in lines(pilot)[0]
        assert screen(pilot).lane.trace.tokens[18:] == list(source)


def test_what_a_lane_was_given_is_what_another_is_given() -> None:
    model = pair_model("none", layers=1, reverse=True)
    lane = Lane("none", run(model, SOURCE.split(), target=TARGET), model)
    assert lane.trace.tokens[:2] == ["h", "g"]
    given = Given.of(lane)
    assert (given.text, given.target) == (tuple(SOURCE.split()), tuple(TARGET.split()))
    assert given.read(model).tokens == lane.trace.tokens
    free = Given.of(Lane("none", run(model, SOURCE.split(), most=3), model))
    assert (free.target, free.most, free.decoding is not None) == ((), 3, True)


@pytest.mark.parametrize("kind", ["none", "seq2seq"])
async def test_a_saved_reading_opens_without_its_model(tmp_path: Path, kind: str) -> None:
    lane = pair_lane(kind)
    assert lane.model is not None
    save_trace(record(lane.model, lane.trace), tmp_path / "pair.safetensors")
    session = of_trace(load_trace(tmp_path / "pair.safetensors"))
    assert session.lanes[0].model is None
    async with PeepholeApp(session).run_test(size=(120, 30)) as pilot:
        await idle(pilot)
        shown = text(pilot)
        assert ("only this row crosses" if kind == "none" else "every source row") in shown
        assert "not saved" not in shown  # the gradient came with it
        await press(pilot, "8", "1")


async def test_tab_completes_the_words_of_a_source_and_the_ways_to_write() -> None:
    french = zoo.model("en-fr-gru")
    async with PeepholeApp(of_text([french], "she sees a boat .", most=5)).run_test(
        size=(100, 30)
    ) as pilot:
        field = screen(pilot).query_one(WordInput)
        await press(pilot, "i")
        assert "Complete" in lines(pilot)[-1]
        await typed(pilot, "she finds beautif")
        await press(pilot, "tab")
        assert field.value == "she finds beautiful"
        await typed(pilot, " -> ell")
        await press(pilot, "tab")
        assert field.value == "she finds beautiful -> elle"  # a word of the target
        await press(pilot, "escape", "d", "ctrl+u")
        for begun, whole in (("te", "temperature"), ("be", "beam"), ("gre", "greedy")):
            await typed(pilot, begun)
            await press(pilot, "tab")
            assert field.value == whole
            await press(pilot, "ctrl+u")
        await typed(pilot, "beam 4 le")
        await press(pilot, "tab")
        assert field.value == "beam 4 length"


async def test_completing_is_not_promised_where_there_is_nothing_to_complete() -> None:
    async with PeepholeApp(of_text([letters("dot")], "hut", most=5)).run_test(
        size=(100, 30)
    ) as pilot:
        await press(pilot, "i")
        assert "Complete" not in lines(pilot)[-1]
        await press(pilot, "escape", "d")
        assert "Complete" in lines(pilot)[-1]


def told(pilot: Pilot) -> str:
    """The last message."""
    return list(pilot.app._notifications)[-1].message


async def test_a_key_that_can_do_nothing_says_why() -> None:
    async with app("bahdanau").run_test(size=(100, 30)) as pilot:
        await press(pilot, "end")
        s = screen(pilot)
        before = (s.session.cursor, s.session.clock)
        await press(pilot, "o")
        assert (s.session.cursor, s.session.clock) == before
        assert "o is for language models" in told(pilot)
        await press(pilot, "w")
        assert "there is only attention to the source here (cross)" in told(pilot)
        assert "w Cross" not in lines(pilot)[-1]
    async with app("none").run_test(size=(100, 30)) as pilot:
        await press(pilot, "2", "w")
        assert "there is no attention here" in told(pilot)


async def test_writing_on_where_nothing_new_is_written_makes_no_lane() -> None:
    from engine import Decoding
    from tui.views.decoding import DecodingView

    model = zoo.model("copy-gru")
    lane = Lane(model.name, run(model, "b a d"), model)
    started = PeepholeApp(Session([lane]))
    async with started.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        last = len(lane.trace) - 1
        for row in (last, last - 1):  # the very end, and greedily once more
            screen(pilot).on_decoding_view_write(DecodingView.Write(lane, row, Decoding()))
            await idle(pilot)
            assert screen(pilot).session.lanes == [lane]
        said = [note.message for note in started._notifications]
        assert any("nothing to write on from there" in text for text in said)
        assert any(f"the same words again after row {last - 1}" in text for text in said)


def test_a_typed_target_is_of_its_own_side() -> None:
    model = zoo.model("spell-gru")
    Given.typed("cat -> K AE1", None).check(model)
    with pytest.raises(UnknownWords, match=r"does not write: 'k' \(nearest: K\)"):
        Given.typed("cat -> k", None).check(model)
    source, target = halves_of(zoo.model("en-fr-gru"))
    assert "red" in source
    assert "red" not in target
    assert "rouge" in target
