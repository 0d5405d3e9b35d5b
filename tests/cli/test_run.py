"""`peephole run`: the table, JSON lines, values, interventions and saved traces say the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine import lenses, load_model, load_trace, run
from engine.interventions import CutEdge, CutHead, Hold, Replace, from_record
from engine.lenses.record import WHOLE
from engine.phrases import intervention
from tests.cli.conftest import TEXT


def objects(output: str) -> list[dict]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in output.splitlines()]


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "transformer"])
def test_json_and_table_agree_with_the_lenses(cli, models, name: str) -> None:
    trace = run(load_model(models[name]), TEXT)
    bits = lenses.surprisal(trace)["bits"].array
    found = objects(cli("run", models[name], TEXT, "--json").stdout)
    assert [row["token"] for row in found] == trace.tokens
    assert found[0]["bits"] is None
    np.testing.assert_allclose([row["bits"] for row in found[1:]], bits[1:])
    table = cli("run", models[name], TEXT).stdout.splitlines()
    rows = [line.split() for line in table if line.strip()[:1].isdigit()]
    assert len(rows) == len(found)
    for printed, row in zip(rows, found, strict=True):
        assert printed[:2] == [str(row["row"]), row["token"]]
        assert printed[2] == ("-" if row["bits"] is None else f"{row['bits']:.2f}")
        guess = row["next"][0]
        assert f"{guess['word']} {guess['p']:.2f}" in " ".join(printed)
        for gate, at in zip(trace.header.gates, printed[3:], strict=False):
            assert at == f"{row['gates'][gate]['mean'][0]:.2f}"


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_values_are_all_there(cli, models, name: str) -> None:
    trace = run(load_model(models[name]), TEXT)
    found = objects(cli("run", models[name], TEXT, "--json", "--values").stdout)
    for value in trace.names:
        array = np.array([row["values"][value] for row in found], dtype=float)
        expected = np.where(np.isfinite(trace[value]), trace[value], np.nan)
        np.testing.assert_array_equal(array, expected.astype(float))
    table = cli("run", models[name], TEXT, "--values").stdout
    for value in trace.names:
        assert f"{value} ({', '.join(trace.axes(value))})" in table


@pytest.mark.parametrize(
    ("name", "option", "text", "item"),
    [
        (
            "lstm",
            "--hold",
            "f[3,17] of layer 0 = 0.5 from 2 to 4",
            Hold("f", 0.5, 0, (3, 17), 2, 5),
        ),
        ("lstm", "--hold", "c = -1e-2", Hold("c", -0.01)),
        ("transformer", "--cut-head", "1 of layer 0", CutHead(0, 1)),
        ("transformer", "--cut-edge", "3->2", CutEdge(3, 2)),
        ("transformer", "--cut-edge", "3->2 in layer 1 head 0", CutEdge(3, 2, 1, 0)),
        ("lstm", "--replace", "2 = cat", Replace(2, "cat")),
    ],
)
def test_interventions_are_done_and_said(cli, models, tmp_path, name, option, text, item) -> None:
    model, path = load_model(models[name]), tmp_path / "t.safetensors"
    result = cli("run", models[name], TEXT, option, text, "--save", path)
    assert result.exit_code == 0
    assert f"hand-set: {item}" in result.stdout
    expected = run(model, TEXT, [item])
    saved = load_trace(path)
    assert saved.tokens == expected.tokens
    assert [from_record(r) for r in saved.header.interventions] == [item]
    for value in expected.names:
        np.testing.assert_array_equal(saved[value], expected[value])


@pytest.mark.parametrize(
    "item",
    [
        Hold("f"), Hold("f", 0.25, 1, (0, 5), 3, 7), Hold("c", -2.0, None, (), 4),
        CutHead(1, 3), CutEdge(9, 2), CutEdge(9, 2, 1, 0), Replace(3, "mats"), Replace(1, "doesn't"),
    ],
)  # fmt: skip
def test_an_intervention_reads_back_as_it_prints(item) -> None:
    assert intervention(str(item)) == item


@pytest.mark.parametrize(
    ("name", "lens", "result"),
    [("lstm", "gradient_map", "h"), ("transformer", "gradient_map", "h"), ("gru", "jacobian_norms", "state"),
     ("transformer", "attention_entropy", "bits"), ("transformer", "rollout", "weights")],
)  # fmt: skip
def test_lenses_are_printed_and_saved(cli, models, tmp_path, name, lens, result) -> None:
    path = tmp_path / "t.safetensors"
    out = cli("run", models[name], TEXT, "--lens", lens, "--json", "--save", path)
    rows = objects(out.stdout)
    named = load_trace(path).lenses[lens][result]
    time = named.axes.index("time")
    for row in rows:
        got = np.array(row["lenses"][lens][result], dtype=float)
        np.testing.assert_array_equal(got, np.take(named.array, row["row"], time))
    assert f"lens {lens}: {result} (" in cli("run", models[name], TEXT, "--lens", lens).stdout


def printed(output: str, title: str) -> list[str]:
    """The lines of one result of a lens."""
    return output.partition(f"lens {title} (")[2].partition("\n\n")[0].splitlines()[1:]


@pytest.mark.parametrize(
    ("lens", "result"), [("rollout", "rollout: weights"), ("gradient_map", "gradient_map: h")]
)
def test_each_layer_of_a_lens_has_its_line(cli, models, lens, result) -> None:
    lines = printed(cli("run", models["transformer"], "the cats", "--lens", lens).stdout, result)
    trace = run(load_model(models["transformer"]), "the cats")
    found = WHOLE[lens](load_model(models["transformer"]), trace)[result.split(": ")[1]]
    array = np.moveaxis(found.array, [found.axes.index("time"), found.axes.index("layer")], [0, 1])
    assert len(lines) == 3 * 2
    for n, line in enumerate(lines):
        row, layer = divmod(n, 2)
        head, _, numbers = line.partition(f"layer {layer}: ")
        assert head.split() == ([str(row), trace.tokens[row]] if not layer else [])
        np.testing.assert_allclose(
            [float(x) for x in numbers.split()], array[row, layer], rtol=1e-3
        )


def test_what_nothing_foretells_is_a_dash(cli) -> None:
    out = cli("run", "spell-gru", "at", "--lens", "surprisal", "--lens", "top_k").stdout
    assert "nan" not in out
    assert [line.split()[2] for line in printed(out, "surprisal: bits")][:4] == ["-"] * 4
    words = [line.split()[2:] for line in printed(out, "top_k: ids")]
    assert words[:3] == [["-"] * 5] * 3
    assert "AE1" in words[3]


def test_rows_that_were_never_trained_are_named(cli) -> None:
    text = "the film was good . was it good ?"
    assert 'only the word after the last "?" was trained' in cli("run", "but-gru", text).stdout
    found = objects(cli("run", "but-gru", text, "--json").stdout)
    said = {guess["word"] for row in found for guess in row["next"]}
    assert not said & {"<s>", "<pad>"}
    assert {len(row["next"]) for row in found} == {3}
    assert "before it mean nothing" in cli("run", "positions-none", "a b = a").stdout
    assert "was trained" not in cli("run", "garden-gru", "the old man").stdout


MISTAKES = [
    (["run", "lstn", TEXT], "no model 'lstn'. Did you mean 'lstm'"),
    (["run", "{lstm}", "the catz were wappy"], "'catz' (nearest: cat, cats"),
    (["run", "{lstm}", TEXT, "--hold", "f is 0"], "'hold f is 0' is not an intervention"),
    (["run", "{lstm}", TEXT, "--hold", "q = 0"], "lstm has no value 'q' to hold"),
    (["run", "{lstm}", TEXT, "--hold", "f[99] = 0"], "lstm has units 0 to 63"),
    (["run", "{lstm}", TEXT, "--cut-head", "0 of layer 0"], "no attention heads"),
    (["run", "{transformer}", TEXT, "--cut-edge", "2->3"], "cannot be cut"),
    (["run", "{transformer}", TEXT, "--lens", "jacobian_norms"], "no step Jacobian"),
    (
        ["run", "{lstm}", TEXT, "--lens", "gradient"],
        "no lens 'gradient'. Did you mean 'gradient_map'",
    ),
    (["run", "{lstm}", TEXT, "--save", "{tmp}"], "this is a folder. Name a file in it"),
    (["run", "{lstm}", TEXT, "--save", "{tmp}/no/such/t.safetensors"], "there is no such folder"),
    (["run", "{lstm}", TEXT, "--save", "{lstm}"], "it is there already. --force replaces it"),
    (["run", "{lstm}", TEXT, "--backend", "jax"], "jax"),
    (["run", "{lstm}", TEXT, "--backend", "torch", "--device", "nowhere"], "nowhere"),
    (["run", "{tmp}/none.safetensors", TEXT], "no such file"),
    (["run", "{lstm}"], "TEXT is missing"),
    (["run", "{lstm}", TEXT, "--jsn"], "--jsn: no such option"),
]


@pytest.mark.parametrize(("args", "says"), MISTAKES, ids=[says for _, says in MISTAKES])
def test_a_mistake_is_one_message_and_exit_code_2(cli, models, tmp_path: Path, args, says) -> None:
    result = cli(*(arg.format(tmp=tmp_path, **models) if "{" in arg else arg for arg in args))
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 64, b"\xff" * 9, b'{"a": 1}', b"\x08" + b"\0" * 7]
)
def test_damaged_files(cli, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    for command in (["run", path, TEXT], ["open", path], ["card", path]):
        result = cli(*command)
        assert result.exit_code == 2
        assert str(path) in result.stderr
