"""What a run is and where it stands, in words: the lines above the panels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len

from engine.learning import derived
from tui.learning.desk import Desk
from tui.learning.live import LiveRun
from tui.learning.panels.base import Words, width_of

SHOWN = {"seed": 0, "init": "torch", "gain": 1.0, "forget_bias": 0.0, "momentum": 0.0}
KINDS = {
    "running": "accent", "starting": "accent", "saving": "accent", "following": "accent", "done": "good",
    "diverged": "bad", "died": "bad", "failed": "bad",
}  # fmt: skip
# What is left out first to last, for want of room.
DROPPED = ("gradient", "pace", "left", "total", "accuracy", "loss", "update")
ENDS = ("done", "stopped", "diverged")


def model(run: LiveRun) -> str:
    """`lstm 64`, with its layers where there are several."""
    spec = run.folder.config.model
    if spec is None:
        return run.name
    layers = f" x {spec.layers}" if spec.layers > 1 else ""
    return f"{spec.cell} {spec.width}{layers}{' residual' if spec.residual else ''}"


def task(run: LiveRun) -> str:
    """`recall 50`."""
    spec = run.folder.config.task
    return f"{spec.name} {spec.length}" if spec is not None else "watched"


def knobs(recipe: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, str]:
    """The knobs in force, by name, those first that are not as usual: the run is about them.

    What is as everywhere, as an initial forget bias of 0, need not be said.
    """
    said: dict[str, str] = {}
    for name, value in SHOWN.items():
        if recipe.get(name, value) != value:
            said[name] = f"{name.replace('_', ' ')} {_short(recipe[name])}"
    if recipe.get("k1"):
        said["k1"] = f"k1 {recipe['k1']} k2 {recipe['k2']}"
    if "clip" in recipe:
        said["clip"] = f"clip {_short(recipe['clip'])}" if recipe["clip"] else "no clipping"
    if "lr" in recipe:
        said["lr"] = f"{recipe.get('optimiser', '')} lr {_short(recipe['lr'])}".strip()
    as_usual = [name for name in ("lr", "clip") if recipe.get(name) == usual.get(name, 1.0)]
    return {name: said[name] for name in sorted(said, key=as_usual.__contains__)}


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def parts(run: LiveRun, until: int) -> dict[str, str]:
    """Model and knobs, by name."""
    spec = run.folder.config.model
    usual = run.task.usual(spec.cell) if run.task is not None and spec is not None else {}
    return {"model": model(run), **knobs(run.knobs(until), usual)}


def differing(runs: list[LiveRun], desk: Desk) -> tuple[list[str], list[list[str]]]:
    """What runs have in common, and what each has of its own."""
    each = [parts(run, desk.shown(run)) for run in runs]
    names = list(dict.fromkeys(name for said in each for name in said))
    common = [n for n in names if len({said.get(n) for said in each}) == 1]
    own = [[said.get(n) or _usual(n) for n in names if n not in common] for said in each]
    return [each[0][n] for n in common], own


def _usual(name: str) -> str:
    """What is not said of a run because it is as usual, said after all."""
    return (
        "full BPTT" if name == "k1" else f"{name.replace('_', ' ')} {_short(SHOWN.get(name, '-'))}"
    )


def fitted(said: list[str], room: int) -> str:
    """As many parts as there is room for, and … where some are left out."""
    words = " · ".join(said)
    while len(said) > 1 and cell_len(words) > room:
        said = said[:-1]
        words = " · ".join([*said, "…"])
    return words


def state(run: LiveRun, desk: Desk) -> tuple[str, str]:
    """The state in words, and its colour."""
    word: str = run.state
    if word == "following" and run.metrics.events:  # what its process said last
        last = run.metrics.events[-1]
        word = last.event if last.event in ENDS and last.update >= run.newest else word
    kind = KINDS.get(word, "muted")
    if word == "diverged":
        return f"✗ diverged at {run.newest + 1}", kind
    if word in ("died", "failed"):
        return f"✗ {word}: r resumes", kind
    if desk.at is not None:
        return f"◂ as of update {desk.shown(run)}", "primary"
    if run.learned(run.newest):
        return ("learned" if word in ("closed", "following") else f"learned · {word}"), "good"
    return ("stopped: r resumes" if word == "stopped" else word), kind


def numbers(run: LiveRun, desk: Desk) -> dict[str, tuple[str, str]]:
    """`update 420 of 1000`, `61/s`, `about 9 s left`, `loss 0.412 nats`, ... by name, with their colours."""
    until = desk.shown(run)
    columns = run.columns(until)
    total = f" of {run.total}" if run.total else ""
    said = {"update": (f"update {until}", "text"), "total": (total, "text")}
    rate = derived.pace(run.metrics.update, run.metrics.seconds)
    if rate and run.state == "running" and desk.at is None:
        said["pace"] = (f"{rate:.0f}/s" if rate >= 10 else f"{rate:.2g}/s", "muted")
        if run.total > until:
            said["left"] = (f"{lasting((run.total - until) / rate)} left", "muted")
    if len(columns.update):
        unit = "squared error" if run.values else "nats"
        said["loss"] = (f"loss {smoothed(columns.loss, 4)} {unit}", "text")
        if columns.accuracy[-1] == columns.accuracy[-1]:
            said["accuracy"] = (f"accuracy {smoothed(columns.accuracy, 2)}", "text")
        said["gradient"] = (f"gradient {derived.figure(columns.norm[-1])}", "muted")
    return said


def lasting(seconds: float) -> str:
    """`about 7 min`: how long something takes, as exact as a guess can be."""
    for unit, length in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length:
            return f"about {seconds / length:.0f} {unit}"
    return f"about {max(1, round(seconds))} s"


def together(each: list[dict[str, tuple[str, str]]], rooms: list[int]) -> list[Words]:
    """The numbers of runs in lines of so many columns: what one has no room for, none of them says."""
    for names in (DROPPED[:n] for n in range(len(DROPPED) + 1)):
        lines = [joined([p for k, p in said.items() if k not in names and p[0]]) for said in each]
        if all(cells(line) <= room for line, room in zip(lines, rooms, strict=True)):
            break
    return lines


def smoothed(values: Any, digits: int) -> str:
    """The mean of the last updates, as the lines of a plot show it."""
    last = derived.smooth(values[-60:])[-1]
    return "-" if last != last else f"{last:.2f}" if digits == 2 else derived.figure(last, 3)


def head(desk: Desk, width: int) -> list[tuple[Words, Words]]:
    """(left, right) of each line: task and knobs, then where each run stands."""
    runs = desk.runs
    first = runs[0]
    top: Words = [(" peephole ", "accent"), (f" {task(first)} · ", "text")]
    room = width - cells(top) - 2
    if len(runs) == 1:
        word, kind = state(first, desk)
        said = list(parts(first, desk.shown(first)).values())
        if cell_len(" · ".join(said)) > room - cell_len(word) - 1:  # knobs say more than our name
            top, room = top[1:], room + width_of(top[0])
        top.append((fitted(said, room - cell_len(word) - 1), "muted"))
        (line,) = together([numbers(first, desk)], [width - 2])
        return [(top, [(f" {word} ", kind)]), ([(" ", "text"), *line], [])]
    common, own = differing(runs, desk)
    if task(runs[1]) != task(first):
        own = [[task(run), *said] for run, said in zip(runs, own, strict=True)]
        top = top[:1]
    lines: list[tuple[Words, Words]] = [([*top, (fitted(common, room), "muted")], [])]
    states = [state(run, desk) for run in runs]
    names: list[Words] = []
    for index, run in enumerate(runs):
        here = index == desk.active
        name: Words = [(f"{'▶' if here else ' '}{run.letter} ", "accent" if here else "text")]
        names.append([*name, (f"{fitted(own[index], width // 3) or run.name}  ", "text")])
    rooms = [
        width - cells(name) - cell_len(word) - 2
        for name, (word, _) in zip(names, states, strict=True)
    ]
    figures = together([numbers(run, desk) for run in runs], rooms)
    for name, figure, (word, kind) in zip(names, figures, states, strict=True):
        lines.append(([*name, *figure], [(f" {word} ", kind)]))
    return lines


def joined(parts: list[tuple[str, str]]) -> Words:
    """Parts with dots between them, but before what goes on with a blank."""
    words: Words = []
    for part in parts:
        words += [(" · ", "muted"), part] if words and part[0][:1] != " " else [part]
    return words


def cells(parts: Words) -> int:
    """How many columns they take."""
    return sum(map(width_of, parts))


def resume(run: LiveRun) -> str:
    """The command that goes on with a run."""
    import shlex

    return f"peephole learn {shlex.quote(str(run.path))}"
