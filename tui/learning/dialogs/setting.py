"""What to train: a run from the beginning, or another one beside it that differs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from textual.widgets import Input

from engine import PeepholeError
from engine.recipe import Recipe
from engine.registry import NETWORKS
from scenarios import tasks
from tui.learning.dialogs import fields
from tui.learning.dialogs.fields import Field
from tui.learning.dialogs.form import FormDialog, said

WIDEST, MOST = 1024, 1_000_000  # units; updates
CHECKED = (
    "steps",
    "seed",
    "init",
    "gain",
    "forget_bias",
    "optimiser",
    "momentum",
    "lr",
    "clip",
    "k1",
    "k2",
)


@dataclass(frozen=True)
class Setting:
    """A run to be: its task, its model and its recipe."""

    task: str
    length: int
    cell: str
    width: int
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def flat(self) -> dict[str, Any]:
        """All of it by the names of the fields."""
        own = {"task": self.task, "length": self.length, "cell": self.cell, "width": self.width}
        return {**dict(self.recipe), **own}


def usual(name: str, length: int | None = None, cell: str = "lstm") -> Setting:
    """The setting that a task begins with: what was measured to work for it."""
    task = tasks.load(name, length)
    measured = task.usual(cell)
    known = {
        k: v for k, v in measured.items() if k in CHECKED or k in ("batch", "warmup", "schedule")
    }
    recipe = {"steps": 1000, "loss": task.loss, **known}
    return Setting(task.name, task.length, cell, int(measured.get("width", 64)), recipe)


class SettingDialog(FormDialog[Setting]):
    """A form for a run; `beside` another one it keeps the task and says what is different."""

    def __init__(self, setting: Setting, beside: bool = False) -> None:
        self.setting, self.beside = setting, beside
        self.QUESTION = "A second run beside this one" if beside else "Train one yourself"
        task = replace(fields.TASK, choices=tuple(tasks.TASKS))
        cell = replace(fields.CELL, choices=NETWORKS)
        first: tuple[Field, ...] = () if beside else (task, fields.LENGTH)
        recipe = Recipe.parse(dict(setting.recipe.items()))
        given = {name: getattr(recipe, name) for name in CHECKED} | setting.flat
        super().__init__([*first, cell, fields.WIDTH, *fields.RECIPE], given)

    def about(self, field: Field) -> str:
        if field.name == "task" and self.text("task") in tasks.TASKS:
            task = tasks.load(self.text("task"))
            return f"{task.title.removesuffix('?')}{'?' if task.title.endswith('?') else '.'} {task.about}"
        if field.name == "length" and self.text("task") in tasks.TASKS:
            task = tasks.load(self.text("task"))
            return f"length: in {task.unit}; usually {task.length}. {field.about}"
        return super().about(field)

    def on_mount(self) -> None:
        super().on_mount()
        for name, follow in (("task", self._another), ("cell", self._suit)):
            for line in self.query(f"#{name}"):  # at once: what is typed next is typed over it
                self.watch(line, "value", follow, init=False)

    def _another(self, name: str) -> None:
        """Another task brings its own length and recipe."""
        if name in tasks.TASKS and name != self.setting.task:
            self.setting = usual(name, cell=self.text("cell"))
            for known, what in self.setting.flat.items():
                if known not in ("task", "cell") and self.query(f"#{known}"):
                    self.query_one(f"#{known}", Input).value = said(what)
        self.tell("task")

    def _suit(self, cell: str) -> None:
        """Knobs that go with another cell: only an LSTM has a forget gate, a Transformer no recurrence."""
        if cell not in NETWORKS:
            return
        recipe = self.setting.recipe if self.beside else usual(self.setting.task, cell=cell).recipe
        bias = recipe.get("forget_bias", 0.0) if cell == "lstm" else 0.0
        self.query_one("#forget_bias", Input).value = said(bias)
        if cell == "transformer":
            self.query_one("#init", Input).value = "torch"
        if "lr" in recipe and not self.beside:
            self.query_one("#lr", Input).value = said(recipe["lr"])

    def answer(self) -> Setting:
        values = self.values()
        task = values.pop("task", self.setting.task)
        length = values.pop("length", self.setting.length)
        loaded = tasks.load(task, length)
        cell, width = values.pop("cell"), values.pop("width")
        if not 1 <= width <= WIDEST:
            raise PeepholeError(f"width is {width}", do=f"Type a number from 1 to {WIDEST}")
        if not 1 <= values["steps"] <= MOST:
            raise PeepholeError(
                f"updates is {values['steps']}", do=f"Type a number from 1 to {MOST:,}"
            )
        if values["forget_bias"] and cell != "lstm":
            raise PeepholeError(f"{cell} has no forget gate", do="Set its bias to 0, or take lstm")
        if values["init"] != "torch" and cell == "transformer":
            raise PeepholeError("a transformer has no recurrent weights", do="Leave init at torch")
        recipe = {**dict(self.setting.recipe), **values, "loss": loaded.loss}
        Recipe.parse(recipe)  # refuses what is none
        loaded.architecture(cell, width)
        return Setting(task, length, cell, width, recipe)

    def explain(self, answer: Setting) -> str:
        if self.beside:
            old = {**{n: getattr(Recipe.parse(dict(self.setting.recipe)), n) for n in CHECKED},
                   **self.setting.flat}  # fmt: skip
            new = answer.flat
            changes = [
                f"{name.replace('_', ' ')} {said(new[name])} instead of {said(old[name])}"
                for name in new
                if name in old and new[name] != old[name]
            ]
            if not changes:
                return "B: the same run again; change something to compare"
            return f"B: {', '.join(changes)}"
        shapes = (
            tasks.load(answer.task, answer.length).architecture(answer.cell, answer.width).shapes()
        )
        weights = sum(math.prod(shape) for shape in shapes.values())
        return (
            f"trains {answer.cell} with {weights:,} weights on {answer.task} {answer.length} "
            f"for {answer.recipe['steps']} updates"
        )
