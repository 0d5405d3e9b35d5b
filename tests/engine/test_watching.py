"""Watching changes nothing of a training, and nothing that goes wrong in it reaches the training."""

from __future__ import annotations

import copy
import errno
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import PeepholeError, watch
from engine.learning.folder import RunFolder

torch = pytest.importorskip("torch")
nn = torch.nn
ROOT = Path(__file__).resolve().parents[2]


class Everything(nn.Module):
    """All that is watched, and all that a pass leaves traces in: dropout, batch norm, another RNG."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(8, 12)
        self.lstm = nn.LSTM(12, 12, num_layers=2, dropout=0.3, batch_first=True)
        self.cell = nn.GRUCell(12, 12)
        layer = nn.TransformerEncoderLayer(12, 2, 16, dropout=0.2, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.norm = nn.BatchNorm1d(12)
        self.head = nn.Sequential(nn.Linear(12, 8), nn.ReLU(inplace=True), nn.Linear(8, 8))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embed(tokens) * (1 + 0.01 * random.random() + 0.01 * np.random.rand())
        x = self.encoder(self.lstm(x)[0])
        h = None
        for row in x.unbind(1):
            h = self.cell(row, h)
        return self.head(self.norm(h))


def train(
    tmp_path: Path, watching: str, before: bool = True, updates: int = 7
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Losses and the state at the end, of a training that is watched or not."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    model = Everything()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    fixed, losses = torch.randint(8, (4, 6), generator=torch.Generator().manual_seed(1)), []

    def probe() -> torch.Tensor:
        return nn.functional.cross_entropy(model(fixed), fixed[:, 0])

    doctor = None
    if watching:
        doctor = watch(
            model, tmp_path / "run", probe=probe if watching == "probe" else None, every=2
        )
    for update in range(updates):
        tokens = torch.randint(8, (5, 6))
        loss = nn.functional.cross_entropy(model(tokens), tokens[:, 0])
        optimiser.zero_grad()
        loss.backward()
        if doctor and before:
            doctor.step(loss)
        optimiser.step()
        if doctor and not before:
            doctor.step(loss)
        losses.append(loss.item())
        if update % 3 == 2:  # an evaluation in between
            model.eval()
            with torch.no_grad():
                losses.append(model(tokens).sum().item())
            model.train()
    if doctor:
        doctor.close()
        assert model.training
        assert model.lstm.dropout == 0.3
        assert not torch.nn.modules.module._global_forward_hooks
    return losses, model.state_dict()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("watching", ["probe", "own"])
def test_the_training_is_the_same_to_the_last_bit(
    watching: str, before: bool, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a watcher that had switched itself off would say so
        losses, state = train(tmp_path, watching, before)
    alone, same = train(tmp_path, "")
    assert losses == alone
    assert all(torch.equal(state[name], same[name]) for name in same)
    metrics = RunFolder.open(tmp_path / "run").read()
    assert list(metrics.update) == list(range(1, 8))
    assert [p.update for p in metrics.probes] == [0, 2, 4, 6]
    kinds = [layer.kind for layer in metrics.probes[1].layers]
    assert sorted(kinds) == ["gru", "lstm", "lstm", "relu", "transformer"]
    assert all(
        np.isfinite([p.update for p in probe.params.values()]).all() for probe in metrics.probes
    )
    assert metrics.events[-1].event == "done"


def test_gradients_of_the_training_are_not_touched(tmp_path: Path) -> None:
    model = nn.GRU(3, 4)
    x = torch.randn(5, 2, 3)
    doctor = watch(model, tmp_path / "run", probe=lambda: model(x)[0].sum(), every=1)
    assert all(p.grad is None for p in model.parameters()), "the first probe was taken already"
    loss = model(x)[0].pow(2).sum()
    loss.backward()
    before = [p.grad.clone() for p in model.parameters()]
    with torch.inference_mode():  # or under no_grad, as some loops have it
        doctor.step(loss)
    doctor.close()
    assert all(torch.equal(p.grad, b) for p, b in zip(model.parameters(), before, strict=True))
    assert len(RunFolder.open(tmp_path / "run").read().probes) == 2


def steps(doctor: Any, n: int = 3, model: Any = None) -> None:
    for _ in range(n):
        loss = model(torch.randn(5, 2, 3))[0].sum() if model else torch.tensor(1.0)
        if model:
            loss.backward()
        doctor.step(loss)


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("broken", ["probe", "record", "optimiser", "measure", "disk"])
def test_an_error_in_the_watcher_is_one_warning_and_ends_the_watching(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.watching import doctor as module
    from engine.watching import parameters, record

    def bad(*_: object, **__: object) -> None:
        raise ZeroDivisionError("in the watcher")

    model = nn.LSTM(3, 4)
    calls, optimiser = [], torch.optim.SGD(model.parameters(), lr=0.1)

    def probe() -> torch.Tensor:
        calls.append(1)
        return model(torch.zeros(5, 2, 3))[0].sum() * (1 / (len(calls) < 2))

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RuntimeWarning)
        doctor = watch(model, tmp_path / "run", probe=probe if broken == "probe" else None, every=1)
        if broken == "record":
            monkeypatch.setattr(record, "_time_first", bad)
        elif broken == "optimiser":
            monkeypatch.setattr(parameters, "float", bad, raising=False)
        elif broken == "measure":
            monkeypatch.setattr(module.measure, "layers", bad)
        elif broken == "disk":
            monkeypatch.setattr("engine.learning.files.os.write", no_space)
            monkeypatch.setattr("engine.learning.folder.append", no_space)
        for _ in range(4):
            loss = model(torch.randn(5, 2, 3))[0].sum()
            loss.backward()
            optimiser.step()
            doctor.step(loss)
        monkeypatch.undo()
        doctor.close()
    texts = [str(each.message) for each in said]
    assert len(texts) == 1, "one warning, not one an update"
    assert "peephole stopped watching at update" in texts[0]
    metrics = RunFolder.open(tmp_path / "run").read()
    if broken != "disk":
        (event,) = metrics.events
        assert event.event == "stopped"
        assert "ZeroDivisionError" in event.message
    assert not torch.nn.modules.module._global_forward_hooks


def test_a_script_that_makes_errors_of_warnings_trains_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    model = nn.GRU(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doctor = watch(model, tmp_path / "file" / "run")
        steps(doctor, model=model)
        doctor.close()


def test_a_second_start_of_the_script_writes_beside_the_first(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    with watch(model, tmp_path / "run") as doctor:
        steps(doctor)
    with (
        pytest.warns(RuntimeWarning, match="there already.*run-2"),
        watch(model, tmp_path / "run") as doctor,
    ):
        steps(doctor, 5)
    assert len(RunFolder.open(tmp_path / "run").read()) == 3
    assert len(RunFolder.open(tmp_path / "run-2").read()) == 5
    assert RunFolder.open(tmp_path / "run-2").config.kind == "watch"


def test_what_a_user_gets_wrong_is_said_before_the_training(tmp_path: Path) -> None:
    with pytest.raises(PeepholeError, match="not a function"):
        watch(lambda x: x, tmp_path / "run")  # type: ignore[arg-type]
    with pytest.raises(PeepholeError, match="every"):
        watch(nn.Linear(2, 2), tmp_path / "run", every=0)
    assert not list(tmp_path.iterdir())


def test_a_step_without_its_loss_does_not_stop_the_training(tmp_path: Path) -> None:
    with (
        watch(nn.Linear(2, 2), tmp_path / "run") as doctor,
        pytest.warns(RuntimeWarning, match="called without the loss"),
    ):
        doctor.step()


def test_a_loss_that_is_no_number_is_an_event_once(tmp_path: Path) -> None:
    model = nn.RNN(3, 4)
    with watch(model, tmp_path / "run", every=2) as doctor:
        for scale in (1.0, 1.0, float("nan"), float("nan"), 1.0):
            loss = (model(torch.randn(5, 2, 3) * scale)[0]).sum()
            loss.backward()
            doctor.step(loss)
    metrics = RunFolder.open(tmp_path / "run").read()
    (event, done) = metrics.events
    assert (event.event, event.update) == ("diverged", 3)
    assert done.event == "done"
    assert np.isnan(metrics.loss[2])
    assert len(metrics) == 5


def test_an_exception_in_the_training_is_the_event_that_ends_the_run(tmp_path: Path) -> None:
    def interrupted() -> None:
        with watch(nn.Linear(2, 2), tmp_path / "run") as doctor:
            steps(doctor)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (event,) = RunFolder.open(tmp_path / "run").read().events
    assert (event.event, event.message) == ("stopped", "KeyboardInterrupt ended the training")


SCRIPT = """
import sys, torch
from engine import watch
model = torch.nn.GRU(3, 4)
doctor = watch(model, sys.argv[1], every=10)
for update in range(10**6):
    loss = model(torch.randn(5, 2, 3))[0].sum()
    model.zero_grad()
    loss.backward()
    doctor.step(loss)
    if update == 30:
        print("going", flush=True)
