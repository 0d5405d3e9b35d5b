"""Encoder-decoders equal torch.nn's stacks and attention as the papers have it, forward and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.interventions import Hold, Interventions
from engine.models import LanguageModel
from engine.models.encoder_decoder import EncoderDecoder
from engine.pairs import pair_batch
from engine.parse import known_architecture
from engine.runner import fork, run
from engine.storage import load_trace, save_trace
from engine.text import GO, STOP
from engine.training import Recipe, Training
from tests.engine.papers import WORDS, Papers, ids, pair_model

TOLERANCE = {"float32": 1e-6, "float64": 1e-12}
GLOBAL: list[dict[str, Any]] = [
    {"attention": kind} for kind in ("none", "bahdanau", "dot", "general", "concat")
]
LOCAL: list[dict[str, Any]] = [
    {"attention": "general", "local": "monotonic", "window": 1},
    {"attention": "concat", "local": "predictive", "window": 2},
]
KINDS = GLOBAL + LOCAL
STACKS: list[dict[str, Any]] = [{}, {"bidirectional": True}, {"layers": 2, "bidirectional": True}]


def name(kind: dict[str, Any]) -> str:
    return " ".join(map(str, kind.values())) or "plain"


each_kind = pytest.mark.parametrize("kind", KINDS, ids=name)
each_stack = pytest.mark.parametrize("stack", STACKS, ids=name)


def example(source: int = 5, target: int = 6) -> tuple[list[int], list[int]]:
    """A source with its </s>, and the rows of a target, which are more than the source's."""
    return [*ids(source), STOP], [GO, *ids(target, 1)]


def texts(source: list[int], target: list[int]) -> tuple[list[str], list[str]]:
    """The same as `run` takes them: no </s>, no <s>."""
    return [WORDS[i] for i in source[:-1]], [WORDS[i] for i in target[1:]]


@each_stack
@each_kind
@pytest.mark.parametrize("cell", ["elman", "relu", "lstm", "gru"])
def test_logits_equal_the_papers(cell: str, kind: dict[str, Any], stack: dict[str, Any]) -> None:
    source, target = example()
    for dtype, tolerance in TOLERANCE.items():
        model = pair_model(cell, dtype, scale=1.0, **kind, **stack)
        wanted = Papers(model)(source, target).detach().numpy()
        for backend in ("numpy", "torch"):
            ours = model.to(Backend(backend, dtype))
            found = ours.architecture.logits(ours.params, np.array([*source, *target]))
            assert not np.asarray(found[: len(source)]).any()
            np.testing.assert_allclose(found[len(source) :], wanted, atol=tolerance, rtol=tolerance)


@each_kind
def test_a_run_records_what_the_papers_compute(kind: dict[str, Any]) -> None:
    model, (source, target) = pair_model("lstm", bidirectional=True, **kind), example()
    theirs = Papers(model)
    logits = theirs(source, target).detach().numpy()

    words, written = texts(source, target)
    trace = run(model, words, target=written)

    rows = len(source)
    assert trace.source == rows
    assert list(trace.tokens) == [*words, "</s>", "<s>", *written]
    assert trace.names == tuple(model.architecture.axes)
    np.testing.assert_allclose(trace["logits"][rows:], logits, atol=1e-12)
    np.testing.assert_allclose(trace["h"][:rows, 0], theirs.h.detach(), atol=1e-12)
    if kind["attention"] == "none":
        return
    assert not trace["cross_weights"][:rows].any()
    assert (trace["cross_scores"][:, 0, 0, rows:] == -np.inf).all()
    assert np.isnan(trace["cross_context"][:rows]).all()
    named = {"cross_weights": "weights", "cross_context": "context", "cross_position": "position"}
    for ours, by_paper in named.items():
        if ours in trace:
            found = trace[ours][rows:, 0]
            found = found[..., 0, :rows] if ours == "cross_weights" else found
            wanted = torch.stack(theirs.seen[by_paper]).detach().numpy().reshape(len(target), -1)
            np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=1e-12)
    if "h_tilde" in trace:
        wanted = torch.stack(theirs.seen["h_tilde"]).detach().numpy()
        np.testing.assert_allclose(trace["h_tilde"][rows:, 0], wanted, atol=1e-12)


@each_stack
@each_kind
def test_ticks_equal_one_shot_and_padding_changes_nothing(
    kind: dict[str, Any], stack: dict[str, Any]
) -> None:
    model = pair_model(**kind, **stack)
    a: Any = model.architecture
    sources = [[*ids(n, n), STOP] for n in (5, 1, 3)]
    targets = [ids(n, 10 + n) for n in (2, 6, 0)]
    batch = pair_batch(sources, targets)
    together = a.logits(model.params, batch.inputs)
    longest = max(map(len, sources))
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        state, _ = a.read(model.params, np.array(source))
        for u, token in enumerate([GO, *target]):
            state, values = a.step(model.params, state, np.array(token), row=len(source) + u)
            wanted = together[i, longest + u]
            np.testing.assert_allclose(values["logits"], wanted, atol=1e-12, rtol=1e-12)


