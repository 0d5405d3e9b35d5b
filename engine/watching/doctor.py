"""The doctor: counts the updates of somebody else's loop, measures now and then, and never interferes."""

from __future__ import annotations

import atexit
import math
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.learning.config import Config
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event, Probe, Update
from engine.watching import measure
from engine.watching.parameters import Changes, Rate, norms, total
from engine.watching.record import Recorder
from engine.watching.untouched import untouched

FLUSH = 0.5  # seconds after which what was measured is written at the latest, at the next update
Loss = Callable[[], Tensor]


class Doctor:
    """What `engine.watch` returns.

    Attributes:
        path: of the run's folder; another one than asked for where that was taken.
        update: updates counted so far.
    """

    def __init__(
        self, model: nn.Module, path: Path, config: Config, probe: Loss | None = None
    ) -> None:
        self.path, self.update = path, 0
        self._model, self._probe, self._every = model, probe, config.every.probe
        self._recorder, self._rate, self._changes = Recorder(model), Rate(model), Changes(model)
        self._began = self._flushed = time.perf_counter()
        self._waiting: list[tuple[int, float | Tensor, float | Tensor, float, float]] = []
        self._kept: Probe | None = None
        self._held, self._on, self._diverged = ExitStack(), True, False
        atexit.register(self._ended)
        self._safely(self._begin, config)

    def step(self, loss: float | Tensor | None = None) -> None:
        """Once an update, after `loss.backward()` and before the gradients are cleared."""
        self._safely(self._step, loss)

    def close(self, said: str = "the training is over") -> None:
        """Write what is left and let go of the model. The end of the script does it too."""
        self._safely(self._close, Event(self.update, "done", said))

    def __enter__(self) -> Doctor:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        event = Event(self.update, "done", "the training is over")
        self._safely(self._close, _stopped(self.update, kind) if kind else event)

    def _safely(self, act: Callable[..., None], *args: Any) -> None:
        """Whatever goes wrong in here is said once, and ends the watching, not the training."""
        if not self._on:
            return
        try:
            act(*args)
        except Exception as error:
            self._on = False
            said = f"peephole stopped watching at update {self.update}; the training goes on: "
            said += f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            for last in (
                lambda: self._let_go(),
                lambda: self._run.append(Event(self.update, "stopped", said)),
                lambda: self._held.close(),
            ):
                try:
                    last()
                except Exception:
                    continue  # a full disk cannot be told of on that disk
            _say(said)

    def _begin(self, config: Config) -> None:
        asked, number = self.path, 1
        while self.path.exists() or self.path.is_symlink():
            number += 1
            self.path = asked.with_name(f"{asked.name}-{number}")
        self._run = RunFolder.create(self.path, replace(config, name=self.path.name))
        if number > 1:
            _say(f"{asked} is there already: this run is written to {self.path}")
        self._held.enter_context(self._run.lock())
        if self._probe is None:
            self._ready()
        else:
            self._changes.ask()
            self._keep(self._passed(self._probe))

    def _step(self, loss: float | Tensor | None) -> None:
        if loss is None:
            raise ValueError("step was called without the loss")
        self.update += 1
        self._check()
        self._changes.look()
        if self._kept and (self._changes.norms or self.update > self._kept.update + 1):
            self._write(self._whole())
        if isinstance(loss, Tensor):
            loss = loss.detach().mean()
        if self._probe is None and (self.update - 1) % self._every == 0:
            self._recorder.stop()  # the pass of this update was recorded, before its weights changed
            grads = {n: p.grad for n, p in self._model.named_parameters()}
            self._keep(self._seen(self.update - 1, float(loss), grads))
        norm = total(self._model)
        self._waiting.append(
            (
                self.update,
                _now(loss),
                math.nan if norm is None else _now(norm),
                self._rate.lr,
                time.perf_counter() - self._began,
            )
        )
        due, soon = self.update % self._every == 0, (self.update + 1) % self._every == 0
        if self._probe is None:
            if due:
                self._ready()
        else:
            if due:
                self._keep(self._passed(self._probe))
            if soon:
                self._changes.ask()
        if time.perf_counter() - self._flushed > FLUSH:
            self._write()

    def _ready(self) -> None:
        """The next pass of the training itself is the probe."""
        self._recorder.start()
        self._changes.ask()

    def _passed(self, probe: Loss) -> Probe:
        """A pass of our own on the user's fixed probe; nothing of the model is other afterwards."""
        params = {n: p for n, p in self._model.named_parameters() if p.requires_grad}
        with untouched(self._model):
            try:
                self._recorder.start()
                loss = probe()
                if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.requires_grad:
                    raise TypeError("probe() should return the loss: one number with a gradient")
                found = torch.autograd.grad(loss.sum(), list(params.values()), allow_unused=True)
            finally:
                self._recorder.stop()
            return self._seen(
                self.update, float(loss.detach()), dict(zip(params, found, strict=True))
            )

    def _keep(self, probe: Probe) -> None:
        """Write a probe, or wait for the next update if no update was seen yet."""
        if self._kept:
            self._write(self._whole())
        self._kept = probe
        if self._changes.norms:
            self._write(self._whole())

    def _whole(self) -> Probe:
        probe, self._kept = self._kept, None
        assert probe is not None
        changes = self._changes.norms
        params = {n: p._replace(update=changes.get(n, math.nan)) for n, p in probe.params.items()}
        return replace(probe, params=params)

    def _seen(self, update: int, loss: float, grads: dict[str, Tensor | None]) -> Probe:
        self._check()
        with (
            torch.inference_mode(False),
            torch.autocast(device_type="cpu", enabled=False),
            torch.autocast(device_type="cuda", enabled=False),
        ):
            layers = measure.layers(self._recorder)
            attention = measure.attention(self._recorder)
        self._recorder.calls.clear()
        rows = [len(t) for layer in layers for t in layer.time.values()]
        rows += [a.keys for a in attention]
        params = norms(self._model, grads)
        return Probe(update, max(rows, default=0), loss, math.nan, layers, params, attention)

    def _check(self) -> None:
        failed = self._recorder.failed or self._rate.failed
        if failed:
            raise failed

    def _write(self, *more: Probe | Event) -> None:
        """Updates that wait, in order, and then `more`; one wait for the device and one write."""
        records: list[Update | Probe | Event] = []
        for update, loss, norm, lr, seconds in self._waiting:
            loss, norm = float(loss), float(norm)
            records.append(Update(update, loss, math.nan, norm, lr, seconds))
            if not self._diverged and not (math.isfinite(loss) and not math.isinf(norm)):
                self._diverged = True
                said = f"the loss is {loss:g} and the gradient's norm {norm:g} at update {update}"
                records.append(Event(update, "diverged", said))
        self._waiting.clear()
        self._run.append(*records, *more)
        self._flushed = time.perf_counter()

    def _close(self, event: Event) -> None:
        self._let_go()
        if self._kept:
            self._write(self._whole())
        self._write(event)
        self._held.close()
        self._on = False

    def _let_go(self) -> None:
        self._recorder.stop()
        self._rate.stop()
        self._changes.forget()
        atexit.unregister(self._ended)

    def _ended(self) -> None:
        """The script is over; Python has kept the error that ended it, if one did."""
        kind = getattr(sys, "last_type", None)
        event = Event(self.update, "done", "the script ended")
        self._safely(self._close, _stopped(self.update, kind) if kind else event)


def _stopped(update: int, kind: type[BaseException]) -> Event:
    return Event(update, "stopped", f"{kind.__name__} ended the training")


def _say(said: str) -> None:
    """A warning at the line of the script that called."""
    frame, level = sys._getframe().f_back, 2
    while frame and frame.f_globals.get("__name__", "").startswith("engine.watching"):
        frame, level = frame.f_back, level + 1
    try:
        warnings.warn(said, RuntimeWarning, stacklevel=level)
    except RuntimeWarning:  # a script that makes errors of warnings does not want this one
        print(said, file=sys.stderr)


def _now(value: float | Tensor) -> float | Tensor:
    """A number that is here; one that a GPU is still working out is not waited for."""
    if isinstance(value, Tensor) and value.device.type != "cpu":
        return value.clone()
    return float(value)
