"""NPZ, JSON lines and CSV, read back by NumPy, json and csv: the numbers of the trace, bit for bit."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Trace, lenses, load_model, run
from engine.arrays import log_softmax
from tests.engine.build import build, tokens
from tests.export.conftest import ODD, odd_trace
from tui.export import npz, table
from tui.export.lines import lines
from tui.export.tracks import Catalogue, Track

KINDS = ("lstm", "transformer", "concat", "seq2seq")


def wanted(trace: Trace) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
    """Name -> array and axes of all that a recorded trace has; where no word was foretold no loss is."""
    found = {name: (trace[name], trace.axes(name)) for name in trace.names}
    for lens, results in trace.lenses.items():
        for name, named in results.items():
            array = named.array.copy()
            if lens == "gradient_map":
                assert not array[unforetold(trace)].any()
                array[unforetold(trace)] = np.nan
            found[f"{lens}.{name}"] = array, tuple(named.axes)
    p = np.exp(log_softmax(trace["logits"].astype(np.float64)))
    return {**found, "probabilities": (p, ("time", "word"))}


def unforetold(trace: Trace) -> np.ndarray:
    return np.isnan(trace.lenses["surprisal"]["bits"].array)


def rows_first(array: np.ndarray, axes: tuple[str, ...]) -> np.ndarray:
    return np.moveaxis(array, axes.index("time"), 0) if "time" in axes else array


@pytest.mark.parametrize("kind", KINDS)
def test_npz_holds_every_array_in_its_own_precision(cli, traces, tmp_path: Path, kind) -> None:
    trace, path = traces[kind]
    to = tmp_path / "t.npz"
    assert cli("export", path, "-o", to).exit_code == 0
    with np.load(to, allow_pickle=False) as read:
        about = json.loads(str(read["about"]))
        assert read["tokens"].tolist() == trace.tokens
        assert tuple(read["vocabulary"].tolist()) == trace.header.vocabulary
        arrays = wanted(trace)
        assert set(read.files) == {*arrays, "about", "tokens", "vocabulary"}
        for name, (array, axes) in arrays.items():
            expected = rows_first(array, axes)
            assert read[name].dtype == expected.dtype
            np.testing.assert_array_equal(read[name], expected)
            said = about["tracks"][name]["axes"]
            assert sorted(said) == sorted(axes)
            assert said[0] == "time" or "time" not in axes
    assert about["model"] == trace.header.model
    assert about["trace"] == trace.id


def test_the_same_trace_makes_the_same_bytes(cli, traces, tmp_path: Path) -> None:
    for name in ("a", "b"):
        cli("export", traces["lstm"][1], "-o", tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}, "no clock is asked"


def back(value: object, dtype: np.dtype) -> np.ndarray:
    """An array from JSON: null is NaN, and NumPy reads the words for infinity."""
    if isinstance(value, dict):
        value = list(value.values())
    if dtype.kind == "f":
        return np.array(value, dtype=object).astype(np.float64).astype(dtype)
    return np.array(value, dtype=dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_json_lines_read_back_as_the_same_numbers(cli, traces, kind) -> None:
    trace, path = traces[kind]
    result = cli("export", path, "--format", "jsonl", "-o", "-")
    read = [json.loads(line, parse_constant=pytest.fail) for line in result.stdout.splitlines()]
    assert [(line["row"], line["token"]) for line in read] == list(enumerate(trace.tokens))
    for name, (array, axes) in wanted(trace).items():
        if "time" not in axes:
            assert name in result.stderr
            continue
        expected = rows_first(array, axes)
        for row, line in enumerate(read):
            np.testing.assert_array_equal(back(line[name], array.dtype), expected[row])
    words = trace.header.vocabulary
    for line in read:
        if len(set(words)) == len(words):
            assert list(line["probabilities"]) == list(words)
        else:
            assert isinstance(line["probabilities"], list), "no word can stand for two numbers"
        part = "source" if line["row"] < trace.source else "target"
        assert line.get("part", part if trace.source else "") == (part if trace.source else "")
        for at, word in enumerate(line["top_k.words"]):
            there = line["top_k.p"][at] is not None
            said = trace.header.vocabulary[line["top_k.ids"][at]]
            assert word == (said if there else None)


def parsed(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def unguarded(cell: str) -> str:
    """What the manual says: a ' before such a sign comes off."""
    return re.sub(r"^'(?='*(\s*[=+\-@＝＋－＠]|[\t\r\n]))", "", cell)


