"""`peephole new` writes a scenario that plays as it is, and says what its keys mean."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from engine.errors import PeepholeError
from scenarios import beginning, schema, tasks, zoo
from scenarios.keys import BEAT, LANE, SCENARIO
from scenarios.play import Play

TEXT = "the cats on the mat were happy ."
ASKED = [
    (),
    ("--text", TEXT),
    ("--model", "transformer", "--text", TEXT),
    ("--model", "rnn@600"),
    ("--model", "spell-bahdanau", "--text", "through"),
    ("--model", "spell-gru", "--text", "through", "--target", "TH R UW1"),
    ("--model", "bank-encoder"),
    ("--model", "gru", "--task", "recall 20"),
    ("--model", "transformer", "--task", "dyck"),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_what_is_written_plays_and_its_claims_hold(cli, here: Path, asked: tuple[str, ...]) -> None:
    result = cli("new", "my-own", *asked)
    assert result.exit_code == 0, result.output
    count = re.search(
        r"wrote my-own.toml: (\d) beats?, (\d) claims?, measured as true", result.output
    )
    assert count
    checked = cli("check", here / "my-own.toml", "--say")
    assert checked.exit_code == 0, checked.output
    held = "1 claim holds" if count[2] == "1" else f"all {count[2]} claims hold"
    assert f"my-own: {held}" in checked.output
    data = tomllib.loads((here / "my-own.toml").read_text(encoding="utf-8"))
    assert len(data["beats"]) == int(count[1])
    jsonschema.validate(data, schema.schema())
    for lane in data["lanes"]:  # every lane that is there is shown
        assert any(lane in beat.get("lanes", [next(iter(data["lanes"]))]) for beat in data["beats"])


def test_what_it_says_to_do_next_are_commands_that_there_are(cli) -> None:
    printed = cli("new", "mine").output
    for command in re.findall(r"^  peephole (\w+)", printed, re.MULTILINE):
        assert cli(command, "--help").exit_code == 0
    assert "peephole check mine.toml " in printed
    assert "peephole play mine.toml --watch " in printed


@pytest.mark.parametrize("name", zoo.names())
def test_every_bundled_model_has_a_beginning_that_holds(name: str) -> None:
    play = Play(beginning.new("mine", name, None, "", None).scenario)
    assert len(play) >= 1
    for i in range(len(play)):
        verdicts = play.verdicts(i)
        assert verdicts
        assert all(verdict.passed for verdict in verdicts)


@pytest.mark.parametrize("task", tasks.TASKS)
def test_so_has_every_task(task: str) -> None:
    play = Play(beginning.new("mine", "gru", None, task, None).scenario)
    assert all(verdict.passed for i in range(len(play)) for verdict in play.verdicts(i))


def test_every_key_is_there_and_may_be_used(cli, here: Path) -> None:
    """Each line that is a comment only for its # is one that the reader takes."""
    cli("new", "mine")
    text = (here / "mine.toml").read_text(encoding="utf-8")
    head, lanes, beats = re.split(
        r"^\[lanes\]$|^\[\[beats\]\]$", text, maxsplit=2, flags=re.MULTILINE
    )
    tables = [(head, SCENARIO, ("lanes", "beats")), (beats.split("[[beats]]")[0], BEAT, LANE.keys)]
    for part, table, others in tables:
        shown = re.findall(r"^#?([\w-]+)(?:\.\w+)? = ", part, re.MULTILINE)
        assert set(table.keys) - set(others) <= set(shown)
    validator = jsonschema.Draft202012Validator(schema.schema())
    linked = {key for pair in (*SCENARIO.apart, *BEAT.apart) for key in pair}
    linked |= {name for key, beside in BEAT.along for name in (key, *beside)}  # not alone
    unused = [
        (part, line)
        for part in (head, lanes, beats)
        for line in re.findall(r"^#\w.* = .*", part, re.MULTILINE)
    ]
    assert len(unused) > 12
    for part, line in unused:
        data = tomllib.loads(text.replace(part, part.replace(line, line[1:]), 1))
        why = [error.message for error in validator.iter_errors(data)]
        assert line[1:].split(" ")[0] in linked or not why, line


REFUSED = [
    (("../mine",), "not a name for a scenario"),
    (("a b",), "not a name for a scenario"),
    (("-",), "not a name for a scenario"),
    (("x" * 65,), "not a name for a scenario"),
    (("agreement",), "a bundled scenario has this name"),
    (("mine", "--model", "lsmt"), "lsmt"),
    (("mine", "--text", "the catz"), "does not know: 'catz'"),
    (("mine", "--text", " "), "needs something to read"),
    (("mine", "--target", "a"), "lstm reads no target"),
    (("mine", "--task", "recal"), "no task 'recal'. Did you mean 'recall'"),
    (("mine", "--task", "recall", "--text", "a"), "a task has its own text"),
    (("mine", "--task", "recall", "--model", "spell-gru"), "read by an untrained network"),
]


@pytest.mark.parametrize(("asked", "says"), REFUSED, ids=[" ".join(a) for a, _ in REFUSED])
def test_what_cannot_be_begun_is_one_message_and_no_file(
    cli, here: Path, asked: tuple[str, ...], says: str
) -> None:
    result = cli("new", *asked)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "mine.toml" not in result.stderr, "nothing points into a file that there is not"
    assert not list(here.iterdir())


def test_nothing_is_overwritten(cli, here: Path) -> None:
    (here / "mine.toml").write_text("kept")
    for name in ("mine", "mine.toml"):
        result = cli("new", name)
        assert result.exit_code == 2
        assert "mine.toml: is there already" in result.stderr
    assert (here / "mine.toml").read_text() == "kept"


def test_a_folder_that_cannot_be_written_is_one_message(cli, here: Path, monkeypatch) -> None:
    gone = here / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = cli("new", "mine")
    assert result.exit_code == 2
    assert "cannot write (No such file or directory)" in result.stderr


def test_a_model_file_beside_it_is_named_as_it_lies(
    cli, here: Path, models: dict[str, str]
) -> None:
    (here / "word.safetensors").write_bytes(Path(models["lstm"]).read_bytes())
    assert cli("new", "mine", "--model", "word.safetensors", "--text", TEXT).exit_code == 0
    assert '{ model = "word.safetensors" }' in (here / "mine.toml").read_text()
    assert cli("check", here / "mine.toml").exit_code == 0
    with pytest.raises(PeepholeError, match="needs something to read"):
        beginning.new("other", "word.safetensors", None, "", None)


def test_a_schema_that_is_there_is_not_written_over(cli, here) -> None:
    path = here / "s.json"
    path.write_text("mine")
    result = cli("schema", "-o", path)
    assert result.exit_code == 2
    assert "it is there already. --force replaces it" in result.stderr
    assert path.read_text() == "mine"
    assert cli("schema", "-o", "-").stdout == schema.text()
    assert cli("schema", "--force", "-o", path).exit_code == 0
    assert path.read_text(encoding="utf-8") == schema.text()


def test_a_text_without_words_is_none(cli, here) -> None:
    result = cli("new", "mine", "--text", " ")
    assert result.exit_code == 2
    assert "needs something to read" in result.stderr
    assert not list(here.iterdir())
