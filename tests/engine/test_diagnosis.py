"""Five faults planted in ordinary training scripts are named first, and healthy trainings pass in silence."""

from __future__ import annotations

import math
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.diagnosis import diagnose
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event, Gate, Layer, Metrics, Param, Probe, Record, Update

SCRIPTS = Path(__file__).with_name("watched")
FAULTS = {
    "vanishing": "vanishing gradient",
    "exploding": "exploding gradient",
    "dead_gates": "dead forget gates",
    "saturated": "saturated tanh",
    "fast": "learning rate too high",
}
HEALTHY = ("healthy_lstm", "healthy_gru", "healthy_transformer")


def watched(script: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Metrics:
    """The run folder of a script; the end of its process, which closes the doctor, is played here."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(sys, "argv", [script, str(tmp_path / "run"), str(seed)])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        runpy.run_path(str(SCRIPTS / f"{script}.py"))["doctor"].close()
    finally:
        torch.set_num_threads(threads)
    return RunFolder.open(tmp_path / "run").read()


@pytest.mark.parametrize("script", FAULTS)
def test_a_planted_fault_is_named_first(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = diagnose(watched(script, 7, tmp_path, monkeypatch))
    assert found[0].symptom == FAULTS[script]
    assert found[0].severity == ("error" if script == "exploding" else "warning")
    assert any(c.isdigit() for c in found[0].evidence), "evidence has its numbers"
    assert found[0].advice


@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize("script", HEALTHY)
def test_a_healthy_training_passes_in_silence(
    script: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = watched(script, seed, tmp_path, monkeypatch)
    assert metrics.loss[-1] < 0.7 * metrics.loss[0], "it is one that learns"
    assert diagnose(metrics) == []


FADING = np.geomspace(1e-20, 1e-2, 50)
DEAF = Layer("lstm.l0", "lstm", {"h": FADING}, {"f": Gate(0.51, 0.0, 0.0)}, 0.05, {"g": 0.6})


def run(loss: object, *layers: Layer, ratio: float = 0.01, norm: float = 1.0) -> Metrics:
    """A run of these losses with probes at its start, its middle and its end."""
    losses = np.atleast_1d(np.asarray(loss, float))
    metrics, params = Metrics(), {"w": Param(1.0, 1.0, ratio)}
    for i, value in enumerate(losses):
        update = i + 1
        if i in (0, len(losses) // 2):
            metrics.add(Probe(i, 50, value, math.nan, layers, params))
        metrics.add(Update(update, value, math.nan, norm, 1e-3, 0.1 * update))
    return metrics


STILL = np.full(200, 2.3)


def test_it_names_how_far_the_gradient_gets_and_the_gates_that_stop_it() -> None:
    (finding,) = diagnose(run(STILL, DEAF))
    assert finding.symptom == "vanishing gradient"
    assert (
        "reaches 8 of 49 steps" in finding.evidence
    )  # 18 decades over 49 steps: 3 decades are 8.2
    assert "half shut (mean 0.51)" in finding.evidence
    assert finding.advice == "Set the forget bias to 2 or more"


def test_a_vanished_gradient_is_no_finding_while_the_loss_falls() -> None:
    """A GRU whose gradient at initialisation is 5e-20 learns to recall over 100 steps."""
    assert diagnose(run(np.linspace(2.3, 0.5, 200), DEAF)) == []


def test_before_there_is_a_loss_to_go_by_it_is_a_note() -> None:
    (finding,) = diagnose(run(STILL[:20], DEAF))
    assert finding.severity == "note"
    assert "at initialisation" in finding.evidence


def test_a_good_start_that_is_blind_for_a_while_is_given_time() -> None:
    """An LSTM with forget bias 3 reaches 49, 3 and 4 of 49 steps before it learns to recall."""
    metrics = run(STILL[:100], DEAF)
    start = replace(DEAF, time={"h": np.full(50, 1e-3)})
    metrics.probes[0] = replace(metrics.probes[0], layers=(start,))
    metrics.add(Probe(100, 50, 2.3, math.nan, (DEAF,)))
    assert diagnose(metrics) == []
    for update in (110, 120):
        metrics.add(Probe(update, 50, 2.3, math.nan, (DEAF,)))
    assert [f.symptom for f in diagnose(metrics)] == ["vanishing gradient"]


def test_one_layer_through_which_the_gradient_gets_is_enough() -> None:
    whole = replace(DEAF, name="lstm.l1", time={"h": np.full(50, 1e-3)})
    assert diagnose(run(STILL, DEAF, whole)) == []


def test_a_reversed_layer_is_read_from_its_own_end() -> None:
    back = replace(DEAF, name="lstm.l0_reverse", time={"h": FADING[::-1]})
    (finding,) = diagnose(run(STILL, back))
    assert "reaches 8 of 49 steps" in finding.evidence


def test_a_transformer_has_no_steps_to_vanish_over() -> None:
    assert diagnose(run(STILL, Layer("layers.0", "transformer", {"h": FADING}))) == []


@pytest.mark.parametrize(
    ("layer", "symptom"),
    [
        (replace(DEAF, gates={"f": Gate(0.02, 1.0, 0.0)}), "dead forget gates"),
        (replace(DEAF, kind="gru", gates={"z": Gate(0.02, 1.0, 0.0)}), "dead forget gates"),
        (replace(DEAF, kind="rnn", gates={}, saturated=0.9), "saturated tanh"),
        (replace(DEAF, kind="rnn", gates={}, saturated=0.3), "vanishing gradient"),
        (replace(DEAF, gates=dict.fromkeys("ifo", Gate(0.5, 0.5, 0.5))), "saturated gates"),
        (Layer("act", "relu", {}, {"on": Gate(0.1, 0.8, 0.0)}), "dead ReLU"),
    ],
)
def test_the_cause_is_named_where_it_shows(layer: Layer, symptom: str) -> None:
    assert [f.symptom for f in diagnose(run(STILL, layer))] == [symptom]
    assert diagnose(run(np.linspace(2.3, 0.1, 200), layer)) == []


def test_a_plateau_after_the_mean_was_found_counts_as_standing_still() -> None:
    """The adding problem: the loss falls to that of guessing the mean at once, and there it stays."""
    loss = 0.167 + 1.3 * np.exp(-np.arange(400) / 8)
    (finding,) = diagnose(run(loss, DEAF))
    assert finding.symptom == "vanishing gradient"
    assert finding.severity == "note", "a forecast that has reached its noise looks the same"
    assert "which is well if the rest is noise" in finding.evidence
    assert diagnose(run(STILL, DEAF))[0].severity == "warning"


def test_what_was_learned_at_the_start_of_a_long_run_was_learned() -> None:
    """A forecast at its noise floor: of 5,000 updates, a fiftieth is enough to get there."""
    loss = 0.25 + np.exp(-np.arange(5000) / 40)
    assert [f.severity for f in diagnose(run(loss, DEAF))] == ["note"]


def test_a_loss_that_rises_again_for_good_is_named() -> None:
    """An Elman character model at SGD 0.3 with momentum falls to 2.1, and ends at 2.9."""
    noise = np.random.default_rng(3).normal(0, 0.1, 400)
    falls, rises = np.linspace(3.4, 1.8, 200), np.linspace(1.8, 3.1, 200)
    (finding,) = diagnose(run(np.r_[falls, rises] + noise))
    assert finding.symptom == "loss rises again"
    assert "it is 0.001" in finding.advice
    assert diagnose(run(np.r_[falls, np.full(200, 1.8)] + noise)) == []
    assert diagnose(run(np.r_[falls, rises[:40], np.full(160, 1.9)] + 3 * noise)) == []


@pytest.mark.parametrize(
    ("layer", "symptom"),
    [
        (Layer("r.l0", "rnn", {}, {}, 0.95), "saturated tanh"),
        (
            Layer("l.l0", "lstm", {}, dict.fromkeys("ifo", Gate(0.5, 0.5, 0.5)), 0.1),
            "saturated gates",
        ),
    ],
)
def test_raw_inputs_are_a_note_while_the_loss_falls(layer: Layer, symptom: str) -> None:
    """Prices near 500 into an LSTM: 0.56 where scaled ones get to 0.10."""
    falls = np.linspace(2.3, 1.5, 200)
    (finding,) = diagnose(run(falls, layer))
    assert (finding.symptom, finding.severity) == (symptom, "note")
    assert "Scale the inputs" in finding.advice
    assert diagnose(run(STILL, layer))[0].severity == "warning"
    assert diagnose(run(np.linspace(2.3, 0.01, 200), layer)) == [], "learned all the same"
    late = run(falls, layer)
    fresh = replace(layer, gates=dict.fromkeys(layer.gates, Gate(0.5, 0.0, 0.0)), saturated=0.0)
    late.probes[0] = replace(late.probes[0], layers=(fresh,))
    assert diagnose(late) == [], "trained units may well be saturated"


def test_gates_that_were_filled_on_purpose_are_no_saturation() -> None:
    """Chrono initialisation: f open, i shut, and o as torch has it."""
    gates = {"i": Gate(0.05, 1.0, 0.0), "f": Gate(0.95, 0.0, 1.0), "o": Gate(0.5, 0.0, 0.0)}
    assert diagnose(run(np.linspace(2.3, 1.5, 200), Layer("l.l0", "lstm", {}, gates, 0.0))) == []


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_rise(seed: int) -> None:
    """A batch of one: the loss is log-normal, and nothing is learned or lost."""
    rng = np.random.default_rng(seed)
    assert diagnose(run(np.exp(rng.normal(0, 1, 100 + 50 * seed)))) == []


@pytest.mark.parametrize(("end", "named"), [(21.0, True), (19.0, False)])
def test_a_loss_far_above_its_beginning_is_laid_to_the_rate_however_large_the_weights(
    end: float, named: bool
) -> None:
    metrics = Metrics()
    for n in range(1, 101):
        metrics.add(Update(n, 2.0 if n < 5 else end, math.nan, 1.0, 5.0, 0.1 * n))
    symptoms = [each.symptom for each in diagnose(metrics)]
    assert ("learning rate too high" in symptoms) == named


@pytest.mark.parametrize("norm", [0.0, math.nan])
def test_a_training_without_a_gradient_is_told_where_to_look(norm: float) -> None:
    """backward was forgotten, or the gradients were cleared before doctor.step."""
    (finding,) = diagnose(run(STILL, norm=norm))
    assert (finding.symptom, finding.severity) == ("no gradient", "warning")
    assert "at any of 200 updates" in finding.evidence
    (finding,) = diagnose(run(np.linspace(2.3, 0.5, 200), norm=norm))
    assert finding.severity == "note", "an optimiser may step within backward"
    some = run(STILL, norm=norm)
    some.add(Update(201, 2.3, math.nan, 0.5, 1e-3, 20.1))
    assert diagnose(some) == []


def test_a_task_that_was_learned_early_and_stays_learned_is_healthy() -> None:
    loss = 0.001 + 2.3 * np.exp(-np.arange(400) / 8)
    assert diagnose(run(loss, DEAF)) == []
    metrics, full = Metrics(), run(STILL, DEAF)
    records: list[Record] = list(full.probes)
    records += [Update(n, 2.3, 0.99, 1.0, 1e-3, 0.1) for n in range(1, 200)]
    for record in sorted(records, key=lambda r: r.update):
        metrics.add(record)
    assert diagnose(metrics) == [], "right answers are what counts where they are counted"


def test_a_loss_that_is_lost_is_laid_to_what_the_probes_show() -> None:
    growing = Layer("rnn.l0", "relu", {"h": FADING[::-1]}, {}, math.nan, {"hh": 1.5})
    nan = np.r_[STILL, math.nan]
    found = diagnose(run(nan, growing, ratio=0.9))
    assert [f.symptom for f in found] == ["exploding gradient"]
    assert found[0].severity == "error"
    assert "grows 1e+18 times" in found[0].evidence
    assert "spectral radius of W_hh 1.50" in found[0].evidence
    assert [f.symptom for f in diagnose(run(nan, DEAF, ratio=0.9))] == ["learning rate too high"]
    unknown = diagnose(run(nan, ratio=0.001))
    assert [f.symptom for f in unknown] == ["exploding gradient"], "as the symptom table has it"
    metrics = run(STILL)
    metrics.add(Event(200, "diverged", "the loss is nan"))
    assert diagnose(metrics)[0].severity == "error"


def test_a_gradient_that_grows_without_a_nan_is_found_by_what_it_does() -> None:
    """A tanh RNN of gain 4: tanh keeps the loss finite, and the early rows drown all others."""
    growing = Layer("rnn.l0", "rnn", {"h": FADING[::-1]}, {}, 0.65, {"hh": 4.0})
    assert [f.symptom for f in diagnose(run(STILL, growing))] == ["exploding gradient"]
    falls = np.linspace(2.3, 0.5, 200)
    assert diagnose(run(falls, growing)) == []
    jumps = run(falls, growing)
    jumps.add(Update(201, 2.0, math.nan, 1e4, 1e-3, 20.0))
    assert [f.symptom for f in diagnose(jumps)] == ["exploding gradient"]


def test_a_layer_that_is_asked_for_its_first_step_alone_shows_nothing() -> None:
    """The reversed half of a bidirectional layer, where the loss reads the last row only."""
    only = np.full(50, 1e-30)
    only[-1] = 1e-2
    back = replace(DEAF, name="lstm.l0_reverse", time={"h": only})
    assert [f.symptom for f in diagnose(run(STILL, back, DEAF))] == ["vanishing gradient"]
    assert diagnose(run(STILL, back)) == []


def test_updates_that_change_nothing() -> None:
    (finding,) = diagnose(run(STILL, ratio=1e-7))
    assert finding.symptom == "learning rate too low"


@pytest.mark.parametrize("n", [0, 1, 4, 49, 50, 51])
@pytest.mark.parametrize("value", [0.0, -3.0, 1e300, math.nan])
def test_short_and_strange_runs_are_no_trouble(n: int, value: float) -> None:
    odd = Layer("a", "lstm", {"h": np.full(50, math.nan)}, {"f": Gate(*[math.nan] * 3)})
    empty = Layer("b", "rnn", {"h": np.array([])})
    for layers in ((), (odd,), (empty, odd, DEAF)):
        for finding in diagnose(run(np.full(n, value), *layers, ratio=math.nan, norm=math.nan)):
            assert finding.evidence
            assert finding.advice