@each_kind
def test_many_targets_of_one_source_step_together(kind: dict[str, Any]) -> None:
    model, (source, target) = pair_model("lstm", **kind), example()
    a: Any = model.architecture
    one, _ = a.read(model.params, np.array(source))
    many = one
    for u, token in enumerate(target):
        one, alone = a.step(model.params, one, np.array(token), row=len(source) + u)
        others = np.array([token, ids(1, u)[0]])
        many, values = a.step(model.params, many, others, row=len(source) + u)
        np.testing.assert_allclose(values["logits"][0], alone["logits"], atol=1e-12)


@each_kind
def test_derivatives_equal_those_of_the_papers(kind: dict[str, Any]) -> None:
    model, (source, target) = pair_model("gru", bidirectional=True, **kind), example()
    rng = np.random.default_rng(3)
    by_logits = rng.normal(size=(len(target), len(WORDS)))
    theirs = Papers(model)
    wanted = theirs.grads((theirs(source, target) * torch.tensor(by_logits)).sum())
    rows = np.array([*source, *target])
    for library in ("numpy", "torch"):
        ours = model.to(Backend(library, "float64"))
        factor = ours.backend.asarray(by_logits)

        def loss(params: Any, ours: LanguageModel = ours, factor: Any = factor) -> Any:
            found = ours.architecture.logits(params, rows)[len(source) :]
            return (found * factor).sum()

        _, grads = ours.backend.value_and_grad(loss, ours.params)
        assert set(grads) == set(wanted)
        for parameter, grad in wanted.items():
            np.testing.assert_allclose(grads[parameter], grad, atol=1e-11, err_msg=parameter)


@each_kind
def test_an_update_is_the_same_on_both_libraries(kind: dict[str, Any]) -> None:
    a = EncoderDecoder("lstm", len(WORDS), 6, 5, **kind)
    batch = pair_batch([[*ids(3), STOP], [*ids(2), STOP]], [ids(4, 1), ids(2, 2)])
    runs = []
    for library in ("numpy", "torch"):
        recipe = Recipe(steps=3, batch=2, forget_bias=1.0, clip=0.5)
        training = Training.start(a, recipe, Backend(library, "float64"), lambda step: batch)
        progress = list(training.run(2))
        runs.append((progress, training.params))
    assert [p.loss for p in runs[0][0]] == pytest.approx([p.loss for p in runs[1][0]], abs=1e-12)
    for parameter, array in runs[0][1].items():
        np.testing.assert_allclose(array, runs[1][1][parameter], atol=1e-10)


def copying(step: int) -> Any:
    """Three letters to be written again."""
    rng = np.random.default_rng([1, step])
    drawn = [list(map(int, row)) for row in rng.integers(3, 7, (32, 3))]
    return pair_batch([[*row, STOP] for row in drawn], drawn)


@pytest.mark.parametrize("kind", [{"attention": "bahdanau"}, {"attention": "dot"}], ids=name)
def test_copying_is_learned(kind: dict[str, Any]) -> None:
    a = EncoderDecoder("gru", 7, 24, 12, bidirectional=True, **kind)
    recipe = Recipe(steps=120, batch=32, lr=1e-2, warmup=10)
    training = Training.start(a, recipe, Backend("torch"), copying)
    first, *_, last = training.run()
    assert first.accuracy is not None
    assert first.accuracy < 0.5
    assert last.accuracy == 1.0
    model = LanguageModel("copy", a, training.params, engine.Vocabulary(WORDS[:7]))
    assert run(model.to(Backend()), list("dbc")).tokens[-3:] == list("dbc")


def test_the_vector_is_all_that_crosses() -> None:
    """Transplanting the states of the source's last row makes the decoder write of the other source."""
    model = pair_model("lstm", layers=2)
    target = [WORDS[i] for i in ids(4, 9)]
    here, there = (run(model, text, target=target) for text in ("a b c", "h g f"))
    rows = here.source
    vector = [
        Hold(state, tuple(there[state][rows - 1, layer].tolist()), layer, start=rows - 1, stop=rows)
        for state in ("h", "c")
        for layer in (0, 1)
    ]
    moved = fork(model, here, *vector)
    np.testing.assert_allclose(moved["logits"][rows:], there["logits"][rows:], atol=1e-12)
    assert abs(moved["logits"][rows:] - here["logits"][rows:]).max() > 0.01


