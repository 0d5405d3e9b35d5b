"""Every other command, its exit codes, and what real processes see."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click import Context
from click.testing import CliRunner

from engine import load_model, run, save_trace
from scenarios import corpus, readers, zoo
from scenarios.measures import MEASURES
from tests.cli.conftest import TEXT
from tests.scenarios.models import untrained
from tui import start
from tui.cli import main

CLI = [sys.executable, "-m", "tui.cli"]


def test_every_command_has_help_with_an_example(cli) -> None:
    names = main.list_commands(Context(main))
    assert {
        "play", "open", "run", "check", "tour", "learn", "watch", "train", "list", "card",
    } <= {*names}  # fmt: skip
    for name in names:
        result = cli(name, "--help")
        assert result.exit_code == 0
        assert f"peephole {name}" in result.output.split("Examples:")[1]
    assert "peephole play agreement" in cli("--help").output


def test_version(cli) -> None:
    assert cli("--version").output.startswith("peephole, version ")


def test_check_prints_each_claim_with_what_was_measured(cli, script) -> None:
    result = cli("check", script("0 < p < 1", "row(lane, here) == 6"), "--say")
    assert result.exit_code == 0
    assert "ok      row(lane, here) == 6" in result.output
    assert "6 == 6" in result.output
    assert "mine: all 2 claims hold (" in result.output
    p = f"It gives {probability():.2%} to the verb."
    assert p in result.output


def probability() -> float:
    from engine.lenses import probability

    return probability(run(untrained("lstm"), TEXT), 6, "were")


def test_check_exits_with_1_if_a_claim_fails(cli, script) -> None:
    result = cli("check", script("0 < p < 1", "row(lane, here) == 7"))
    assert result.exit_code == 1
    assert "FAILED  row(lane, here) == 7" in result.stdout
    assert "6 == 7" in result.stdout
    assert "1 of 2 claims failed" in result.stderr


def test_check_exits_with_2_at_a_mistake_even_if_claims_fail(cli, script, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("title = 1")
    result = cli("check", script("p > 2"), bad)
    assert result.exit_code == 2
    assert f"{bad}:1:1: 'title' must be text, not 1" in result.stderr
    assert cli("check", "agreemnt").exit_code == 2
    assert cli("check", tmp_path / "none.toml").exit_code == 2


def test_a_mistake_in_the_middle_of_a_check_is_no_failed_claim(cli, script) -> None:
    result = cli("check", script("surprisal(lane, 99) > 1"))
    assert result.exit_code == 2
    assert "lane has rows 0 to 8, not 99" in result.stderr


def test_a_scenario_that_is_not_there_says_where_their_names_are(cli) -> None:
    for name in ("nosuch", "agreemnt"):
        result = cli("play", name)
        assert result.exit_code == 2
        assert "`peephole list scenarios`" in result.stderr
    assert "'agreement'" in result.stderr


def test_list(cli) -> None:
    everything = cli("list").output
    for name in zoo.names():
        assert name in everything
    assert cli("list", "words").output.split() == list(corpus.vocabulary()[1:])
    measures = cli("list", "measures").output
    for name in MEASURES:
        assert f"  {name}(" in measures
    assert cli("list", "weights").exit_code == 2
    listed = cli("list", "runs").output.splitlines()
    assert [line.split()[0] for line in listed] == list(readers.bundled_runs())


def test_a_bundled_run_is_known_by_its_name_as_a_scenario_is(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "600" in cli("watch", "recall-gru-100", "--print").output
    assert cli("export", "recall-gru-100@600", "--list").exit_code == 0
    assert cli("record", "recall-rnn-5", "-o", "a.svg", "--size", "80x24").exit_code == 0
    opened = []
    monkeypatch.setattr(start, "screen", lambda session: opened.append(session()))
    assert cli("open", "recall-rnn-5").exit_code == 0
    assert opened[0].lanes[0].run == readers.RUNS / "recall-rnn-5"
    for command in (["open"], ["watch"], ["export", "--list"]):
        assert "Did you mean 'recall-rnn-30'" in cli(*command, "recall-rnn-31").stderr
    (tmp_path / "recall-rnn-5").mkdir()  # a folder of one's own is not passed over
    assert "is not a run" in cli("watch", "recall-rnn-5").stderr


@pytest.mark.parametrize(
    "args", [[], ["play", "{script}"], ["open", "{lstm}"], ["open", "{trace}"]]
)
def test_the_screen_needs_a_terminal(cli, models, script, tmp_path: Path, args) -> None:
    trace = save_trace(run(untrained("gru"), TEXT), tmp_path / "t.safetensors")
    named = {"script": script("p > 0"), "trace": trace, **models}
    result = cli(*(arg.format(**named) for arg in args))
    assert result.exit_code == 2
    assert "the screen needs a terminal" in result.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["play", "agreement", "--beat", "99"], "--beat: agreement has no beat 99. It has 1 to 15"),
        (["play", "agreement", "vanishing", "--watch", "--beat", "99"], "has no beat 99"),
        (["play", "gone.toml", "--watch"], "gone.toml: cannot read"),
        (["play", "agreement", "agreemen", "--watch"], "no scenario 'agreemen'"),
        (["open", "lstm", "the catz"], "a word that the model does not know"),
        (["tour", "99"], "99"),
    ],
)
def test_a_mistake_comes_before_that_there_is_no_terminal(cli, args, says: str) -> None:
    result = cli(*args)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "terminal" not in result.stderr


def test_all_that_needs_no_terminal_is_named(cli) -> None:
    said = cli("play", "agreement").stderr
    assert {"run", "record", "export", "check"} <= set(re.findall(r"`(?:peephole )?(\w+)`", said))


def test_open_takes_no_text_with_a_trace(cli, tmp_path: Path) -> None:
    trace = save_trace(run(untrained("gru"), TEXT), tmp_path / "t.safetensors")
    result = cli("open", trace, "the cat")
    assert result.exit_code == 2
    assert "a trace has its text already" in result.stderr


def test_train_is_resumed_where_it_was_and_writes_weights_and_card(cli, tmp_path: Path) -> None:
    result = cli("train", "rnn", "--steps", "3", "--out", tmp_path, "--backend", "numpy")
    assert result.exit_code == 0, result.output
    weights = tmp_path / "rnn.safetensors"
    assert result.stdout.split() == [str(weights), str(weights.with_suffix(".md"))]
    assert "step 3 of 3: loss" in result.stderr
    assert zoo.model(str(weights)).card["updates"] == 3
    assert "# rnn" in cli("card", weights).output
    again = cli("train", "rnn", "--steps", "3", "--out", tmp_path, "--resume")
    assert again.exit_code == 2  # nothing to resume: the checkpoint of a finished run is gone
    assert "no such file: nothing was stopped here. Leave out --resume" in again.stderr
    trained = weights.read_bytes()
    over = ("train", "rnn", "--steps", "2", "--out", tmp_path, "--backend", "numpy")
    assert f"{weights}: it is there already. --force replaces it" in cli(*over).stderr
    (stopped := tmp_path / "rnn.checkpoint.safetensors").write_bytes(b"of hours")
    assert "--resume goes on with it, --force begins anew" in cli(*over).stderr
    assert (weights.read_bytes(), stopped.read_bytes()) == (trained, b"of hours")
    assert cli(*over, "--force").exit_code == 0
    assert load_model(weights).card["updates"] == 2
    assert cli("train", "rnnn", "--out", tmp_path).exit_code == 2
    assert cli("train", "rnn", "--steps", "0", "--out", tmp_path).exit_code == 2
    assert cli("train", "rnn", "--steps", "1", "--out", weights).exit_code == 2


HEADLESS = [
    ["run", "{gru}", TEXT], ["run", "{gru}", TEXT, "--json", "--values"],
    ["check", "{script}"], ["tour", "--list"], ["list"], ["list", "measures"], ["--help"],
]  # fmt: skip


@pytest.mark.parametrize("args", HEADLESS, ids=lambda args: " ".join(args[:2]))
def test_headless_commands_import_no_screen_and_no_torch(models, script, args) -> None:
    named = {"script": script("p > 0"), **models}
    given = [arg.format(**named) if arg.startswith("{") else arg for arg in args]
    code = (
        "import sys; from tui.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print('LOADED', [m for m in ('textual', 'torch', 'autograd', 'plotext')"
        " if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "LOADED []" in done.stderr


def test_a_closed_pipe_is_quiet(models) -> None:
    command = [*CLI, "run", models["transformer"], TEXT, "--json", "--values"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    json.loads(process.stdout.readline())
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 141


def test_ctrl_c_stops_a_training_cleanly(tmp_path: Path) -> None:
    command = [*CLI, "train", "gru", "--backend", "numpy", "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == "stopped"


def test_an_ascii_terminal_is_served(models) -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    command = [*CLI, "run", models["transformer"], TEXT, "--cut-edge", "3->2"]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", [".", "README.md"])
def test_a_path_that_is_no_model_is_told_from_an_unknown_name(what: str) -> None:
    found = CliRunner().invoke(main, ["run", what, "the cats were happy ."])
    assert found.exit_code == 2
    assert "Did you mean" not in found.output
    assert ("a folder" if what == "." else "not a whole peephole file") in found.output


def test_a_card_names_sizes_and_no_part_of_the_machine() -> None:
    found = CliRunner().invoke(main, ["card", "lstm"])
    assert "width 64" in found.output
    assert "<module" not in found.output


@pytest.mark.parametrize(
    "options", [("--hold", "f = 0 from 99"), ("--replace", "99 = cat")], ids=lambda o: o[0]
)
def test_what_begins_beyond_the_text_is_refused(options: tuple[str, str]) -> None:
    found = CliRunner().invoke(main, ["run", "lstm", "the cats .", *options])
    assert found.exit_code == 2
    assert "the text ends at row 3" in found.output


LONG = "x" * 5000


@pytest.mark.parametrize(
    "args",
    [
        *(
            ["open", LONG],
            ["watch", LONG],
            ["record", LONG],
            ["play", LONG],
            ["check", LONG + ".toml"],
        ),
        *(["export", LONG, "the", "-o", "{tmp}/t.npz"], ["run", "{lstm}", "the", "--save", LONG]),
        *(
            ["learn", "recall", "--run", LONG],
            ["train", "rnn", "--out", LONG],
            ["schema", "-o", LONG],
        ),
        ["serve", "--web", "0", "--scenarios", LONG],
    ],
    ids=lambda args: " ".join(args)[:24],
)
def test_a_name_that_no_file_could_have_is_a_mistake(cli, models, tmp_path: Path, args) -> None:
    result = cli(*(arg.format(tmp=tmp_path, **models) for arg in args))
    assert result.exit_code == 2
    assert result.stderr.startswith("peephole: ")
    assert result.stderr.count("\n") == 1
