"""The same numbers as TensorBoard event files, where tensorboard is installed."""

from __future__ import annotations

import importlib
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.learning.metrics import Probe, Record, Update

# a package that has to be there, and the module whose SummaryWriter is used
WRITERS = (("tensorboard", "torch.utils.tensorboard"), ("tensorboardX", "tensorboardX"))


class Board:
    """Writes scalars for TensorBoard: loss, accuracy, gradient norm, and norms of every parameter.

    A run does not end because of it: when the writer fails, nothing more is given to it.
    """

    def __init__(self, writer: Any = None) -> None:
        self._writer = writer

    def take(self, record: Record) -> None:
        """Write what a record says; NaN is left out."""
        if self._writer is not None:
            try:
                self._write(record)
            except Exception:  # somebody else's code, on a disk that may be full
                self._writer = None

    def _write(self, record: Record) -> None:
        if isinstance(record, Update):
            scalars = {
                "loss": record.loss, "accuracy": record.accuracy,
                "gradient_norm": record.norm, "learning_rate": record.lr,
            }  # fmt: skip
        elif isinstance(record, Probe):
            scalars = {"probe/loss": record.loss, "probe/accuracy": record.accuracy}
            for name, norms in record.params.items():
                scalars |= {
                    f"gradient_norm/{name}": norms.grad,
                    f"update_norm/{name}": norms.update,
                }
            for layer in record.layers:
                radii = layer.radius.items()
                scalars |= {f"spectral_radius/{layer.name}.{name}": rho for name, rho in radii}
                scalars |= {f"open/{layer.name}.{name}": g.mean for name, g in layer.gates.items()}
        else:
            self._writer.add_text(record.event, record.message, record.update)
            scalars = {}
        for name, value in scalars.items():
            if value == value:  # not NaN
                self._writer.add_scalar(name, value, record.update)

    def close(self) -> None:
        """Write what is still in memory."""
        if self._writer is not None:
            with suppress(Exception):
                self._writer.close()


def open_at(path: Path, update: int) -> Board:
    """A board in a run's folder that goes on after `update`; one that does nothing if it cannot be."""
    for package, module in WRITERS:
        if find_spec(package) and find_spec(module.partition(".")[0]):
            try:
                writer = importlib.import_module(module).SummaryWriter
            except ImportError:
                continue
            return Board(writer(str(path), purge_step=update + 1, filename_suffix=f".{update}"))
    return Board()
