"""What a run is: the task, the model and the recipe, as `config.json` of its folder holds them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from engine.errors import shown
from engine.learning import parsing

FORMAT = 1
KINDS = ("learn", "watch")
_MOST = 1 << 20  # of any size: rows, units, layers


@dataclass(frozen=True)
class TaskSpec:
    """Which task is learned, at which length."""

    name: str
    length: int


@dataclass(frozen=True)
class ModelSpec:
    """What learns it: `layers` layers of `width` units over inputs of `embed` units."""

    cell: str
    width: int = 64
    embed: int = 64
    layers: int = 1
    residual: bool = False


@dataclass(frozen=True)
class Every:
    """Updates between two probes, and between two checkpoints."""

    probe: int = 20
    checkpoint: int = 100


@dataclass(frozen=True)
class Parent:
    """The run that this one branched from, and after which update."""

    run: str
    update: int


@dataclass(frozen=True)
class Config:
    """A run's own description.

    Attributes:
        name: of the run; its folder's name when it began.
        kind: `learn` (by peephole, can be resumed) or `watch` (written from somebody else's loop).
        task, model: None where a watcher cannot know.
        recipe: `engine.training.Recipe` as a table; of a watched run what it is known to use.
        backend: `engine.arrays.Backend` as a table.
        every: how often it is measured and saved.
        parent: where it branched off.
        command: that starts the same run.
        created: date and time, ISO 8601.
        versions: of the libraries.
    """

    name: str
    kind: str = "learn"
    task: TaskSpec | None = None
    model: ModelSpec | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    backend: Mapping[str, Any] = field(default_factory=dict)
    every: Every = field(default_factory=Every)
    parent: Parent | None = None
    command: str = ""
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON; `parse` reads it."""
        return {"format": FORMAT, **asdict(self)}


def parse(said: dict[str, Any]) -> Config:
    """A config as `as_json` gave it, from a file that anybody may have written.

    Raises:
        ValueError: it is none; the text says why in a few words.
    """
    if said.get("format") != FORMAT:
        raise ValueError(f"format {shown(said.get('format'))}; this peephole reads format {FORMAT}")
    if said.get("kind") not in KINDS:
        raise ValueError(f"kind {shown(said.get('kind'))}; known: {', '.join(KINDS)}")
    known = {each.name for each in fields(Config)} | {"format"}
    if odd := sorted(said.keys() - known):
        raise ValueError(f"no key {shown(odd[0])}")
    config = Config(
        name=parsing.name(said.get("name")),
        kind=said["kind"],
        task=_spec(TaskSpec, said.get("task"), "task"),
        model=_spec(ModelSpec, said.get("model"), "model"),
        recipe=_scalars(said, "recipe"),
        backend=_scalars(said, "backend"),
        every=_spec(Every, said.get("every"), "every") or Every(),
        parent=_spec(Parent, said.get("parent"), "parent"),
        command=parsing.text(said.get("command", ""), "command", 4000),
        created=parsing.name(said.get("created", "")),
        versions=_scalars(said, "versions"),
    )
    if config.kind == "learn" and not (config.task and config.model and config.recipe):
        raise ValueError("a run that learns needs a task, a model and a recipe")
    return config


def _spec(kind: Any, said: Any, what: str) -> Any:
    """One of the small dataclasses above, or None."""
    if said is None:
        return None
    given = parsing.mapping(said, what)
    types = {each.name: each.type for each in fields(kind)}
    if odd := sorted(given.keys() - types.keys()):
        raise ValueError(f"{what} has no key {shown(odd[0])}")
    for key, value in given.items():
        if type(value).__name__ != types[key]:
            raise ValueError(f"{what}.{key} should be {types[key]}, not {shown(value)}")
        if isinstance(value, str):
            parsing.text(value, key, 4000)
        lowest = 0 if kind in (Parent, TaskSpec) else 1  # a length may count what stands between
        if type(value) is int and not lowest <= value <= _MOST:
            raise ValueError(f"{what}.{key} = {shown(value)}")
    try:
        return kind(**given)
    except TypeError:
        raise ValueError(f"{what} is not whole") from None


def _scalars(said: dict[str, Any], what: str) -> dict[str, Any]:
    """A flat table of names and numbers."""
    table = parsing.mapping(said.get(what, {}), what)
    for key, value in table.items():
        parsing.name(key)
        if isinstance(value, str):
            parsing.text(value, key, 4000)
        elif isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{what}.{key} is not a number")
        elif value is not None and (
            not isinstance(value, (int, float)) or abs(value) > parsing.MOST
        ):
            raise ValueError(f"{what}.{key} = {shown(value)}")
    return table