@pytest.mark.parametrize("kind", KINDS)
def test_long_csv_has_every_number_once(cli, traces, kind) -> None:
    trace, path = traces[kind]
    read = parsed(cli("export", path, "--format", "csv", "-o", "-").stdout)
    by_track: dict[str, list[dict[str, str]]] = {}
    for line in read:
        by_track.setdefault(line["track"], []).append(line)
    arrays = wanted(trace)
    assert set(by_track) == set(arrays)
    words = {word: i for i, word in enumerate(trace.header.vocabulary)}
    distinct = len(words) == len(trace.header.vocabulary)
    for name, (array, axes) in arrays.items():
        expected, found = array.astype(float), np.full(array.shape, 7.0)
        for line in by_track[name]:
            place = [
                int(line["row"]) if axis == "time"
                else words[unguarded(line[axis])] if axis == "word" and distinct
                else int(line[axis])
                for axis in axes
            ]  # fmt: skip
            found[tuple(place)] = float(line["value"] or "nan")
            if "time" in axes:
                assert unguarded(line["token"]) == trace.tokens[int(line["row"])]
            half = "source" if line["row"] and int(line["row"]) < trace.source else "target"
            assert line.get("part") == (half * ("time" in axes) if trace.source else None)
        np.testing.assert_array_equal(found, expected)
        assert len(by_track[name]) == array.size


def test_wide_csv_has_a_line_a_row(cli, traces) -> None:
    trace, path = traces["lstm"]
    names = ("--track", "f", "--track", "surprisal", "--track", "prediction")
    read = parsed(cli("export", path, "--format", "csv", "--wide", *names, "-o", "-").stdout)
    assert len(read) == len(trace)
    for row, line in enumerate(read):
        for (layer, unit), value in np.ndenumerate(trace["f"][row]):
            assert np.float32(line[f"f.{layer}.{unit}"]) == value
        bits = trace.lenses["surprisal"]["bits"].array[row]
        np.testing.assert_array_equal(float(line["surprisal.bits"] or "nan"), bits)
        best = trace.header.vocabulary[trace.lenses["top_k"]["ids"].array[row, 0]]
        assert line["top_k.words.0"] == best


@pytest.mark.parametrize(
    ("decode", "ids"), [("greedy", "decoding.chosen"), ("beam 2", "search.token")]
)
def test_numbers_of_words_stand_beside_their_words(cli, models, decode: str, ids: str) -> None:
    path, text = models["lstm"], "the cats"
    vocabulary = load_model(path).vocabulary.words
    made = cli("export", path, text, "--decode", decode, "--most", "3", "--track", ids.split(".")[0],
               "--format", "csv", "-o", "-")  # fmt: skip
    found = [line for line in parsed(made.stdout) if line["track"] == ids]
    assert found
    assert "part" not in found[0]
    for line in found:
        there = int(line["value"]) >= 0
        assert unguarded(line["word"]) == (vocabulary[int(line["value"])] if there else "")


def test_wide_csv_of_a_pair_says_which_part(cli, traces) -> None:
    trace, path = traces["concat"]
    made = cli("export", path, "--format", "csv", "--wide", "--track", "surprisal", "-o", "-")
    parts = [line["part"] for line in parsed(made.stdout)]
    assert parts == ["source"] * trace.source + ["target"] * (len(trace) - trace.source)


@pytest.mark.parametrize("words", [ODD[:10], ODD[10:]])
def test_odd_tokens_come_through_every_format(words, tmp_path: Path) -> None:
    trace = odd_trace(words)
    tracks = Catalogue(trace, None).of(["surprisal", "logits", "prediction"])
    said = [json.loads(line) for line in lines(trace, tracks)]
    assert [line["token"] for line in said] == trace.tokens
    assert list(said[0]["logits"]) == list(trace.header.vocabulary)
    for text in ("".join(table.long(trace, tracks)), "".join(table.wide(trace, tracks))):
        read = parsed(text)
        assert {unguarded(line["token"]) for line in read} == set(trace.tokens)
        cells = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line]
        for cell in cells:
            number = re.fullmatch(r"-?(\d.*|inf)", cell)
            assert number or not re.match(r"\s*[=+\-@\t\r\n＝＋－＠]", cell), cell
    with (tmp_path / "t.npz").open("wb") as out:
        npz.write(trace, tracks, out)
    with np.load(tmp_path / "t.npz", allow_pickle=False) as read:
        assert read["tokens"].tolist() == trace.tokens


