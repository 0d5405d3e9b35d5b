"""What `peephole check` lets a beat show is what the score has."""

from __future__ import annotations

import pytest

from scenarios import zoo
from scenarios.play import Play
from scenarios.reader import read_text
from scenarios.shown import known
from tests.tui.score_stage import app, idle, screen
from tui.widths import key


@pytest.mark.parametrize("family", ["elman", "lstm", "gru", "transformer"])
async def test_of_the_score_are_its_tracks(family: str) -> None:
    async with app(family).run_test(size=(200, 60)) as pilot:
        await idle(pilot)
        score = screen(pilot).score
        tracks = {word for track in score.tracks for word in key(track).split()}
        there = set(known("score", score.tracks[0].lane.trace))
    spoken = {"next", "word", "step", "Jacobian"}  # of names of two words, which nobody can say
    others = {"ticks", "self", "cross", "change", "tokens", "heads"}  # not tracks of every lane
    assert tracks - spoken <= there
    assert there - others <= tracks


def test_a_value_of_one_lane_is_enough(tmp_path) -> None:
    """Of side by side lanes one has a gate f, the other z; each shows its own."""
    lanes = "[lanes]\na = { model = 'lstm' }\nb = { model = 'gru' }\n"
    beat = "[[beats]]\ntitle = 't'\nsay = '-'\nlanes = ['a', 'b']\nof = 'f z'\n"
    text = f"title = 't'\ntext = 'the cats'\n{lanes}{beat}"
    play = Play(read_text(text, tmp_path / "x.toml"), zoo.model)
    assert play.stage(0).of == "f z"
