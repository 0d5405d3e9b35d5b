"""`peephole run` with words that the model writes: pairs, continued texts, and what was chosen from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine import Decoding, EditAttention, load_model, load_trace, run, save_model
from engine.beam import Search
from engine.interventions import from_record
from engine.text import START
from tests.engine.test_writing import S, pair

TEXT = "the cats on"


@pytest.fixture(scope="module")
def speller(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an untrained pair model that reads `a b b`."""
    return str(save_model(pair(9), tmp_path_factory.mktemp("pairs") / "speller.safetensors"))


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_pair_is_printed_in_two_halves(cli: Any, speller: str) -> None:
    trace = run(load_model(speller), "a b b", most=5)
    found = objects(cli("run", speller, "a b b", "--most", "5", "--json").stdout)
    assert [row["token"] for row in found] == trace.tokens
    assert [row["part"] for row in found] == ["source"] * S + ["target"] * (len(trace) - S)
    assert [bool(row["next"]) for row in found] == [row["part"] == "target" for row in found]
    table = cli("run", speller, "a b b", "--most", "5").stdout
    assert f"wrote: {' '.join(trace.tokens[S + 1 :])}" in table
    for row, at in enumerate(found[S:-1], S):
        assert at["choice"]["word"] == trace.tokens[row + 1] == at["next"][0]["word"]
        assert at["choice"]["kept"] == 1


def test_a_target_is_read_as_given(cli: Any, speller: str) -> None:
    found = objects(cli("run", speller, "a b b", "--target", "b a", "--json").stdout)
    assert [row["token"] for row in found][S:] == [START, "b", "a"]
    assert not any("choice" in row for row in found)


def test_a_beam_prints_its_candidates_and_what_it_finished(cli: Any, speller: str) -> None:
    how = ("--decode", "beam 3 length 0.5", "--most", "6")
    found = objects(cli("run", speller, "a b b", *how, "--json").stdout)
    chosen = [
        one["word"]
        for row in found
        for one in row.get("choice", {}).get("beam", [])
        if one["chosen"]
    ]
    trace = run(load_model(speller), "a b b", decoding=Decoding("beam", 3, 0.5), most=6)
    search = Search.from_lens(trace.lenses["search"])
    words = trace.header.vocabulary
    assert chosen == [words[word] for word in search.best]
    lines = cli("run", speller, "a b b", *how).stdout.splitlines()
    best = next(line for line in lines if line.startswith("  score")).split()
    assert best[5:] == chosen
    assert float(best[1]) == pytest.approx(search.score[search.chosen == 1][-1], abs=1e-3)


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_a_text_is_continued(cli: Any, models: dict[str, str], name: str, tmp_path: Path) -> None:
    saved = tmp_path / "t"
    how = ("--continue", "5", "--decode", "top-p 0.9 seed 1", "--save", saved)
    output = cli("run", models[name], TEXT, *how).stdout
    trace = load_trace(saved)
    decoding = Decoding.parse("top-p 0.9 seed 1")
    assert trace.tokens == run(load_model(models[name]), TEXT, decoding=decoding, most=5).tokens
    assert f"wrote: {' '.join(trace.tokens[4:])}" in output
    assert "top-p 0.9 seed 1; log p of it" in output


def test_attention_is_edited(cli: Any, speller: str, tmp_path: Path) -> None:
    cli("run", speller, "a b b", "--attention", "only 1 from 5", "--save", tmp_path / "t")
    (record,) = load_trace(tmp_path / "t").header.interventions
    assert from_record(dict(record)) == EditAttention("only", 1, start=5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--decode", "bean 4"), "Did you mean 'beam'"),
        (("--most", "3"), "Add --decode greedy"),
        (("--most", "3", "--continue", "3"), "Give one"),
        (("--target", "cats"), "writes no target"),
        (("--target", " "), "--target is empty"),
        (("--decode", "top-k 0"), "from 1 up"),
        (("--continue", "0"), "from 1 to 1000"),
        (("--attention", "uniform"), "no cross-attention"),
        (("--attention", "loud"), "is not an intervention"),
    ],
)
def test_a_mistake_is_one_message(
    cli: Any, models: dict[str, str], arguments: tuple[str, ...], says: str
) -> None:
    result = cli("run", models["lstm"], TEXT, *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.startswith("peephole: ")
