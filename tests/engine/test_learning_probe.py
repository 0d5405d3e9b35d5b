"""What is measured on a probe, against the lenses on single readings, against torch, and by definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine import run
from engine.arrays import Backend
from engine.learning.derived import LEAST
from engine.learning.metrics import Probe
from engine.learning.probe import measure, spectral_radius
from engine.lenses import attention_entropy, gate_statistics, gradient_flow
from engine.models import LanguageModel
from engine.recipe import Batch, Recipe
from engine.text import Vocabulary
from engine.training import Training
from scenarios import tasks

RECURRENT = ("rnn", "relu", "linear", "lstm", "gru")


def setup(cell: str, task: str = "recall", length: int = 6, **sizes: Any) -> tuple[Any, Any, Any]:
    learned = tasks.load(task, length)
    architecture = learned.architecture(cell, **({"width": 8, "embed": 5, "layers": 2} | sizes))
    params = architecture.init(np.random.default_rng(3))
    return learned, architecture, {name: 1.5 * array for name, array in params.items()}


def item(batch: Batch, i: int) -> Batch:
    return Batch(*(part[i : i + 1] for part in batch))


@pytest.mark.parametrize("cell", [*RECURRENT, "transformer"])
def test_gradients_through_time_are_those_of_the_lens(cell: str) -> None:
    task, architecture, params = setup(cell)
    batch = task.probe(n=3)
    probe = measure(7, architecture, params, batch)
    model = LanguageModel("m", architecture, params, Vocabulary(task.words))
    flows, losses = [], []
    for i in range(3):
        words = [task.words[n] for n in (*batch.inputs[i], batch.targets[i, -1])]
        trace = run(model, words)
        flows.append(gradient_flow(model, trace, len(words) - 1))
        log_p = trace["logits"][-2].astype(float)
        losses.append(np.log(np.exp(log_p).sum()) - log_p[batch.targets[i, -1]])
    assert (probe.update, probe.rows) == (7, batch.inputs.shape[1])
    assert probe.loss == pytest.approx(np.mean(losses), rel=1e-5)
    for name in probe.layers[0].time:
        mean = np.mean([flow[name].array[:-1] for flow in flows], axis=0)  # (T, layers)
        for layer in range(2):
            found = probe.layers[layer].time[name]
            np.testing.assert_allclose(found, np.maximum(mean[:, layer], LEAST), rtol=1e-5)
    assert set(probe.layers[0].time) == ({"h", "c"} if cell == "lstm" else {"h"})


@pytest.mark.parametrize("cell", ["lstm", "gru", "transformer"])
def test_gates_and_attention_are_those_of_the_lenses(cell: str) -> None:
    task, architecture, params = setup(cell)
    batch = task.probe(n=3)
    probe = measure(0, architecture, params, batch)
    model = LanguageModel("m", architecture, params, Vocabulary(task.words))
    traces = [run(model, [task.words[n] for n in batch.inputs[i]]) for i in range(3)]
    for layer, measured in enumerate(probe.layers):
        for gate, stats in measured.gates.items():
            lens = [gate_statistics(trace) for trace in traces]
            for which, value in stats._asdict().items():
                array = np.mean([each[f"{gate}.{which}"].array[:, layer] for each in lens])
                assert value == pytest.approx(array, rel=1e-4), (gate, which)
        assert set(measured.gates) == set(architecture.gates)
    entropies = probe.attention
    assert len(entropies) == (2 if cell == "transformer" else 0)
    for layer, heads in enumerate(entropies):
        bits = np.mean([attention_entropy(trace)["bits"].array[layer] for trace in traces], axis=0)
        np.testing.assert_allclose(heads.entropy, bits.mean(-1) * math.log(2), rtol=1e-4)


@pytest.mark.parametrize("cell", ["relu", "lstm", "gru"])
def test_a_device_of_its_own_measures_the_same(cell: str) -> None:
    """By automatic differentiation, as on a GPU, and in closed form."""
    pytest.importorskip("torch")
    from engine.learning import probe as probes

    task, architecture, params = setup(cell)
    batch, there = task.probe(n=4), Backend("torch", "float64")
    seen = probes.by_autograd(architecture, there.params(params), batch, "words", there)
    closed = measure(0, architecture, params, batch)
    assert closed.loss == pytest.approx(seen.loss, rel=1e-6)
    assert closed.accuracy == seen.accuracy
    for name, norms in closed.params.items():
        assert norms.grad == pytest.approx(np.linalg.norm(seen.grads[name]), rel=1e-6, abs=1e-12)
    for name, norms in seen.states.items():
        np.testing.assert_allclose(closed.layers[1].time[name], 4 * norms[:, 1].mean(-1), rtol=1e-6)


def test_norms_of_gradients_weights_and_updates() -> None:
    task, architecture, _ = setup("gru")
    recipe = Recipe(
        steps=3, batch=4, optimiser="sgd", lr=0.5, warmup=0, schedule="constant", clip=0
    )
    training = Training.start(
        architecture, recipe, Backend(dtype="float64"), lambda step: task.batch(0, step, 4)
    )
    before = training.params
    first = measure(0, architecture, before, task.batch(0, 0, 4))
    training.update()
    after = measure(1, architecture, training.params, task.batch(0, 1, 4), before=before)
    for name, gradient in training.grads.items():
        norm = np.linalg.norm(gradient)
        assert first.params[name].grad == pytest.approx(norm, rel=1e-6)
        assert after.params[name].update == pytest.approx(0.5 * norm, rel=1e-6)
        assert after.params[name].weight == pytest.approx(np.linalg.norm(training.params[name]))
        assert math.isnan(first.params[name].update)


def test_gradients_too_small_for_float32_are_seen() -> None:
    task, architecture, params = setup("rnn", length=100, layers=1, width=16)
    time = (
        measure(0, architecture, {k: v / 3 for k, v in params.items()}, task.probe(n=2))
        .layers[0]
        .time
    )
    assert LEAST <= time["h"][0] < 1e-29 < 1e-3 < time["h"][-1]
    assert np.all(np.diff(np.log(time["h"][60:])) > 0)


def test_padding_is_no_row_that_was_read() -> None:
    task, architecture, params = setup("gru", "agreement", 4)
    batch = task.probe(n=8)
    last = batch.weights.argmax(1)
    assert len(set(last)) > 1, "sequences of several lengths"
    wild = batch.inputs.copy()
    for i, end in enumerate(last):
        wild[i, end + 1 :] = 5
    one, other = (
        measure(0, architecture, params, batch._replace(inputs=inputs))
        for inputs in (batch.inputs, wild)
    )
    assert one.layers[0].gates == other.layers[0].gates
    np.testing.assert_allclose(one.layers[0].time["h"], other.layers[0].time["h"])


def test_truncation_cuts_the_probe_too() -> None:
    task, architecture, params = setup("lstm", length=20, layers=1)
    full = measure(0, architecture, params, task.probe(n=2)).layers[0].time["h"]
    cut = measure(0, architecture, params, task.probe(n=2), k1=5, k2=5).layers[0].time["h"]
    assert (full > LEAST).all()
    assert (cut[:12] == LEAST).all()
    np.testing.assert_allclose(cut[-1], full[-1])


def test_numbers_are_probed_as_words_are() -> None:
    task, architecture, params = setup("lstm", "adding", 8)
    batch = task.probe(n=4)
    probe = measure(0, architecture, params, batch, loss="value")
    logits = architecture.logits(params, batch.inputs)[:, -1, 0]
    assert probe.loss == pytest.approx(np.mean((logits - batch.targets[:, -1]) ** 2), rel=1e-5)
    assert 0 <= probe.accuracy <= 1


def test_saturation_and_units_that_are_never_on() -> None:
    task, architecture, params = setup("rnn", layers=1)
    assert probed(architecture, params, task).layers[0].saturated < 0.5
    wild = {k: v * (30 if "W_" in k else 1) for k, v in params.items()}
    assert probed(architecture, wild, task).layers[0].saturated > 0.8
    task, architecture, params = setup("relu", layers=1)
    dead = {**params, "layers.0.W_hh": 0 * params["layers.0.W_hh"]}
    dead["layers.0.b_xh"] = np.where(np.arange(8) < 3, -1e3, 1e3).astype(np.float32)
    layer = probed(architecture, dead, task).layers[0]
    assert layer.gates["on"] == pytest.approx((5 / 8, 3 / 8, 5 / 8))
    assert math.isnan(layer.saturated)


def probed(architecture: Any, params: Any, task: Any) -> Probe:
    return measure(0, architecture, params, task.probe(n=4))


def test_spectral_radius_by_definition() -> None:
    assert spectral_radius(np.array([[0.0, 2.0], [-2.0, 0.0]])) == pytest.approx(2.0)
    assert spectral_radius(np.triu(np.full((4, 4), 9.0), 1)) == pytest.approx(0.0, abs=1e-3)
    assert math.isnan(spectral_radius(np.array([[math.inf]])))
    task, architecture, _ = setup("lstm")
    recipe = Recipe(init="orthogonal", gain=1.25, steps=1)
    training = Training.start(architecture, recipe, Backend(), lambda step: task.batch(0, step, 1))
    for layer in probed(architecture, training.params, task).layers:
        assert layer.radius == pytest.approx(dict.fromkeys("ifgo", 1.25), rel=1e-5)


def test_weights_that_are_no_numbers_are_measured_all_the_same() -> None:
    task, architecture, params = setup("lstm")
    probe = probed(architecture, {**params, "W_hy": params["W_hy"] * np.nan}, task)
    assert math.isnan(probe.loss)
    assert math.isnan(probe.params["W_hy"].weight)
    assert 0 < probe.layers[0].gates["f"].mean < 1