@each_kind
def test_holding_acts_alike_in_ticks_and_in_one_shot(kind: dict[str, Any]) -> None:
    model, (source, target) = pair_model("lstm", bidirectional=True, **kind), example()
    a: Any = model.architecture
    words, written = texts(source, target)
    plain = run(model, words, target=written)
    row = len(source) + 2
    held = [Hold("h", 0.5, units=(1, 4), start=2, stop=3), Hold("x", 0.1, start=row, stop=row + 1)]
    if kind["attention"] != "none":
        held.append(Hold("cross_context", -0.5, units=(3,), start=row, stop=row + 1))
    if "cross_position" in a.axes:
        held.append(Hold("cross_position", 1.0, start=row + 1, stop=row + 2))
    if "h_tilde" in a.axes:
        held.append(Hold("h_tilde", 0.3, units=(0,), start=row, stop=row + 1))
    trace = run(model, words, held, target=written)
    found = a.logits(model.params, np.array([*source, *target]), Interventions(held))
    np.testing.assert_allclose(found[len(source) :], trace["logits"][len(source) :], atol=1e-12)
    assert trace["h"][2, 0, [1, 4]].tolist() == [0.5, 0.5]
    assert abs(trace["h"][1, 0, 3:] - plain["h"][1, 0, 3:]).min() > 1e-6  # backward: an earlier row
    np.testing.assert_array_equal(trace["h"][1, 0, :3], plain["h"][1, 0, :3])  # forward: not
    for item in held[1:]:
        units = list(item.units) or slice(None)
        assert (trace[item.name][item.start].reshape(-1)[units] == item.value).all()
        assert (plain[item.name][item.start].reshape(-1)[units] != item.value).any()


@pytest.mark.parametrize("attention", ["bahdanau", "dot"])
def test_without_its_context_a_decoder_is_one_without_attention(attention: str) -> None:
    model, (source, target) = pair_model(attention=attention), example()
    rows = np.array([*source, *target])
    held = Interventions([Hold("cross_context", 0.0)])
    found = model.architecture.logits(model.params, rows, held)[len(source) :]

    params = dict(model.params)
    if attention == "bahdanau":
        params["decoder.0.W_xh"] = params["decoder.0.W_xh"][:5]  # the rows of x
    plain = pair_model(attention="none").architecture
    own = {k: v for k, v in params.items() if not k.startswith("attention.")}
    if attention == "bahdanau":
        wanted = plain.logits(own, rows)[len(source) :]
    else:
        read = run(
            LanguageModel("plain", plain, own, model.vocabulary),
            texts(source, target)[0],
            target=texts(source, target)[1],
        )
        h = read["h"][len(source) :, 0]
        wanted = np.tanh(h @ params["attention.W_c"][6:]) @ params["W_hy"] + params["b_y"]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 4), st.sampled_from(LOCAL))
@settings(max_examples=15)
def test_a_window_shows_what_lies_within_it(
    source: int, target: int, window: int, kind: dict[str, Any]
) -> None:
    model = pair_model("elman", **kind | {"window": window})
    rows, written = example(source, target)
    words, tokens = texts(rows, written)
    trace = run(model, words, target=tokens)
    weights = trace["cross_weights"][trace.source :, 0, 0, : trace.source]
    position = trace["cross_position"][trace.source :, 0]  # (U, 1)
    far = abs(np.arange(trace.source) - position)
    assert (weights[far > np.maximum(window, far.min(-1, keepdims=True))] == 0).all()
    assert (weights[far <= window] > 0).all()
    if kind["local"] == "monotonic":
        assert position[:, 0].tolist() == list(range(target + 1))
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-12)
    else:
        assert ((position > 0) & (position < trace.source)).all()
        assert (weights.sum(-1) <= 1 + 1e-12).all()


@each_kind
def test_a_saved_run_and_its_architecture_come_back(kind: dict[str, Any], tmp_path: Path) -> None:
    model = pair_model("gru", layers=2, **kind)
    trace = run(model, "a b c", target="d e")
    path = tmp_path / "pair.safetensors"
    save_trace(trace, path)
    again = load_trace(path)
    assert again.id == trace.id
    for value in trace.names:
        np.testing.assert_array_equal(again[value], trace[value])
    assert known_architecture(dict(again.header.architecture)) == model.architecture


@pytest.mark.parametrize(
    "sizes",
    [
        {"attention": "bahdnau"},
        {"attention": "dot", "local": "monotonic"},
        {"attention": "dot", "window": 2},
        {"attention": "bahdanau", "local": "monotonic", "window": 2},
        {"attention": "none", "local": "predictive", "window": 2},
        {"attention": "dot", "local": "near", "window": 2},
        {"bidirectional": True, "width": 7},
    ],
    ids=name,
)
def test_what_does_not_go_together_is_one_message(sizes: dict[str, Any]) -> None:
    with pytest.raises(PeepholeError):
        EncoderDecoder("gru", 9, **sizes)


def test_attention_needs_a_source() -> None:
    model = pair_model(attention="dot")
    a: Any = model.architecture
    with pytest.raises(PeepholeError, match="nothing to look at"):
        a.step(model.params, a.start(model.params), np.array(GO))
    with pytest.raises(PeepholeError, match="source"):
        a.logits(model.params, np.array([[GO, 4, 5]]))
