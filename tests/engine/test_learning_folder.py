"""Run folders: what is written is what is read, and a file that is damaged gets one message."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import PeepholeError
from engine.learning import config as configs
from engine.learning import files
from engine.learning.folder import RunFolder, is_run
from engine.learning.metrics import Event, Metrics, Update, to_line
from engine.learning.parsing import parse_line
from tests.runs import probe, synthetic

FILE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
numbers = st.floats(allow_nan=True, allow_infinity=True)


def lines(metrics: Metrics) -> list[str]:
    return [to_line(record) for record in metrics.until(1 << 60)]


@given(st.integers(1, 1 << 52), st.lists(numbers, min_size=5, max_size=5))
def test_an_update_comes_back_bit_for_bit(n: int, values: list[float]) -> None:
    back = parse_line(to_line(Update(n, *values)))
    assert isinstance(back, Update)
    for was, now in zip(values, list(asdict(back).values())[1:], strict=True):
        assert now == was if math.isfinite(was) else math.isnan(now)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "transformer"])
def test_a_probe_comes_back_whole(cell: str) -> None:
    was = probe(40, cell, 7, 1e-9)
    back = parse_line(to_line(was))
    assert to_line(back) == to_line(was)
    assert [layer.kind for layer in back.layers] == [cell]
    np.testing.assert_array_equal(back.layers[0].time["h"], was.layers[0].time["h"])
    assert back.params["W_hy"] == was.params["W_hy"]
    assert back.attention == was.attention


def test_what_is_not_finite_is_written_as_null_and_read_as_nan() -> None:
    line = to_line(Update(3, math.inf, math.nan, -math.inf, np.float32(0.1), 1.0))
    assert json.loads(line)["loss"] is None
    assert "NaN" not in line
    assert "Infinity" not in line
    back = parse_line(line)
    assert isinstance(back, Update)
    assert math.isnan(back.loss)
    assert back.lr == float(np.float32(0.1))
    event = Event(1, "diverged", "x", {"norm": math.inf, "norms": np.array([1.0, math.nan])})
    assert json.loads(to_line(event))["norms"] == [1.0, None]


def test_a_folder_opens_as_it_was_made(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "runs" / "a", updates=45)
    again = RunFolder.open(folder.path)
    assert again.config == folder.config
    metrics = again.read()
    assert metrics.update.tolist() == list(range(1, 46))
    assert metrics.loss[44] == 2.3 * math.exp(-45 / 50)
    assert [each.update for each in metrics.probes] == [0, 20, 40]
    assert [each.event for each in metrics.events] == ["done"]
    assert (metrics.last, len(metrics)) == (45, 45)
    with pytest.raises(AttributeError):
        metrics.perplexity  # noqa: B018


def test_an_existing_folder_is_never_overwritten(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "a", updates=1)
    before = (folder.path / "metrics.jsonl").read_bytes()
    with pytest.raises(PeepholeError, match="is there already"):
        RunFolder.create(folder.path, folder.config)
    assert (folder.path / "metrics.jsonl").read_bytes() == before


def test_a_folder_that_is_no_run_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(PeepholeError, match="no such folder"):
        RunFolder.open(tmp_path / "none")
    with pytest.raises(PeepholeError, match="not a run"):
        RunFolder.open(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "metrics.jsonl").write_text("")
    assert is_run(tmp_path)
    with pytest.raises(PeepholeError, match="format None"):
        RunFolder.open(tmp_path)


def test_a_torn_last_line_waits_until_it_is_whole(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "a", updates=2)
    line = to_line(Event(2, "set", "more"))
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write(line[:10])
    tail = folder.follow()
    assert len(tail.more()) == 4
    assert tail.more() == []
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write(line[10:] + "\n")
    (record,) = tail.more()
    assert isinstance(record, Event)
    assert (record.event, tail.anew) == ("set", False)
    assert len(tail.metrics.events) == 2


def test_following_begins_anew_where_records_were_dropped(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "a", updates=30)
    tail = folder.follow()
    tail.more()
    kept = folder.cut(10)
    for n in range(11, 60):  # longer than it ever was
        folder.append(Update(n, 1.0, 1.0, 1.0, 1.0, 1.0))
    new = tail.more()
    assert tail.anew
    assert len(new) == len(kept.until(10)) + 49
    assert tail.metrics.update.tolist() == list(range(1, 60))
    assert not tail.more()
    assert not tail.anew


def test_dropping_keeps_what_is_before_to_the_letter(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "a", updates=45)
    path = folder.path / "metrics.jsonl"
    before = path.read_text()
    with path.open("a") as file:
        file.write('{"update": 46, "lo')
    (folder.path / "checkpoints" / "tmpab12_xyz").touch()
    (folder.path / "tmp.txt").touch()
    folder.cut(1 << 50)
    assert path.read_text() == before
    assert not list((folder.path / "checkpoints").iterdir())
    assert (folder.path / "tmp.txt").exists()
    kept = folder.cut(20)
    assert kept.last == kept.probes[-1].update == 20
    assert path.read_text() == "".join(line + "\n" for line in before.splitlines()[:22])


def test_a_branch_holds_the_run_up_to_its_update(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "a", updates=45)
    for update in (0, 20):
        folder.checkpoint(update).write_bytes(b"%d" % update)
    folder.probe(20).write_bytes(b"trace")
    (folder.path / "checkpoints" / "latest").touch()
    assert folder.checkpoints() == [0, 20]
    changed = replace(folder.config, recipe={**folder.config.recipe, "lr": 0.1})
    new = folder.branch(tmp_path / "b", 20, changed)
    assert RunFolder.open(new.path).config.parent == configs.Parent(str(folder.path), 20)
    assert RunFolder.open(new.path).config.recipe["lr"] == 0.1
    assert new.checkpoints() == [20]
    assert new.checkpoint(20).read_bytes() == b"20"
    assert new.probe(20).read_bytes() == b"trace"
    metrics = new.read()
    assert (metrics.last, metrics.probes[-1].update) == (20, 20)
    assert metrics.events[-1].event == "branched"
    assert len(folder.read()) == 45
    with pytest.raises(PeepholeError, match=r"no checkpoint of update 7.*There are: 0, 20"):
        folder.branch(tmp_path / "c", 7)
    assert not (tmp_path / "c").exists()


def test_two_processes_cannot_hold_one_run(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "a", updates=1)
    code = "import sys; from engine.learning.folder import RunFolder\n"
    code += "from engine.errors import PeepholeError\n"
    code += "try:\n with RunFolder.open(sys.argv[1]).lock(): print('held')\n"
    code += "except PeepholeError as error: print(error)"
    other = [sys.executable, "-c", code, str(folder.path)]
    with folder.lock():
        said = subprocess.run(other, capture_output=True, text=True, check=True).stdout
    assert f"another process is training this run (process {os.getpid()})" in said
    assert subprocess.run(other, capture_output=True, text=True, check=True).stdout == "held\n"


def test_a_full_disk_leaves_no_half_of_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = synthetic(tmp_path / "a", updates=1)
    before = (folder.path / "metrics.jsonl").read_bytes()
    write, parts = os.write, iter([9, 9])

    def nearly_full(file: int, data: bytes) -> int:
        for part in parts:
            return write(file, data[:part])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "write", nearly_full)
    with pytest.raises(PeepholeError, match="No space left on device"):
        folder.append(Event(1, "set", "x"))
    assert (folder.path / "metrics.jsonl").read_bytes() == before


DAMAGED = [
    ("", "not JSON"),
    ("[]", "should be a table"),
    ("{", "not JSON"),
    ('{"update": 0, "loss": 1}', "counted from 1"),
    ('{"update": -1, "event": "x"}', "whole number"),
    ('{"update": true, "event": "x"}', "whole number"),
    ('{"update": 1.5}', "whole number"),
    ('{"update": 3, "loss": "low"}', "loss should be a number"),
    ('{"update": 3, "loss": NaN}', "NaN is not JSON"),
    ('{"update": 3, "probe": {"rows": 2, "layers": 3}}', "layers should be a list"),
    ('{"update": 3, "probe": {"rows": 2, "layers": [{"name": "a\\nb"}]}}', "several lines"),
    ('{"update": 3, "event": "\\u001b[2J"}', "cannot be printed"),
    ('{"update": 3, "event": "set", "lr": {"a": "\\u001b"}}', "cannot be printed"),
    ('{"update": 3, "event": "set", "x": ' + "[" * 9 + "]" * 9 + "}", "nested too deeply"),
    ('{"update": 3, "event": ' + "[" * 99999 + "}", "nested too deeply"),
    ('{"update": 2, "loss": 1}\n{"update": 2, "loss": 1}', "update 2 after update 2"),
    ("\x00" * 40, "not JSON"),
]


@pytest.mark.parametrize(("line", "what"), DAMAGED)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, what: str) -> None:
    folder = synthetic(tmp_path / "a", updates=1)
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write(line + "\n")
    number = 4 + line.count("\n")
    with pytest.raises(PeepholeError, match=rf"metrics\.jsonl, line {number}: .*{what}") as caught:
        folder.read()
    assert len(str(caught.value)) < 500 + len(str(folder.path))


def test_bytes_that_are_no_text_and_lines_without_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = synthetic(tmp_path / "a", updates=1)
    path = folder.path / "metrics.jsonl"
    path.write_bytes(b'{"update": 1, "event": "\xff"}\n')
    with pytest.raises(PeepholeError, match=r"line 1: .*not UTF-8"):
        folder.read()
    path.write_bytes(b" " * (files.LONGEST + 2))
    with pytest.raises(PeepholeError, match=r"line 1: .*longer than"):
        folder.read()
    monkeypatch.setattr(files, "LARGEST", 1000)
    with pytest.raises(PeepholeError, match="larger than"):
        folder.read()
    path.unlink()
    path.mkdir()
    with pytest.raises(PeepholeError, match="not a run"):
        RunFolder.open(folder.path)
    with pytest.raises(PeepholeError, match="cannot read"):
        folder.read()


def mangled(text: bytes, draw: st.DataObject) -> bytes:
    """Text with a few bytes replaced, taken out or put in, as a hand or a bad disk might."""
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(text)))
        new = draw.draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from([b"null", b"-1", b"1e999", b'"', b"{}", b"[]", b"\n", b"9" * 500]),
            )
        )
        text = text[:at] + new + text[at + draw.draw(st.integers(0, 12)) :]
    return text


@FILE
@given(st.data())
def test_no_metrics_file_gives_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = synthetic(tmp_path_factory.mktemp("run") / "a", updates=3, rows=3)
    path = folder.path / "metrics.jsonl"
    path.write_bytes(mangled(path.read_bytes(), data))
    try:
        metrics = folder.read()
    except PeepholeError as error:
        assert "metrics.jsonl" in str(error)  # noqa: PT017
    else:
        for record in metrics.until(1 << 60):
            parse_line(to_line(record))  # what was taken can be written and read again


@FILE
@given(st.data())
def test_no_config_file_gives_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = synthetic(tmp_path_factory.mktemp("run") / "a", updates=1, rows=3)
    path = folder.path / "config.json"
    path.write_bytes(mangled(path.read_bytes(), data))
    try:
        config = RunFolder.open(folder.path).config
    except PeepholeError as error:
        assert "config.json" in str(error)  # noqa: PT017
    else:
        assert configs.parse(json.loads(json.dumps(config.as_json()))) == config


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@FILE
@given(st.data())
def test_no_value_in_a_config_gives_a_traceback(data: st.DataObject) -> None:
    said = configs.Config(
        "a", task=configs.TaskSpec("recall", 5), model=configs.ModelSpec("lstm"), recipe={"lr": 1}
    ).as_json()
    at = said
    while True:
        key = data.draw(st.sampled_from(sorted(at)))
        if not isinstance(at[key], dict) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(values)
    try:
        config = configs.parse(said)
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        assert configs.parse(config.as_json()) == config
