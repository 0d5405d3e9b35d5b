"""Learning in a folder: updates, and everything that is written down about them.

After update n come, in this order: its line, the probe if it is due, the trace of the probe's first
sequence and the checkpoint if they are due. A checkpoint is therefore never ahead of the metrics, and a
process that is killed at any moment leaves a folder that goes on from its newest checkpoint, bit for bit
as if nothing had happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.learning import board
from engine.learning.divergence import explain
from engine.learning.files import Unwritable
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event, Metrics, Record, Update
from engine.learning.probe import measure
from engine.learning.starting import Learnable, fresh, newest
from engine.learning.thinning import thin
from engine.lenses import gradient_map, jacobian_norms
from engine.lenses.record import LONGEST_MAP
from engine.models import LanguageModel
from engine.recipe import Diverged, Recipe
from engine.runner import run
from engine.storage import save_trace
from engine.training import Training

LONGEST = 30.0  # seconds of work without a checkpoint, however slow the updates are


class Saved(NamedTuple):
    """The checkpoint and the trace after update number `update` are on the disk."""

    update: int


Tell = Callable[[Record | Saved], None]


class Learning:
    """A run between two updates; only within `opened`, which keeps other processes out.

    Attributes:
        folder, task, training: what is learned, from what, and how far it is.
        metrics: all that was written.
    """

    def __init__(
        self, folder: RunFolder, task: Learnable, training: Training, metrics: Metrics, tell: Tell
    ) -> None:
        self.folder, self.task, self.training, self.metrics = folder, task, training, metrics
        self._tell, self._probe_batch = tell, task.probe()
        self._saved: Recipe | None = None  # the recipe in the checkpoint of this very update
        self._going, self._lost = False, 0
        self._safe = time.monotonic()  # when all that was done was on the disk
        self._began = time.monotonic() - (float(metrics.seconds[-1]) if len(metrics) else 0.0)
        self._board = board.open_at(folder.path, training.step)

    @classmethod
    @contextmanager
    def opened(
        cls, folder: RunFolder, task: Learnable, tell: Tell = lambda _: None
    ) -> Iterator[Learning]:
        """The run as its newest whole checkpoint left it, or before its first update.

        Records beyond that checkpoint are dropped. The folder is not changed otherwise until the run
        goes on.

        Raises:
            PeepholeError: another process trains it, it is a watched run, it is damaged, or it cannot
                be written.
        """
        if folder.config.kind != "learn":
            raise PeepholeError(
                "watched, not learned here: it cannot go on", where=str(folder.path),
                do="`peephole watch` shows it",
            )  # fmt: skip
        with folder.lock():
            training = newest(folder, task)
            if training is None:
                learning = cls(folder, task, fresh(folder, task), folder.cut(-1), tell)
                learning._measure(None)
                learning.checkpoint()
                learning._going = True
            else:
                last = folder.read().last
                learning = cls(folder, task, training, folder.cut(training.step), tell)
                learning._saved, learning._lost = training.recipe, last - training.step
                if not training.step and not learning.metrics.probes:  # branched with other weights
                    learning._measure(None)
                    learning._trace(0)
                for event in learning.metrics.events:  # set after the checkpoint was written
                    if event.event == "set" and event.update == training.step:
                        training.set(**event.details)
            try:
                yield learning
            finally:
                learning._board.close()

    @property
    def done(self) -> bool:
        """Whether all updates of the recipe are done."""
        return self.training.step >= self.training.recipe.steps

    @property
    def diverged(self) -> Event | None:
        """What happened, if the run stopped having numbers and nothing was tried since."""
        last = self.metrics.events[-1] if self.metrics.events else None
        return last if last and last.event == "diverged" else None

    def advance(self) -> None:
        """One update, and what is due after it.

        Raises:
            Diverged: it could not be made. The event and a checkpoint of the weights before it are on
                the disk, and the run can go on from there, with other knobs.
            PeepholeError: the folder cannot be written any more.
        """
        self._go_on()
        before, every = self.training.params, self.folder.config.every
        try:
            with np.errstate(all="ignore"):
                did = self.training.update()
        except Diverged as error:
            self.checkpoint()
            self._write(explain(error, self.training, self.metrics, self.folder.checkpoints()))
            raise
        self._saved = None
        accuracy = np.nan if did.accuracy is None else did.accuracy
        seconds = time.monotonic() - self._began
        self._write(Update(did.step, did.loss, accuracy, did.norm, did.lr, round(seconds, 4)))
        if did.step % every.probe == 0 or self.done:
            self._measure(before)
        late = time.monotonic() - self._safe > LONGEST
        if did.step % every.checkpoint == 0 or self.done or late:
            self.checkpoint()
        if self.done:
            self._write(Event(did.step, "done", f"all {did.step} updates are done"))

    def set(self, **knobs: Any) -> None:
        """Change live knobs from the next update on.

        Raises:
            PeepholeError: a knob that cannot change, or a value it cannot have; nothing is changed.
        """
        old = self.training.recipe
        self.training.set(**knobs)
        self._go_on()
        said = ", ".join(f"{name} {getattr(old, name):g} -> {knobs[name]:g}" for name in knobs)
        self._write(Event(self.training.step, "set", said, knobs))

    def checkpoint(self) -> None:
        """Write a checkpoint of this moment, and the trace of the probe; nothing if it is there."""
        n, training = self.training.step, self.training
        if self._saved == training.recipe:
            return
        try:
            with np.errstate(all="ignore"):
                self._trace(n)
            training.save(self.folder.checkpoint(n))
            thin(self.folder, self.metrics.events)
        except PeepholeError as error:
            raise Unwritable(error.what, where=error.where, do=error.do) from None
        self._saved, self._safe = training.recipe, time.monotonic()
        self._tell(Saved(n))

    def stop(self) -> None:
        """Write a checkpoint, so that nothing is lost, and say that the run was stopped."""
        self.checkpoint()
        if self._going and not self.done and not self.diverged:
            n = self.training.step
            self._write(Event(n, "stopped", f"stopped after update {n}"))
            self._going = False

    def _go_on(self) -> None:
        if not self._going:
            n, lost = self.training.step, self._lost
            again = f"; {lost} updates that no checkpoint holds are made again" if lost else ""
            self._write(Event(n, "resumed", f"resumed after update {n}{again}", {"again": lost}))
            self._going, self._safe = True, time.monotonic()

    def _measure(self, before: Any) -> None:
        training = self.training
        recipe = training.recipe
        self._write(
            measure(
                training.step, training.architecture, training.params, self._probe_batch,
                loss=recipe.loss, k1=recipe.k1, k2=recipe.k2, before=before, backend=training.backend,
            )
        )  # fmt: skip

    def _trace(self, n: int) -> None:
        """The probe's first sequence as the model reads it now, with the lenses that need the model."""
        params = Backend().params(self.training.params)
        vocabulary = self.task.vocabulary()
        architecture = self.training.architecture
        name, card = self.folder.config.name, {"recipe": asdict(self.training.recipe)}
        model = LanguageModel(name, architecture, params, vocabulary, card)  # type: ignore[arg-type]
        trace = run(model, self.task.probe_tokens())
        lenses: dict[str, Any] = {"jacobian_norms": jacobian_norms}
        if len(trace) <= LONGEST_MAP:
            lenses["gradient_map"] = gradient_map
        for name, lens in lenses.items():
            with suppress(PeepholeError):  # a Transformer has no step Jacobian
                trace.lenses[name] = lens(model, trace)
        save_trace(trace, self.folder.probe(n))

    def _write(self, record: Record) -> None:
        self.folder.append(record)
        self.metrics.add(record)
        self._board.take(record)
        self._tell(record)
