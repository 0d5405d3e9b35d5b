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


def knobs(recipe: Mapping[str, Any]) -> dict[str, str]:
    """The knobs in force, by name; with "" those that are as usual and need not be said."""
    said: dict[str, str] = {}
    if "lr" in recipe:
        said["lr"] = f"{recipe.get('optimiser', '')} lr {_short(recipe['lr'])}".strip()
    if "clip" in recipe:
        said["clip"] = f"clip {_short(recipe['clip'])}" if recipe["clip"] else "no clipping"
    if recipe.get("k1"):
        said["k1"] = f"k1 {recipe['k1']} k2 {recipe['k2']}"
    for name, usual in SHOWN.items():
        if recipe.get(name, usual) != usual:
            said[name] = f"{name.replace('_', ' ')} {_short(recipe[name])}"
    return said


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def parts(run: LiveRun, until: int) -> dict[str, str]:
    """Model and knobs, by name."""
    return {"model": model(run), **knobs(run.knobs(until))}


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
    """As many parts as there is room for."""
    while len(said) > 1 and cell_len(" · ".join(said)) > room:
        said = said[:-1]
    return " · ".join(said)


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


def numbers(run: LiveRun, desk: Desk) -> Words:
    """`update 420 of 1000 · 61/s · loss 0.412 nats · accuracy .84 · gradient 0.31`."""
    until = desk.shown(run)
    columns = run.columns(until)
    total = f" of {run.total}" if run.total else ""
    parts: Words = [(f"update {until}{total}", "text")]
    if run.state == "running" and desk.at is None:
        rate = derived.pace(run.metrics.update, run.metrics.seconds)
        parts.append(
            (f"{rate:.0f}/s" if rate and rate >= 10 else f"{rate:.1f}/s" if rate else "", "muted")
        )
    if len(columns.update):
        unit = "squared error" if run.values else "nats"
        parts.append((f"loss {smoothed(columns.loss, 4)} {unit}", "text"))
        if columns.accuracy[-1] == columns.accuracy[-1]:
            parts.append((f"accuracy {smoothed(columns.accuracy, 2)}", "text"))
        parts.append((f"gradient {columns.norm[-1]:.2g}", "muted"))
    return [part for part in parts if width_of(part)]


def smoothed(values: Any, digits: int) -> str:
    """The mean of the last updates, as the lines of a plot show it."""
    last = derived.smooth(values[-60:])[-1]
    return "-" if last != last else f"{last:.{digits}f}" if digits == 2 else f"{last:.3g}"


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
        return [(top, [(f" {word} ", kind)]), ([(" ", "text"), *joined(numbers(first, desk))], [])]
    common, own = differing(runs, desk)
    if task(runs[1]) != task(first):
        own = [[task(run), *said] for run, said in zip(runs, own, strict=True)]
        top = top[:1]
    lines: list[tuple[Words, Words]] = [([*top, (fitted(common, room), "muted")], [])]
    for index, run in enumerate(runs):
        word, kind = state(run, desk)
        here = index == desk.active
        name: Words = [(f"{'▶' if here else ' '}{run.letter} ", "accent" if here else "text")]
        name += [(f"{fitted(own[index], width // 3) or run.name}  ", "text")]
        figures = joined(numbers(run, desk))
        while figures and cells(name) + cells(figures) > width - cell_len(word) - 2:
            figures = figures[:-2] if len(figures) > 2 else []
        lines.append(([*name, *figures], [(f" {word} ", kind)]))
    return lines


def joined(parts: Words) -> Words:
    """Parts with dots between them."""
    words: Words = []
    for part in parts:
        words += [(" · ", "muted"), part] if words else [part]
    return words


def cells(parts: Words) -> int:
    """How many columns they take."""
    return sum(map(width_of, parts))


def resume(run: LiveRun) -> str:
    """The command that goes on with a run."""
    import shlex

    return f"peephole learn {shlex.quote(str(run.path))}"
