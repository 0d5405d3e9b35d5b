"""`peephole record`: where it writes, what it refuses, and what is left when it is stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from engine.extras import install
from tests.record.checker import read
from tests.record.films import SENTENCE
from tui.cli import main
from tui.output import put

ROOT = Path(__file__).parents[2]
SMALL = ("agreement", "--beats", "1", "--size", "80x24")
READING = ("lstm", SENTENCE, "--size", "80x24")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def record(*arguments: str, code: int = 0) -> Result:
    """Run the command; it ends with this code, and never with a traceback."""
    result = CliRunner().invoke(main, ["record", *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_a_cast_of_a_scenario_beside_where_one_stands(here: Path) -> None:
    record(*SMALL)
    cast = read((here / "agreement.cast").read_text())
    assert cast.header["title"] == "Long-distance agreement"
    assert [path.name for path in here.iterdir()] == ["agreement.cast"]


def test_nothing_is_replaced_unless_it_is_said(here: Path) -> None:
    (here / "mine.cast").write_text("mine")
    refused = record(*SMALL, "-o", "mine.cast", code=2)
    assert "it is there already" in refused.output
    assert "--force" in refused.output
    assert (here / "mine.cast").read_text() == "mine"
    record(*SMALL, "-o", "mine.cast", "--force")
    read((here / "mine.cast").read_text())


def test_a_folder_gets_a_picture_of_each_beat(here: Path) -> None:
    record("agreement", "--beats", "2-3", "--size", "80x24", "-o", "pictures/")
    names = sorted(path.name for path in (here / "pictures").iterdir())
    assert names == ["agreement-02.svg", "agreement-03.svg"]
    assert "Bits: how surprised it is" in (here / "pictures/agreement-02.svg").read_text()
    record("agreement", "--beats", "3-4", "--size", "80x24", "-o", "pictures/", code=2)
    assert len(list((here / "pictures").iterdir())) == 2


def test_a_folder_that_is_a_file_is_said_to_be_one(here: Path) -> None:
    (here / "pictures").write_text("mine")
    assert "no folder" in record(*SMALL, "-o", "pictures/", code=2).output
    record(*SMALL, "-o", "more/pictures/")
    assert (here / "more/pictures/agreement-01.svg").exists()


def test_text_stands_frame_below_frame_and_needs_no_colours() -> None:
    said = record("agreement", "--beats", "2", "-o", "-", "--format", "text").stdout
    heads = [line for line in said.splitlines() if line.startswith("--- ")]
    assert heads[0] == "--- beat 2/15 · tick 1 ---"
    assert len(heads) > 5
    assert not any(line != line.rstrip() for line in said.splitlines())
    rows = [line for line in said.splitlines() if " the " in line and "▵" in line]
    assert rows, "signs are told by glyphs, and not by colour alone"


def test_ascii_is_ascii() -> None:
    said = record(*SMALL, "--ascii", "-o", "-", "--format", "text").stdout
    assert all(line.isascii() for line in said.splitlines() if not line.startswith("--- beat"))


def test_keys_are_pressed_in_their_order(here: Path) -> None:
    record(*READING, "--keys", "end up 3", "-o", "map.svg", "--theme", "light")
    assert ">Gradient<" in (here / "map.svg").read_text()
    record(*READING, "--keys", "end up 3 1", "-o", "score.svg")
    assert "row 9 'happy'" in (here / "score.svg").read_text()


def test_a_name_may_end_in_capitals_and_a_picture_needs_no_keys(here: Path) -> None:
    record(*READING, "-o", "map.SVG")
    assert "</svg>" in (here / "map.SVG").read_text()
    keys, bare = (
        record(*READING, *more, "--format", "text", "-o", "-").stdout for more in ((), ("--bare",))
    )
    for words in ("Space Play", "q Quit", "more tracks: Tab"):
        assert words in keys
        assert words not in bare


def test_a_model_is_not_held_for_what_explains_a_track(here: Path) -> None:
    record("lstm", "the cats", "-o", "film.cast", "--size", "100x40")
    cast = read((here / "film.cast").read_text())
    assert cast.events[-1][0] < 8, "rows, and 5 seconds for the end"


def test_keys_type_letters_and_blanks() -> None:
    typed = " ".join("cats") + " space"
    said = record(
        "lstm", "the", "--keys", f"i {typed} escape", "-o", "-", "--format", "text"
    ).stdout
    assert re.search(r"▶1 cats", said)


def test_models_and_runs_stand_beside_each_other(here: Path) -> None:
    record(*READING, "--beside", "rnn", "-o", "both.svg")
    assert ">lstm<" in (here / "both.svg").read_text()
    runs = ROOT / "scenarios/runs"
    first, second = str(runs / "recall-lstm-50-bias"), str(runs / "recall-lstm-50")
    record(first, "--beside", second, "-o", "runs.svg")
    assert "recall-lstm-50-bias" in (here / "runs.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("agrement",), "Did you mean"),
        (("lstm",), "Give it a text"),
        (("lstm", "the qwerty ."), "qwerty"),
        (("agreement", "--beats", "16"), "there are beats 1 to 15"),
        (("agreement", "--beats", "4-2"), "there are beats 1 to 15"),
        (("agreement", "--beats", "two"), "are no beats"),
        (("agreement", "--keys", "2"), "--keys does not go with it"),
        (("agreement", "--beside", "lstm"), "--beside does not go with it"),
        (("lstm", "the cats .", "--beats", "1"), "only a scenario has beats"),
        (("lstm", "the cats .", "--keys", "pgdown"), "Did you mean"),
        (("agreement", "extra"), "a scenario takes no text"),
        (("./mine.toml", "extra"), "mine.toml"),
        (
            ("lstm", "the", "-o", "x.svg", "--format", "mp4"),
            "its name says svg, and --format says mp4",
        ),
        (("lstm", "the", "--keys", "end q", "-o", "x.svg"), "q ends the app"),
        (("agreement", "-o", "film.mov"), "no format is called '.mov'"),
        (("agreement", "-o", "nowhere/film.cast"), "there is no such folder"),
        (("agreement", "-o", "x" * 400 + ".svg"), "cannot be written (File name too long)"),
        (("agreement", "-o", ""), "--output: nothing is written after it"),
        (("gone.safetensors",), "gone.safetensors: no such file"),
        (("agreement", "-o", "-"), "Say --format"),
        (("agreement", "-o", "-", "--format", "gif"), "gif is not text"),
        (("agreement", "--size", "big"), "is not COLUMNSxLINES"),
        (("agreement", "--size", "10x10"), "is not between"),
        (("agreement", "--tick", "0"), "--tick"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_message(here: Path, arguments: tuple[str, ...], said: str) -> None:
    result = record(*arguments, code=2)
    assert said in click.unstyle(result.output)
    assert not list(here.iterdir())


@pytest.mark.parametrize("right", [0, 1])
def test_a_beat_that_cannot_be_shown_is_a_mistake_and_no_film(here: Path, right: int) -> None:
    beat = '[[beats]]\ntitle = "to {0}"\nstop = "{0}"\nsay = "s"\n'
    (here / "wrong.toml").write_text(
        'title = "t"\nabout = "a"\ntext = "the cats ."\n[lanes]\nlstm = { model = "lstm" }\n'
        + beat.format("cats") * right
        + beat.format("dogs")
    )
    result = record("wrong.toml", code=2)
    assert "no row 'dogs'" in result.output
    assert not list(here.glob("*.cast"))


def test_without_the_extra_it_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.record.video.find_spec", lambda name: None)
    assert install("video") in record(*SMALL, "-o", "film.gif", code=2).output


def test_what_breaks_while_it_is_written_leaves_nothing(here: Path) -> None:
    def breaks(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    (here / "film.cast").write_text("whole")
    with pytest.raises(KeyboardInterrupt):
        put(here / "film.cast", breaks)
    assert [path.name for path in here.iterdir()] == ["film.cast"]
    assert (here / "film.cast").read_text() == "whole"


def test_control_c_ends_it_and_leaves_nothing(here: Path) -> None:
    command = [sys.executable, "-m", "tui.cli", "record", "agreement", "-o", "film.cast"]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "Long-distance agreement" in process.stderr.readline(), "it has begun to play"
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "stopped" in rest
    assert "Traceback" not in rest
    assert not list(here.iterdir())


MINE = """title = "Mine"
text = "the cats"
[lanes]
lane = { model = "lstm" }
[[beats]]
title = "One"
say = "{p:.0%}"
measure.p = "probability(lane, here, 'cats')"
expect = ["p > 2", "p < 2", "p > 3"]
"""


def test_claims_that_do_not_hold_are_said(here: Path) -> None:
    (here / "mine.toml").write_text(MINE)
    done = record("mine.toml", "-o", "a.svg", "--size", "80x24")
    assert "2 claims of this scenario do not hold: peephole check mine.toml" in done.output
    (here / "mine.toml").write_text(MINE.replace("3", "0"))
    done = record("mine.toml", "-o", "b.svg", "--size", "80x24")
    assert "1 claim of this scenario does not hold" in done.output


def test_a_mistake_has_its_line_and_says_how_many_more_there_are(here: Path) -> None:
    second = '[[beats]]\ntitle = "Two"\nsay = "-"\nstop = "dogs"\n'
    (here / "mine.toml").write_text(MINE + second)
    told = record("mine.toml", "-o", "a.svg", "--size", "80x24", code=2).output
    assert "mine.toml:13:9: no row 'dogs'" in told
    assert '13 | stop = "dogs"' in told
    broken = MINE.replace("{p:.0%}", "{a} {b} {c}")
    (here / "mine.toml").write_text(broken)
    told = record("mine.toml", "-o", "a.svg", "--size", "80x24", code=2).output
    assert "{a}" in told
    assert "and 2 more: peephole check mine.toml" in told