"""


@pytest.mark.parametrize(
    ("how", "event"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGKILL, None)]
)
def test_an_interrupted_script_leaves_a_run_that_can_be_read(
    how: signal.Signals, event: str | None, tmp_path: Path
) -> None:
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "run")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert script.stdout
    assert script.stdout.readline() == "going\n"
    script.send_signal(how)
    script.communicate(timeout=60)
    metrics = RunFolder.open(tmp_path / "run").read()
    assert metrics.probes
    assert [event] == [e.message.split()[0] for e in metrics.events] or event is None
    if event:
        assert len(metrics) >= 30


def test_a_model_can_be_saved_and_copied_while_it_is_watched(tmp_path: Path) -> None:
    """Also between two updates of which the second is recorded; the copy is not watched."""
    model = nn.Sequential(nn.LSTM(3, 4))
    with watch(model, tmp_path / "run", every=1) as doctor:
        for _ in range(3):
            loss = model(torch.randn(5, 2, 3))[0].sum()
            loss.backward()
            doctor.step(loss)
            torch.save(model, tmp_path / "model.pt")
            twin = copy.deepcopy(model)
            twin(torch.randn(9, 2, 3))[0].sum().backward()
    assert {probe.rows for probe in RunFolder.open(tmp_path / "run").read().probes} == {5}


def test_an_evaluation_before_the_step_is_not_taken_for_the_training(tmp_path: Path) -> None:
    model = nn.GRU(3, 4)
    with watch(model, tmp_path / "run", every=1) as doctor:
        for _ in range(3):
            loss = model(torch.randn(5, 2, 3))[0].sum()
            loss.backward()
            with torch.no_grad():
                model(torch.randn(9, 2, 3))
            doctor.step(loss)
    assert RunFolder.open(tmp_path / "run").read().probes[0].rows == 5


def test_weights_that_a_loop_changes_by_hand_are_seen_to_change(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    with watch(model, tmp_path / "run", every=2) as doctor:
        for _ in range(5):
            model.zero_grad()
            loss = model(torch.ones(4, 3)).pow(2).mean()
            loss.backward()
            doctor.step(loss)
            for p in model.parameters():
                p.data.sub_(0.1 * p.grad)
            last = 0.1 * model.weight.grad.norm().item()
    probes = RunFolder.open(tmp_path / "run").read().probes
    assert [p.update for p in probes] == [0, 2, 4]
    assert probes[2].params["weight"].update > last, "the change of update 4, larger than that of 5"


def test_an_optimiser_that_asks_for_several_passes_is_one_update(tmp_path: Path) -> None:
    """L-BFGS with a closure, over a loop of cells that begins with zeros each time."""
    model = nn.LSTMCell(1, 4)
    optimiser = torch.optim.LBFGS(model.parameters(), max_iter=4)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        state = torch.zeros(2, 4), torch.zeros(2, 4)
        for _ in range(6):
            state = model(torch.ones(2, 1), state)
        loss = (state[0] - 0.5).pow(2).sum()
        loss.backward()
        return loss

    with watch(model, tmp_path / "run", every=1) as doctor:
        for _ in range(4):
            doctor.step(optimiser.step(closure))
    metrics = RunFolder.open(tmp_path / "run").read()
    assert metrics.last == 4
    assert {probe.rows for probe in metrics.probes} == {6}


def test_half_precision_and_sparse_gradients_are_measured(tmp_path: Path) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.lstm = nn.Embedding(9, 6, sparse=True), nn.LSTM(6, 7)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.lstm(self.embed(x))[0][-1].float().sum()

    model = Model()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with watch(model, tmp_path / "run", every=1) as doctor:
            for _ in range(3):
                with torch.autocast("cpu", torch.bfloat16):
                    loss = model(torch.randint(9, (12, 3)))
                model.zero_grad()
                loss.backward()
                doctor.step(loss)
    metrics = RunFolder.open(tmp_path / "run").read()
    assert len(metrics.probes) == 3
    assert metrics.probes[0].params["embed.weight"].grad > 0
    assert np.all(metrics.probes[0].layers[0].time["h"] > 1e-12)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("make", [nn.RNN, nn.LSTM, nn.GRU])
def test_on_a_gpu_a_probe_says_what_it_says_on_the_cpu(
    make: Callable[..., nn.RNNBase], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model, x = make(6, 16, num_layers=2, bidirectional=True), torch.randn(30, 4, 6)
    probes = []
    for device in ("cpu", "cuda"):
        here, given = model.to(device), x.to(device)

        def probe(here: nn.Module = here, given: torch.Tensor = given) -> torch.Tensor:
            return here(given)[0][-1].sum()

        watch(here, tmp_path / device, probe=probe).close()
        probes += RunFolder.open(tmp_path / device).read().probes
    for ours, theirs in zip(probes[0].layers, probes[1].layers, strict=True):
        for which in ours.time:
            np.testing.assert_allclose(ours.time[which], theirs.time[which], rtol=1e-3)


def test_updates_are_on_disk_while_the_training_runs(tmp_path: Path) -> None:
    doctor = watch(nn.Linear(2, 2), tmp_path / "run")
    deadline = time.monotonic() + 20
    while not len(RunFolder.open(tmp_path / "run").read()) and time.monotonic() < deadline:
        doctor.step(1.0)
        time.sleep(0.05)
    metrics = RunFolder.open(tmp_path / "run").read()
    assert len(metrics)
    assert len(metrics.probes) == 1, "it waits for one update, to tell what that changed, no longer"
    doctor.close()
