"""The knobs that can be turned while a run learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine import PeepholeError
from engine.recipe import Recipe
from tui.learning.dialogs.fields import LIVE
from tui.learning.dialogs.form import FormDialog, said


class KnobsDialog(FormDialog[dict[str, Any]]):
    """The answer is the knobs that change; from the next update on, or from a branch on."""

    def __init__(
        self, recipe: Mapping[str, Any], question: str, when: str, same: bool = False
    ) -> None:
        """`when` is e.g. "from the next update on"; `same` lets the answer change nothing."""
        self.QUESTION = question
        self.recipe, self.when, self.same = Recipe.parse(dict(recipe)), when, same
        asked = [f for f in LIVE if f.name != "momentum" or self.recipe.optimiser == "sgd"]
        super().__init__(asked, {f.name: getattr(self.recipe, f.name) for f in asked})

    def answer(self) -> dict[str, Any]:
        values = self.values()
        replace(self.recipe, **values)  # refuses what is no recipe
        if values["lr"] > 1e3 or values["clip"] > 1e9:
            raise PeepholeError(
                "no sensible size", do="A learning rate is usually between 1e-5 and 1"
            )
        new = {name: v for name, v in values.items() if v != getattr(self.recipe, name)}
        if not new and not self.same:
            raise PeepholeError("nothing is changed yet", do="Type another value")
        return new

    def judge(self) -> None:
        """As long as nothing is changed, say what can be done rather than what is missing."""
        if not self.same and all(self.text(n) == said(v) for n, v in self.given.items()):
            self._line("Type another value; Enter then has it in force " + self.when, "dim")
        else:
            super().judge()

    def explain(self, answer: dict[str, Any]) -> str:
        changes = [
            f"{name} {said(getattr(self.recipe, name))} → {said(new)}"
            for name, new in answer.items()
        ]
        return f"{', '.join(changes) or 'the same knobs'}, {self.when}"