@given(st.lists(st.text(min_size=1), min_size=1, max_size=6))
def test_any_cell_comes_back_from_csv_and_computes_nothing(texts: list[str]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerow(map(table.safe, texts))
    (read,) = csv.reader(io.StringIO(written.getvalue(), newline=""), strict=True)
    assert [unguarded(cell) for cell in read] == texts
    for cell in read:
        assert cell.lstrip()[:1] not in tuple("=+-@＝＋－＠")
        assert cell[:1] not in tuple("\t\r\n")


@given(st.floats(width=32), st.floats())
def test_any_number_comes_back_from_text(single: float, double: float) -> None:
    for dtype, value in ((np.float32, single), (np.float64, double)):
        array = np.array([value], dtype)
        trace = Trace.from_arrays(
            run(build("lstm"), tokens(1)).header, ["<s>"], {"x": array[None].astype(np.float64)}
        )
        track = Track("x", array[None], ("time", "unit"))
        (line,) = lines(trace, [track])
        np.testing.assert_array_equal(back(json.loads(line)["x"], array.dtype), array)
        (cells,) = parsed("".join(table.wide(trace, [track])))
        np.testing.assert_array_equal(np.array([float(cells["x.0"] or "nan")]).astype(dtype), array)


def test_a_model_and_a_text_are_run_now(cli, models, tmp_path: Path) -> None:
    text = "the cats were happy ."
    to = tmp_path / "t.npz"
    assert cli("export", models["lstm"], text, "--track", "h", "-o", to).exit_code == 0
    with np.load(to, allow_pickle=False) as read:
        np.testing.assert_array_equal(read["h"], run(load_model(models["lstm"]), text)["h"])
    held = tmp_path / "held.npz"
    cli("export", models["lstm"], text, "--hold", "f = 0 from 2", "--track", "gates", "-o", held)
    with np.load(held, allow_pickle=False) as read:
        assert (read["f"][2:] == 0).all()
        assert (read["f"][:2] != 0).all()
        assert {"i", "f", "o"} < set(read.files)


def test_a_lane_of_a_scenario_has_what_is_set_by_hand(cli, tmp_path: Path) -> None:
    to = tmp_path / "shut.npz"
    assert cli("export", "agreement", "--lane", "shut", "--track", "f", "-o", to).exit_code == 0
    with np.load(to, allow_pickle=False) as read:
        assert (read["f"] == 0).all()
        assert json.loads(str(read["about"]))["interventions"]
    page = cli("export", "agreement", "--beat", "1", "-o", tmp_path / "beat.html")
    assert page.exit_code == 0


def test_what_the_screen_calls_it_is_understood(traces) -> None:
    trace, _ = traces["seq2seq"]
    found = Catalogue(trace, None)
    assert [t.name for t in found.of(["attention"])] == ["weights", "cross_weights"]
    assert [t.name for t in found.of(["gradient"])] == ["gradient_map.x", "gradient_map.h"]
    assert [t.name for t in found.of(["gradient.h", "gradient_map.h"])] == ["gradient_map.h"]
    (entropy,) = found.of(["entropy.cross_bits"])
    assert entropy.axes == ("time", "layer", "head")


def test_shares_are_those_of_each_row() -> None:
    model = build("gru", layers=1)
    trace = run(model, tokens(6))
    share = Catalogue(trace, model).of(["shares"])[1]
    assert share.name == "lag_shares.share"
    for row in range(1, 6):
        expected = lenses.lag_shares(model, trace, row)["share"].array
        np.testing.assert_array_equal(share.array[row], expected)
    assert np.isnan(share.array[0]).all()  # no loss of row 0


def test_list_names_what_can_be_asked_for(cli, traces, tmp_path: Path) -> None:
    trace, path = traces["transformer"]
    listed = cli("export", path, "--list").stdout.splitlines()
    names = [line.split()[0] for line in listed if not line.startswith(" ")]
    assert set(names) == set(wanted(trace))
    listed = listed[::2]
    assert "time 12, layer 2, head 2, key 12" in listed[names.index("weights")]
    for name in names:
        assert cli("export", path, "--track", name, "--format", "csv", "-o", "-").exit_code == 0


MISTAKES = [
    (["{lstm}", "--track", "gradiant", "-o", "{tmp}/t.csv"], "no track 'gradiant'. Did you mean 'gradient'"),
    (["{lstm}", "--track", "gradient.q", "-o", "{tmp}/t.csv"], "no track 'gradient.q'. Did you mean"),
    (["{lstm}", "--track", "weights", "-o", "{tmp}/t.csv"], "no track 'weights'"),
    (["{lstm}", "--track", "shares", "-o", "{tmp}/t.csv"], "lag shares is not recorded"),
    (["{lstm}", "--track", "rollout", "-o", "{tmp}/t.csv"], "has no attention"),
    (["{lstm}"], "no format is said. Say --format"),
    (["{lstm}", "-o", "-"], "stdout has no name"),
    (["{lstm}", "-o", "{tmp}/t.csw"], "no format is called '.csw'. Did you mean '.csv'"),
    (["{lstm}", "-o", "{tmp}"], "this is a folder. Name a file in it"),
    (["{lstm}", "-o", "{tmp}/new/"], "this is a folder. Name a file in it"),
    (["{lstm}", "-o", ""], "--output: nothing is written after it"),
    (["{lstm}", "-o", "x" * 400 + ".npz"], "cannot be written (File name too long)"),
    (["{lstm}", "-o", "/dev/null", "--force", "--format", "csv"], "a device, not a file. -o - writes"),
    (["agreemen", "--beat", "1", "-o", "{tmp}/t.npz"], "no scenario 'agreemen'. Did you mean 'agreement'"),
    (["{lstm}", "--beat", "1", "-o", "{tmp}/t.npz"], "only a scenario has lanes and beats"),
    (["{lstm}", "-o", "{tmp}/no/t.npz"], "there is no such folder"),
    (["{lstm}", "-o", "{tmp}/there.npz"], "it is there already. --force replaces it"),
    (["{lstm}", "a text", "-o", "{tmp}/t.npz"], "a trace has its text already"),
    (["{lstm}", "--decode", "greedy", "-o", "{tmp}/t.npz"], "a trace has its text already"),
    (["{lstm}", "--hold", "f = 0", "-o", "{tmp}/t.npz"], "no model to run again"),
    (["{lstm}", "--wide", "-o", "{tmp}/t.npz"], "only CSV is wide"),
    (["{lstm}", "--beside", "gru", "-o", "{tmp}/t.npz"], "only a page shows readings side by side"),
    (["{lstm}", "--track", "logits", "-o", "{tmp}/t.html"], "no page shows logits"),
    (["lstn", "x", "-o", "{tmp}/t.npz"], "no saved trace and no model 'lstn'. Did you mean 'lstm'"),
    (["lstm", "-o", "{tmp}/t.npz"], "lstm is a model, and reads nothing here. Give it a text"),
    (["lstm", "the catz", "-o", "{tmp}/t.npz"], "'catz' (nearest"),
    (["agreement", "-o", "{tmp}/t.npz"], "a scenario has several readings: "),
    (["agreement", "--lane", "shat", "-o", "{tmp}/t.npz"], "no lane 'shat'. Did you mean 'shut'"),
    (["agreement", "--beat", "99", "-o", "{tmp}/t.npz"], "there are beats 1 to 15"),
    (["agreement", "the cats", "--beat", "1", "-o", "{tmp}/t.npz"], "a scenario says itself"),
    (["agreement", "--lane", "shut", "--beat", "1", "-o", "{tmp}/t.npz"], "beat 1 does not show 'shut'"),
    (["lstm", "the cats", "--beat", "1", "-o", "{tmp}/t.npz"], "only a scenario has lanes and beats"),
    (["lstm", "the cats", "--format", "csv", "-o", "{tmp}/t.npz"], "and --format says csv"),
    (["{tmp}/empty.safetensors", "-o", "{tmp}/t.npz"], "empty.safetensors"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "says"), MISTAKES, ids=[says for _, says in MISTAKES])
def test_a_mistake_is_one_message_and_leaves_no_file(cli, traces, tmp_path, args, says) -> None:
    (tmp_path / "there.npz").write_text("mine")
    (tmp_path / "empty.safetensors").write_bytes(b"")
    before = sorted(tmp_path.iterdir())
    filled = [arg.format(tmp=tmp_path, lstm=traces["lstm"][1]) for arg in args]
    result = cli("export", *filled)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.npz").read_text() == "mine"


def test_a_foreign_name_leaves_the_archive(tmp_path: Path) -> None:
    trace = odd_trace(("a",))
    track = Track("../../etc/x", np.zeros((1, 1)), ("time", "unit"))
    with pytest.raises(Exception, match="no place in an archive"), (tmp_path / "t").open("wb") as f:
        npz.write(trace, [track], f)


def test_an_archive_is_an_ordinary_zip(cli, traces, tmp_path: Path) -> None:
    to = tmp_path / "t.npz"
    cli("export", traces["lstm"][1], "--track", "h", "-o", to)
    with zipfile.ZipFile(to) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["about.npy", "tokens.npy", "vocabulary.npy", "h.npy"]


def test_a_model_of_numbers_has_no_words(cli, tmp_path: Path) -> None:
    folder = tmp_path / "adding"
    made = ("--length", "6", "--width", "4", "--updates", "1", "--print", "--run", folder)
    assert cli("learn", "adding", *made).exit_code == 0
    listed = cli("export", folder, "--list").stdout.splitlines()
    names = [line.split()[0] for line in listed if not line.startswith(" ")]
    assert "gradient_map.h" in names
    assert not {"probabilities", "surprisal.bits", "top_k.ids"} & set(names)
    result = cli("export", folder, "--track", "prediction", "-o", tmp_path / "t.csv")
    assert "answers with a number, not a word" in result.stderr
    assert cli("export", folder, "-o", tmp_path / "t.html").exit_code == 0
    assert "a run has its own probe" in cli("export", folder, "x", "-o", tmp_path / "t.npz").stderr
