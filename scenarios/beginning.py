"""What a new scenario begins with: beats about what a model does with a text, found by measuring.

Each is tried on the model itself. A claim that does not hold is left out, and so is a beat that this kind of
model has no measure for.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import PeepholeError
from engine.registry import NETWORKS
from scenarios import samples, shelf, zoo
from scenarios.drafts import TAKEN, Draft, changed, first, hidden
from scenarios.lanes import Lane
from scenarios.play import Play
from scenarios.reader import read_text
from scenarios.script import Scenario
from scenarios.template import lay_out

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class New:
    """A scenario that is to be written: its text, and what it reads as."""

    path: Path
    text: str
    scenario: Scenario


def new(name: str, model: str, text: str | None, task: str, target: str | None) -> New:
    """An example around a model (an untrained cell, where a task is read), in the current folder.

    Raises:
        PeepholeError: a bad name, or a model, a text or a task that there is not.
    """
    path = _free(name)
    model, _, steps = model.partition("@") if re.search(r"@\d+$", model) else (model, "", "")
    label, lanes, beats = _label(model), dict[str, Draft](), list[Draft]()
    head: Draft = {"title": path.stem.replace("-", " ").replace("_", " ").capitalize()}
    head["about"] = f"What {model} does with a {'task' if task else 'text'}."
    if task:
        if model not in NETWORKS:
            do = f"Give --model one of {', '.join(NETWORKS)}"
            raise PeepholeError("a task is read by an untrained network", where=model, do=do)
        if text is not None or target is not None:
            raise PeepholeError("a task has its own text", where=task, do="Leave the other out")
        head["task"], lanes[label] = task, {"cell": model}
    else:
        zoo.model(model, int(steps) if steps else None)
        lanes[label] = {"model": model, **({"steps": int(steps)} if steps else {})}
        head["text"] = text or samples.sample(model).text
        if (text is not None and not text.strip()) or not head["text"].strip():
            raise PeepholeError("needs something to read", where=model, do='Give it a --text "..."')
        head |= {} if target is None else {"target": target}
    lane = _lane(path, head, lanes, label)
    for draft in first(lane, task):
        beats += _held(path, head, lanes, draft)
    if blind := "" if task else hidden(lane):
        lanes["changed"] = lanes[label] | {"hand-set": [blind]}
        beats += _held(path, head, lanes, changed(lane, _lane(path, head, lanes, "changed")))
    if not beats:
        raise PeepholeError("nothing of it can be measured here", where=model)
    used = {lane for beat in beats for lane in beat.get("lanes", [label])}
    lanes = {lane: table for lane, table in lanes.items() if lane in used}
    written = lay_out(path.stem, head, lanes, beats)
    return New(path, written, read_text(written, path))


def _free(name: str) -> Path:
    """The file of a scenario that there is not yet."""
    name = name.removesuffix(".toml")
    if not _NAME.fullmatch(name):
        do = "Use letters, digits, - and _, e.g. my-scenario"
        raise PeepholeError("not a name for a scenario", where=repr(name), do=do)
    if name in shelf.bundled():
        raise PeepholeError("a bundled scenario has this name", where=name, do="Choose another")
    path = Path(f"{name}.toml")
    if path.exists():
        raise PeepholeError("is there already", where=str(path), do="Choose another name")
    return path


def _label(model: str) -> str:
    """A name for a lane, which nothing else in the drafts has."""
    plain = re.sub(r"\W+", "_", Path(model).name.removesuffix(".safetensors"), flags=re.ASCII)
    taken = plain in TAKEN or keyword.iskeyword(plain) or not plain.isidentifier()
    return f"lane_{plain}" if taken else plain


def _played(path: Path, head: Draft, lanes: Draft, beat: Draft) -> Play:
    """A beat of a scenario that is written nowhere yet; its mistakes are the caller's and have no place."""
    try:
        text = lay_out("x", head, lanes, [{"say": "-", "title": "-"} | beat])
        return Play(read_text(text, path))
    except PeepholeError as error:
        raise PeepholeError(error.what, do=error.do) from None


def _lane(path: Path, head: Draft, lanes: Draft, label: str) -> Lane:
    try:
        return _played(path, head, lanes, {"lanes": [label]}).lane(label, 0)
    except PeepholeError as error:
        raise PeepholeError(error.what, do=error.do) from None


def _held(path: Path, head: Draft, lanes: Draft, draft: Draft) -> Iterator[Draft]:
    """The beat with those of its claims that are true; nothing where it cannot be told, or none is."""
    groups = draft["expect"]
    play = _played(path, head, lanes, draft | {"expect": [c for group in groups for c in group]})
    try:
        play.stage(0), play.narration(0)
        true = {verdict.text for verdict in play.verdicts(0) if verdict.passed}
    except PeepholeError:
        return
    claims = [next((claim for claim in group if claim in true), "") for group in groups]
    if any(claims):
        yield draft | {"expect": list(filter(None, claims))}
