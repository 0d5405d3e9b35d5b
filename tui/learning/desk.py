"""What all panels of the learning screen share: the runs, the update on show, the row, the layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.palette import Palette

if TYPE_CHECKING:
    from tui.learning.live import LiveRun


@dataclass
class Desk:
    """One or two runs, looked at as of one update.

    Attributes:
        palette, dark: how things look.
        runs: the runs, A before B.
        at: the update that is looked back at; None shows the newest of each run.
        active: index of the run that keys are about.
        row: the row whose exact number is shown, None for the first one.
        layer: of the states that are shown; -1 is the last one.
        full: whether one panel has the whole screen.
    """

    palette: Palette = field(default_factory=Palette)
    dark: bool = True
    runs: list[LiveRun] = field(default_factory=list)
    at: int | None = None
    active: int = 0
    row: int | None = None
    layer: int = -1
    full: bool = False

    @property
    def run(self) -> LiveRun:
        """The run that keys are about."""
        return self.runs[min(self.active, len(self.runs) - 1)]

    @property
    def until(self) -> int:
        """Where all axes end: at the last update of any run, or a little after it.

        They move on only when a probe is due, so that what was measured by probes stays as drawn.
        """
        last = max([1, *(run.metrics.last for run in self.runs)])
        every = self.run.folder.config.every.probe
        return last if last < every else -(-last // every) * every

    def shown(self, run: LiveRun) -> int:
        """The update that a run is shown as of."""
        return run.newest if self.at is None else min(self.at, run.newest)

    def letters(self, runs: Sequence[LiveRun]) -> list[str]:
        """A and B where there are two runs; nothing to tell apart where there is one."""
        return [run.letter if len(self.runs) > 1 else "" for run in runs]
