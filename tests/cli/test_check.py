"""`peephole check` tells all that is wrong at once, with line, column and the word underlined."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import engine
from engine import save_trace
from scenarios import readers, shelf

HEAD = """title = "Mine"
text = "the cats were happy ."

[lanes]
lane = { model = "@" }
"""
BEAT = """
[[beats]]
title = "One"
stop = "were"
say = "It gives {p:.0%}."
measure.p = "probability(lane, here, 'were')"
expect = ["0 < p < 1"]
"""
STRUCTURE = [  # what is changed into what, and the words that are underlined for it
    ('title = "Mine"', 'titel = "Mine"', "titel"),
    ('title = "One"', "title = 1", "title"),
    ('stop = "were"', 'stop = "were"\nview = "scores"', "scores"),
    ("measure.p", 'vieww = "unit"\nmeasure.p', "vieww"),
    ('say = "It gives {p:.0%}."', 'say = " "\nlayer = -1\nlanes = []', "-1"),
]
SENSE = [
    ("{p:.0%}", "{q:.0%}", "{q"),
    ("probability(lane, here", "probabilty(lane, here", "probabilty"),
    ("{q:.0%}", "{q:.0%} {r}", "{r"),  # and not the first one alone
    ('"0 < p < 1"', '"0 < p < 1", "gone > p", "p"', "gone"),
    ('"0 < p < 1"', '"0 < p < 1", "1 < 2"', "1 < 2"),
]
RUNNING = [
    ('"were"\n', '"wher"\n', "wher"),
    ("happy", "hapy", "hapy"),
    ("happy .", "happy .", None),
    ("here, 'were'", "99, 'were'", "99"),
    ("here, 'were'", "here, 'weer'", "weer"),
    ('"0 < p < 1"', '"0 < p < 1", "attention(lane, 1) > 1"', "attention"),
]


def found(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def underlined(path: Path, record: dict) -> str:
    line = path.read_text(encoding="utf-8").split("\n")[record["line"] - 1]
    return line[record["column"] - 1 :][: record["length"]]


@pytest.fixture
def write(tmp_path: Path, models: dict[str, str]):
    def made(changes, name: str = "mine.toml") -> Path:
        text = (HEAD + BEAT).replace("@", models["lstm"])
        for old, new, _ in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return made


@pytest.mark.parametrize("changes", [STRUCTURE, SENSE], ids=["structure", "sense"])
def test_all_mistakes_of_a_file_are_told_at_once_where_they_stand(cli, write, changes) -> None:
    path = write(changes)
    result = cli("check", path, "--json")
    assert result.exit_code == 2
    records = found(result)
    assert {word for *_, word in changes} <= {underlined(path, record) for record in records}
    assert [r["line"] for r in records] == sorted(r["line"] for r in records)
    assert all(r["path"] == str(path) and r["kind"] == "mistake" for r in records)
    plain = cli("check", path)
    assert plain.exit_code == 2
    assert plain.stdout == ""
    for record in records:
        assert (
            f"peephole: {path}:{record['line']}:{record['column']}: {record['message']}"
            in plain.stderr
        )
    assert plain.stderr.count("^\n") == len(records)
    assert plain.stderr.endswith(f"{len(records)} mistakes\n")


@pytest.mark.parametrize("change", RUNNING, ids=lambda change: change[1])
def test_what_only_shows_when_it_runs_is_underlined_as_well(cli, write, change) -> None:
    path = write([change])
    result = cli("check", path, "--json")
    wanted = [] if change[2] is None else [change[2]]
    assert [underlined(path, record) for record in found(result)] == wanted
    assert result.exit_code == (2 if wanted else 0)


def test_one_mistake_while_running_hides_neither_another_nor_the_claims(cli, write) -> None:
    more = BEAT.replace('"were"\n', '"wher"\n').replace("0 < p < 1", "row(lane, 'cats') == 3")
    more = more.replace("One", "Two")
    path = write([("[[beats]]", more + "\n[[beats]]", None)])
    result = cli("check", path)
    assert result.exit_code == 2
    assert "no row 'wher' in lane" in result.stderr
    assert "1 of 2 claims failed" in result.stderr
    assert "mine: 1 mistake; of what could be measured, 1 of 2 claims FAILED" in result.stdout


def test_a_claim_that_fails_is_underlined_and_not_one_that_reads_alike(cli, write) -> None:
    path = write([('"0 < p < 1"', '"2 * p > 0", "p > 2", "2 > p"', None)])
    result = cli("check", path, "--json")
    assert result.exit_code == 1
    (record,) = found(result)
    assert record["kind"] == "claim"
    assert record["message"].startswith("'p > 2' is not true: ")
    assert record["message"].endswith(" > 2")
    assert underlined(path, record) == "p > 2"
    printed = cli("check", path).stdout.splitlines()
    at = printed.index("  FAILED  p > 2")
    assert printed[at + 2].strip() == f"{path}:{record['line']}:{record['column']}"
    assert printed[at + 4].index("^") == printed[at + 3].index("p > 2")


def test_a_word_is_underlined_in_the_claim_that_is_meant(cli, write) -> None:
    claims = '"row(lane, \'cats\') < 99", "p > surprisal(lane, 99)", "q > p", "p < 1 and q > 2"'
    path = write([('"0 < p < 1"', claims, None)])
    columns = [record["column"] for record in found(cli("check", path, "--json"))]
    line = next(x for x in path.read_text().split("\n") if x.startswith("expect"))
    assert columns == [line.index('"q > p') + 2, line.index("q > 2") + 1]
    path.write_text(path.read_text().replace('"q > p", "p < 1 and q > 2"', '"p < 2"'))
    (record,) = found(cli("check", path, "--json"))
    assert record["column"] == line.rindex("99") + 1
    assert underlined(path, record) == "99"


def test_what_no_beat_uses_is_checked_too(cli, write) -> None:
    lanes = 'lane = { model = "@" }\nidle = { cell = "lstm", text = "the catz" }\n'
    unused = "[measure]\nidly = \"surprisal(lane, 'gone')\"\n\n[[beats]]"
    path = write([("[[beats]]", unused, None)])
    path.write_text(
        path.read_text().replace("[lanes]\n", "[lanes]\n" + lanes.split("\n")[1] + "\n")
    )
    records = found(cli("check", path, "--json"))
    assert [underlined(path, record) for record in records] == ["catz", "gone"]


def test_mistakes_of_several_files_come_before_anything_runs(cli, write, tmp_path: Path) -> None:
    paths = [write(STRUCTURE[:1], "a.toml"), write([], "b.toml"), write(SENSE[:1], "c.toml")]
    result = cli("check", *paths, tmp_path / "none.toml", "--json")
    assert result.exit_code == 2
    where = [record["path"] for record in found(result)]
    assert where == [str(tmp_path / "none.toml"), str(paths[0]), str(paths[2])]
    assert "title" not in cli("check", *paths).stdout


def test_nothing_wrong_is_no_line_of_json(cli, write) -> None:
    result = cli("check", write([]), "--json")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    ("line", "word", "says"),
    [
        ('of = "zz"', "zz", "lane shows no 'zz' in the view 'score'"),
        ('of = "c self"', "self", "'self'"),
        ('view = "unit"\nof = "c, zz"', "zz", "'zz'"),
        ("layer = 7", "7", "only layer 0"),
        ("head = 3", "3", "no heads"),
        ('view = "alignment"', "alignment", "reads no source"),
        ('view = "attention"', "attention", "no attention"),
        ('view = "training"', "training", "no recorded run"),
        ('view = "residual"', "residual", "no residual stream"),
        ('view = "patching"', "patching", "no other reading"),
        ('view = "decoding"\nof = "beem 4"', "beem 4", "beem"),
        ('view = "equation"\nof = "c"', "c", "Take `of` out"),
    ],
)
def test_a_beat_that_would_show_nothing_is_a_mistake(cli, write, line, word, says) -> None:
    """Each of these stood empty on the screen, or was passed over without a word."""
    path = write([('stop = "were"', f'stop = "were"\n{line}', None)])
    result = cli("check", path, "--json")
    assert result.exit_code == 2
    (record,) = found(result)
    assert underlined(path, record) == word
    assert says in record["message"] + record["hint"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "One"', 'title = ""'),
        ('title = "Mine"', 'title = " "'),
        ('say = "It gives {p:.0%}."', 'say = ""'),
        ('stop = "were"', "lanes = []"),
        (
            '[[beats]]\ntitle = "One"',
            '[[beats]]\ntitle = "One"\nsay = "-"\n[[beats]]\ntitle = "One"',
        ),
    ],
)
def test_what_is_empty_or_there_twice_is_a_mistake(cli, write, old, new) -> None:
    result = cli("check", write([(old, new, None)]), "--json")
    assert result.exit_code == 2
    assert len(found(result)) == 1


def test_a_file_that_begins_with_a_mark_of_its_order_is_read(cli, write) -> None:
    """As editors on Windows write it (U+FEFF)."""
    path = write([])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert cli("check", path).exit_code == 0
    assert shelf.heading(path).title == "Mine"


def test_one_claim_and_none_are_said_as_people_do(cli, write) -> None:
    assert "mine: 1 claim holds (" in cli("check", write([])).stdout
    result = cli("check", write([('expect = ["0 < p < 1"]', "", None)]))
    assert "mine: no claim was measured (" in result.stdout


@pytest.mark.parametrize(
    ("unit", "shape"),
    [("probability", r"[\d.]+%"), ("share right", r"[\d.]+%"), ("bits", r"[\d.]+ bits")],
)
def test_the_number_of_a_question_is_told_with_its_unit(cli, write, unit, shape) -> None:
    asked = f'ask = "How much?"\nguess = "p"\nnear = 0.1\nin = "{unit}"\nstop = "were"'
    result = cli("check", write([('stop = "were"', asked, None)]))
    assert result.exit_code == 0
    (after,) = re.findall(r"has an answer\n +(.*?)   \d+ ms", result.stdout)
    assert re.fullmatch(shape, after)


def test_what_to_do_with_a_run_or_a_trace_that_is_named_as_a_model(
    cli, write, models, tmp_path
) -> None:
    run = tmp_path / "my-run"
    shutil.copytree(readers.RUNS / "recall-gru-100", run)
    (checkpoint, *_) = sorted((run / "checkpoints").glob("*.safetensors"))
    save_trace(
        engine.run(engine.load_model(models["lstm"]), "the cats"), tmp_path / "t.safetensors"
    )
    named = {
        f"my-run/checkpoints/{checkpoint.name}": 'run = "./my-run", update = ',
        "my-run": 'run = "./my-run"',
        "t.safetensors": "A trace is one reading",
        "gone.safetensors": "`peephole train` makes such a file",
        "x" * 5000: "`peephole list models` names all",
        "rmm": "`peephole list models` names all",
    }
    for name, do in named.items():
        path = write([(f'"{models["lstm"]}"', f'"{name}"', None)])
        (record,) = found(cli("check", path, "--json"))
        assert do in record["hint"], name
        assert underlined(path, record) == name, name[:20]
