"""Lenses on a source and its target, and on rows that are labelled: by differences, by hand, by forks."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from engine import Hold, LanguageModel, PeepholeError, Trace, lenses
from engine.text import END
from tests.engine import build, papers, twins

WRITERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "transformer post": (twins, {"norm": "post"}),
    "transformer pre": (twins, {"norm": "pre"}),
    "gru": (papers, {"cell": "gru"}),
    "lstm bahdanau": (papers, {"cell": "lstm", "attention": "bahdanau"}),
    "gru dot, both ways": (papers, {"cell": "gru", "attention": "dot", "bidirectional": True}),
}
TAGGERS = ("encoder", "bidirectional", "causal")
writers = pytest.mark.parametrize("family", WRITERS)
taggers = pytest.mark.parametrize("family", TAGGERS)


def written(family: str) -> tuple[LanguageModel, Trace]:
    """A source of 4 rows and a target of 4."""
    module, sizes = WRITERS[family]
    model = module.pair_model(**sizes)
    words = model.vocabulary.words[3:]
    return model, engine.run(
        model, [words[1], words[4], words[2]], target=[words[0], words[5], words[3]]
    )


def labelled(family: str) -> tuple[LanguageModel, Trace]:
    """Five rows and a label for each."""
    if family == "encoder":
        model = twins.pair_model("encoder")
    elif family == "bidirectional":
        model = papers.tagger("lstm", layers=2)
    else:
        model = build.build("gru")
        model = engine.LanguageModel(
            model.name, model.architecture, model.params, model.vocabulary, {"ahead": 0},
            backend=model.backend,
        )  # fmt: skip
    words = model.vocabulary.words
    return model, engine.run(model, [words[i] for i in (5, 3, 8, 6)])


def bits(logits: np.ndarray, word: int) -> float:
    return float(np.logaddexp.reduce(logits) - logits[word]) / np.log(2)


def differences(
    model: LanguageModel, trace: Trace, decides: int, word: int
) -> dict[str, np.ndarray]:
    """|d -log p(word) / d value_k| (time, layer) by holding one unit of one row a little off."""
    norms, eps = {}, 1e-5
    for name in ("x", *(model.architecture.states or ("h",))):
        values = trace[name][:, None] if name == "x" else trace[name]
        gradient = np.zeros(values.shape)
        for k, layer, unit in np.ndindex(*values.shape):
            ends = []
            for sign in (1, -1):
                moved = float(values[k, layer, unit] + sign * eps)
                fork = engine.fork(model, trace, Hold(name, moved, layer, (unit,), k, k + 1))
                ends.append(bits(fork["logits"][decides], word) * np.log(2))
            gradient[k, layer, unit] = (ends[0] - ends[1]) / (2 * eps)
        table = np.linalg.norm(gradient, axis=-1)
        norms[name] = table[:, 0] if name == "x" else table
    return norms


@writers
def test_a_gradient_goes_back_into_the_source(family: str) -> None:
    model, trace = written(family)
    row = 7
    flow = lenses.gradient_flow(model, trace, row)
    wanted = differences(model, trace, row - 1, model.vocabulary.ids[trace.tokens[row]])
    assert flow.keys() == wanted.keys()
    for name, named in flow.items():
        np.testing.assert_allclose(named.array, wanted[name], rtol=1e-5, atol=1e-8, err_msg=name)
    assert (flow["x"].array[:row] > 0).all()
    assert (flow["x"].array[row:] == 0).all()
    whole = lenses.gradient_map(model, trace)
    for name, named in flow.items():
        np.testing.assert_allclose(whole[name].array[row], named.array, rtol=1e-9, atol=1e-15)
        assert (whole[name].array[:5] == 0).all(), "a source and <s> are not predicted"
        assert whole[name].array[5:].any(axis=tuple(range(1, whole[name].array.ndim))).all()
    end = lenses.gradient_flow(model, trace, len(trace), END)  # nothing was read for it yet
    assert end["x"].array[:4].all()
    for outside in (0, 4, len(trace)):
        with pytest.raises(PeepholeError, match=f"no loss at row {outside}. Rows 5 to 7 have one"):
            lenses.gradient_flow(model, trace, outside)


@taggers
def test_the_gradient_of_a_label(family: str) -> None:
    model, trace = labelled(family)
    assert trace.header.ahead == 0
    top, word = trace["logits"].argmax(-1), trace.header.vocabulary[4]
    whole = lenses.gradient_map(model, trace)
    for row in range(len(trace)):
        for chosen, target in ((None, int(top[row])), (word, 4)):
            flow = lenses.gradient_flow(model, trace, row, chosen)
            if row == 2:
                wanted = differences(model, trace, row, target)
                for name, named in flow.items():
                    np.testing.assert_allclose(named.array, wanted[name], rtol=1e-5, atol=1e-8)
            if chosen is None:
                for name, named in flow.items():
                    found = whole[name].array[row]
                    np.testing.assert_allclose(found, named.array, rtol=1e-9, atol=1e-15)
        later = whole["x"].array[row, row + 1 :]
        assert (later == 0).all() if family == "causal" else (later > 0).all()
        assert (whole["x"].array[row, : row + 1] > 0).all()
    for outside in (-1, len(trace)):
        with pytest.raises(PeepholeError, match="Rows 0 to 4 have one"):
            lenses.gradient_flow(model, trace, outside, word)


@writers
def test_what_was_expected_of_a_target(family: str) -> None:
    _, trace = written(family)
    found = lenses.surprisal(trace)["bits"].array
    assert np.isnan(found[:5]).all()
    ids = [trace.header.vocabulary.index(token) for token in trace.tokens]
    for row in range(5, 8):
        wanted = bits(trace["logits"][row - 1], ids[row])
        assert found[row] == pytest.approx(wanted, abs=1e-9)
        p = lenses.probability(trace, row, trace.tokens[row])
        assert p == pytest.approx(2**-wanted, rel=1e-9)
    odds = lenses.log_odds(trace, 8, END, trace.tokens[5])
    last = trace["logits"][7]
    assert odds == pytest.approx((last[1] - last[ids[5]]) / np.log(2), abs=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        top = lenses.top_k(trace, 3)
    assert np.isnan(top["p"].array[:4]).all()
    best = trace["logits"][4:].argmax(-1)
    np.testing.assert_array_equal(top["ids"].array[4:, 0], best)
    for outside in (0, 4, 9):
        with pytest.raises(PeepholeError, match=f"nothing predicts row {outside}. Rows 5 to 8"):
            lenses.probability(trace, outside, END)


@taggers
def test_what_was_expected_of_a_label(family: str) -> None:
    _, trace = labelled(family)
    assert np.isnan(lenses.surprisal(trace)["bits"].array).all()
    for row in range(5):
        logits, word = trace["logits"][row], trace.header.vocabulary[6]
        wanted = 2 ** -bits(logits, 6)
        assert lenses.probability(trace, row, word) == pytest.approx(wanted, rel=1e-9)
    with pytest.raises(PeepholeError, match=r"nothing predicts row 5\. Rows 0 to 4"):
        lenses.probability(trace, 5, word)


@pytest.mark.parametrize("family", [*WRITERS, *TAGGERS])
def test_ablation_of_both_halves_equals_forks(family: str) -> None:
    model, trace = (written if family in WRITERS else labelled)(family)
    row = 7 if family in WRITERS else 2
    a, b = trace.header.vocabulary[4], trace.header.vocabulary[7]
    whole = lenses.log_odds(trace, row, a, b)
    drop = lenses.occlusion(model, trace, row, a, b)["drop"].array
    for k in range(len(trace)):
        fork = engine.fork(model, trace, Hold("x", 0.0, start=k, stop=k + 1))
        assert drop[k] == pytest.approx(whole - lenses.log_odds(fork, row, a, b), abs=1e-9)
    assert abs(drop[0]) > 1e-6, "the first row of a source matters"
    units = lenses.unit_ablation(model, trace, row, a, b, "h", 0.25, 2)["drop"].array
    for layer, unit in ((0, 1), (model.architecture.layers - 1, 4)):
        fork = engine.fork(model, trace, Hold("h", 0.25, layer, (unit,), 2))
        wanted = whole - lenses.log_odds(fork, row, a, b)
        assert units[layer, unit] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("family", [*WRITERS, *TAGGERS])
def test_all_lenses_are_kept_with_a_trace(family: str, tmp_path: Path) -> None:
    model, trace = (written if family in WRITERS else labelled)(family)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lenses.record(model, trace)
    assert {"surprisal", "top_k", "gradient_map"} <= trace.lenses.keys()
    assert ("gate_statistics" in trace.lenses) == bool(model.architecture.gates)
    assert ("attention_entropy" in trace.lenses) == ("weights" in trace or "cross_weights" in trace)
    engine.save_trace(trace, tmp_path / "run.safetensors")
    again = engine.load_trace(tmp_path / "run.safetensors")
    for lens, results in trace.lenses.items():
        for name, named in results.items():
            np.testing.assert_array_equal(again.lenses[lens][name].array, named.array)
