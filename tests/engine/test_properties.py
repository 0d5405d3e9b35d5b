"""Properties over random shapes, and round trips of traces, models and interventions."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Backend, CutEdge, CutHead, Hold, PeepholeError, Replace, lenses
from engine.arrays import log_softmax, sigmoid, softmax
from engine.interventions import Intervention, from_record, to_record
from engine.text import tokenize
from tests.engine.build import CELLS, FAMILIES, WORDS, build, tokens

sizes = st.integers(1, 5)
words = st.lists(st.sampled_from(WORDS), max_size=9)
floats = st.floats(-1e3, 1e3, width=32)
arrays = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=9).map(np.array)


@st.composite
def models(draw: st.DrawFn) -> engine.LanguageModel:
    family, heads = draw(st.sampled_from(FAMILIES)), draw(st.integers(1, 3))
    more: dict[str, Any] = {"embed": draw(sizes)}
    if family == "transformer":
        more = {"heads": heads, "hidden": draw(sizes), "context": 16}
        more["positions"] = draw(st.sampled_from(("learned", "sinusoidal")))
    return build(
        family,
        layers=draw(st.integers(1, 3)),
        width=draw(sizes) * (heads if family == "transformer" else 1),
        dtype="float32",
        seed=draw(st.integers(0, 99)),
        **more,
    )


@st.composite
def interventions(draw: st.DrawFn, model: engine.LanguageModel) -> list[Intervention]:
    architecture: Any = model.architecture
    layer = st.integers(0, architecture.layers - 1)
    items: list[Intervention] = []
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(("h", *architecture.gates, *architecture.states)))
        units = draw(st.lists(st.integers(0, architecture.width - 1), max_size=3, unique=True))
        many = st.lists(floats, min_size=len(units), max_size=len(units)).map(tuple)
        value = draw(st.one_of(floats, many) if units else floats)
        first = draw(st.integers(0, 9))
        stop = draw(st.none() | st.integers(first + 1, 12))
        where = draw(st.none() | layer)
        items.append(Hold(name, value, where, tuple(units), first, stop))
    if draw(st.booleans()):
        items.append(Replace(draw(st.integers(0, 9)), draw(st.sampled_from(WORDS))))
    if hasattr(architecture, "heads"):
        head = st.integers(0, architecture.heads - 1)
        query = draw(st.integers(1, 9))
        items.append(
            CutEdge(
                query,
                draw(st.integers(0, query - 1)),
                draw(st.none() | layer),
                draw(st.none() | head),
            )
        )
        items.append(CutHead(draw(layer), draw(head)))
    return items


@given(data=st.data(), model=models(), read=words)
def test_a_trace_is_read_back_bit_for_bit(
    data: st.DataObject, model: engine.LanguageModel, read: list[str], tmp_path_factory: Any
) -> None:
    trace = engine.run(model, read, data.draw(interventions(model)))
    trace.lenses["surprisal"] = lenses.surprisal(trace)
    trace.lenses["top_k"] = lenses.top_k(trace)
    trace.lenses["gradient_map"] = lenses.gradient_map(model, trace)
    path = engine.save_trace(trace, tmp_path_factory.getbasetemp() / "trace")
    again = engine.load_trace(path)
    assert again.header == trace.header
    assert (again.tokens, again.names, again.id) == (trace.tokens, trace.names, trace.id)
    for name in trace.names:
        assert again[name].dtype == trace[name].dtype
        np.testing.assert_array_equal(again[name], trace[name])
    assert again.lenses.keys() == trace.lenses.keys()
    for lens, results in trace.lenses.items():
        for name, named in results.items():
            copy = again.lenses[lens][name]
            np.testing.assert_array_equal(copy.array, named.array)
            assert (copy.axes, copy.unit) == (named.axes, named.unit)
    np.testing.assert_array_equal(engine.fork(model, again)["logits"], trace["logits"])


@given(model=models(), read=words)
def test_a_model_is_read_back_bit_for_bit(
    model: engine.LanguageModel, read: list[str], tmp_path_factory: Any
) -> None:
    path = engine.save_model(model, tmp_path_factory.getbasetemp() / "model")
    again = engine.load_model(path)
    assert again.architecture == model.architecture
    assert again.vocabulary == model.vocabulary
    assert again.size == model.size
    for name, array in model.params.items():
        np.testing.assert_array_equal(again.params[name], array)
    np.testing.assert_array_equal(
        engine.run(again, read)["logits"], engine.run(model, read)["logits"]
    )
    assert engine.load_model(engine.save_model(again, path)).digest == again.digest != ""


@given(data=st.data(), model=models())
def test_an_intervention_is_read_back(data: st.DataObject, model: engine.LanguageModel) -> None:
    for item in data.draw(interventions(model)):
        assert from_record(json.loads(json.dumps(to_record(item)))) == item
        assert str(item)


@given(data=st.data(), model=models(), read=words)
def test_forms_agree_whatever_the_sizes(
    data: st.DataObject, model: engine.LanguageModel, read: list[str]
) -> None:
    model = model.to(Backend(dtype="float64"))
    trace = engine.run(model, read, data.draw(interventions(model)))
    held = [from_record(record) for record in trace.header.interventions]
    from engine.interventions import Interventions

    ids = np.array(model.vocabulary.encode(trace.tokens))
    one_shot = model.architecture.logits(model.params, ids, Interventions(held))
    np.testing.assert_allclose(one_shot, trace["logits"], rtol=1e-9, atol=1e-9)


@given(model=models(), read=words)
def test_a_longer_text_has_the_same_beginning(model: engine.LanguageModel, read: list[str]) -> None:
    whole = engine.run(model, [*read, "w1"])
    part = engine.run(model, read)
    rows = len(part)
    for name in part.names:
        now = whole[name][:rows]
        now = now[..., :rows] if "key" in whole.axes(name) else now
        np.testing.assert_array_equal(now, part[name])


@given(a=arrays, shift=st.floats(-1e3, 1e3))
def test_softmax_is_a_distribution_that_a_shift_leaves_alone(a: np.ndarray, shift: float) -> None:
    p = softmax(a)
    assert (p >= 0).all()
    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(softmax(a + shift), p, atol=1e-9)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(np.exp(log_softmax(a)), p, atol=1e-12)
    order = np.argsort(a)
    assert (np.diff(p[order]) >= 0).all()


@given(a=arrays)
def test_sigmoid_is_the_logistic_function(a: np.ndarray) -> None:
    s = sigmoid(a)
    assert ((s >= 0) & (s <= 1)).all()
    np.testing.assert_allclose(s + sigmoid(-a), 1.0, atol=1e-15)
    small = np.clip(a, -30, 30)
    np.testing.assert_allclose(sigmoid(small), 1 / (1 + np.exp(-small)), atol=1e-15)


@pytest.mark.parametrize("name", CELLS)
@given(scale=st.floats(0.1, 50), seed=st.integers(0, 999))
def test_gates_stay_between_shut_and_open(name: str, scale: float, seed: int) -> None:
    model = build(name, scale=scale, seed=seed, dtype="float32", layers=1)
    trace = engine.run(model, tokens(6, seed))
    for gate in model.architecture.gates:
        assert ((trace[gate] >= 0) & (trace[gate] <= 1)).all()
    if name not in ("relu", "linear"):
        assert (np.abs(trace["h"]) <= 1).all()
    for array in lenses.gate_statistics(trace).values():
        assert ((array.array >= 0) & (array.array <= 1)).all()


@given(text=st.text(max_size=60))
def test_any_text_becomes_words_or_a_message(text: str) -> None:
    model, split = build("elman", layers=1, width=2, embed=2), tokenize(text)
    assert tokenize(" ".join(split)) == split, "splitting again changes nothing"
    unknown = {word for word in split if word not in model.vocabulary}
    if not unknown:
        assert engine.run(model, text).tokens[:1] == ["<s>"]
        return
    with pytest.raises(engine.UnknownWords) as caught:
        engine.run(model, text)
    assert set(caught.value.nearest) == unknown
    assert str(caught.value).isprintable()


def test_words_keep_their_apostrophes_hyphens_and_decimals() -> None:
    said = "The cats' toy-box DOESN'T fit, does it? <s> it’s 3.5"
    wanted = [
        "the",
        "cats",
        "'",
        "toy-box",
        "doesn't",
        "fit",
        ",",
        "does",
        "it",
        "?",
        "<s>",
        "it's",
        "3.5",
    ]
    assert tokenize(said) == wanted


def test_a_trace_of_nothing_is_not_saved(tmp_path: Any) -> None:
    with pytest.raises(PeepholeError, match="nothing was read yet"):
        engine.save_trace(engine.Run(build("lstm")).trace, tmp_path / "t")
    assert not list(tmp_path.iterdir())


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build("lstm", dtype="float32")
    trace = engine.run(model, tokens(3))
    path = engine.save_trace(trace, tmp_path / "t")
    before = path.read_bytes()

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        with pytest.raises(PeepholeError, match=r"cannot write \(No space left on device\)"):
            engine.save_trace(engine.run(model, tokens(9)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path], "no half file is left behind"
    with pytest.raises(PeepholeError, match="cannot write"):
        engine.save_trace(trace, tmp_path / "no" / "folder")


def test_a_half_precision_file_is_read_as_float32(tmp_path: Any) -> None:
    model = build("gru", dtype="float64")
    again = engine.load_model(engine.save_model(model, tmp_path / "m"))
    assert {array.dtype for array in again.params.values()} == {np.dtype("float32")}
    assert engine.run(again, tokens(3))["h"].dtype == np.float32
