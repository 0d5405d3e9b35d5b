"""`peephole watch --print`: a run as it is written, a line for every probe, and what is wrong with it."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from engine.diagnosis import Finding, diagnose
from engine.learning.derived import reach
from engine.learning.folder import LOCK, RunFolder
from engine.learning.metrics import Event, Metrics, Probe, plain, to_line
from engine.signs import KEEPS, RECURRENT, change, flow_of, furthest

PATIENCE = 0.5  # seconds between two looks at a run that is being written
HEAD = (
    f"{'update':>8} {'loss':>9} {'norm':>9} {'lr':>9} {'gradient reaches':>18} {'keeps':>8} "
    f"{'|h|>0.9':>8} {'change':>8}  layer"
)


def watch(folders: Sequence[RunFolder], as_json: bool = False) -> int:
    """Print what is there, follow what is still being written, and return the exit code."""
    try:
        for text in lines(folders, follow=True, as_json=as_json):
            click.echo(text)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    return 0


def lines(
    folders: Sequence[RunFolder], follow: bool = False, as_json: bool = False
) -> Iterator[str]:
    """A line for every probe and event, and findings when they change.

    Args:
        follow: wait for more as long as a process writes the run.
        as_json: the records as they are in the folder, and findings as {"finding": …, "run": …}.
    """
    runs = [_Followed(folder, as_json, named=len(folders) > 1) for folder in folders]
    for run in runs:
        yield from run.head()
    while True:
        alive = [
            written(run.folder) for run in runs
        ]  # asked first: what comes after it is the rest
        for run in runs:
            yield from run.more()
        if not follow or not any(alive):
            break
        time.sleep(PATIENCE)
    for run in runs:
        yield from run.end()


def written(folder: RunFolder) -> bool:
    """Whether a process holds the run's lock, which it does as long as it trains."""
    import fcntl

    try:
        with Path(folder.path / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class _Followed:
    """One of the runs."""

    def __init__(self, folder: RunFolder, as_json: bool, named: bool) -> None:
        self.folder, self.as_json = folder, as_json
        self.tail = folder.follow()
        self.said: list[Finding] = []
        self.name = f"{folder.config.name}: " if named else ""

    def head(self) -> Iterator[str]:
        if self.as_json:
            return
        config = self.folder.config
        kind = "learns" if config.kind == "learn" else "watched"
        yield f"{config.name} ({kind})" + (f": {config.command}" if config.command else "")
        yield HEAD

    def more(self) -> Iterator[str]:
        for record in self.tail.more():
            if self.as_json:
                yield to_line(record)
            elif isinstance(record, Probe):
                yield f"{self.name}{row(record, self.tail.metrics)}"
            elif isinstance(record, Event):
                yield f"{self.name}{record.update:>8} {record.message}"
        if self.tail.anew:
            self.said = []
        found = diagnose(self.tail.metrics)
        if [each.symptom for each in found] != [each.symptom for each in self.said]:
            self.said = found
            if written(self.folder):  # at the end they are said anyway
                yield from self.findings()

    def end(self) -> Iterator[str]:
        self.said = diagnose(self.tail.metrics)
        yield from self.findings()
        if self.as_json:
            return
        metrics = self.tail.metrics
        if not self.said:
            yield f"{self.name}{_healthy(metrics)}"
        ended = metrics.events and metrics.events[-1].event in ("done", "stopped", "diverged")
        if not ended and not written(self.folder):
            yield f"{self.name}no process writes it, and none said that it was over: it was killed"

    def findings(self) -> Iterator[str]:
        for each in self.said:
            if self.as_json:
                said = {"finding": plain(asdict(each)), "run": str(self.folder.path)}
                yield json.dumps(said, ensure_ascii=False)
            else:
                yield f"{self.name}{each.severity}: {each.symptom} (update {each.update})"
                yield f"    {each.evidence}"
                yield f"    {each.advice}"


def row(probe: Probe, metrics: Metrics) -> str:
    """A probe in a line, under `HEAD`: the layer through which the gradient gets furthest.

    Over a few steps that says nothing of a fault, but what was measured is shown: of the first layer.
    """
    near = int(np.searchsorted(metrics.update, probe.update))  # probe 0 is beside update 1
    norm, lr = (
        float(getattr(metrics, name)[near]) if near < len(metrics) else math.nan
        for name in ("norm", "lr")
    )
    short = (each for each in probe.layers if each.kind in RECURRENT and "h" in each.time)
    layer = furthest(probe) or next(short, None)
    reached, keeps, saturated, name = "", "", "", ""
    if layer is not None:
        far = reach(flow_of(layer))
        reached, name = f"{far.steps} of {far.of} steps" if far.of else "", layer.name
        gate = KEEPS.get(layer.kind, ("", ""))[0]
        keeps = f"{gate} {layer.gates[gate].mean:.2f}" if gate in layer.gates else ""
        saturated = "" if math.isnan(layer.saturated) else f"{layer.saturated:.0%}"
    elif probe.attention:
        heads = [entropy for each in probe.attention for entropy in each.entropy]
        most = math.log(max(1, max(each.keys for each in probe.attention)))
        name = f"attention entropy {np.mean(heads):.2f} of at most {most:.2f} nats"
    moves = change(probe)
    moves_said = "" if math.isnan(moves) else f"{moves:.2%}"
    return (
        f"{probe.update:>8} {_short(probe.loss)} {_short(norm)} {_short(lr)} {reached:>18} {keeps:>8} "
        f"{saturated:>8} {moves_said:>8}  {name}"
    ).rstrip()


def _short(value: float) -> str:
    return " " * 9 if math.isnan(value) else f"{value:>9.4g}"


def _healthy(metrics: Metrics) -> str:
    if not len(metrics):
        return "nothing was measured yet"
    return f"nothing wrong is seen after {metrics.last} updates"
