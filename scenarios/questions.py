"""Questions: a person guesses, then it is measured. Beats have them, and chapters of the tour.

    ask = "Its unit for the plural is held at zero. In what share of sentences is it still right?"
    guess = "cut"                                 # a measure; so much off is near
    in = "share right"
    near = 0.1

or answers to choose from, of which exactly one must be measured as true:

    choices = [
        { text = "nearly always", if = "cut > 0.9" },
        { text = "about as often as a coin", if = "0.4 < cut < 0.75" },
    ]

An answer is never written down: `answered` measures it, once it is asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import PeepholeError
from scenarios.expressions import show

if TYPE_CHECKING:
    from scenarios.play import Play
    from scenarios.script import Claim


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, and what makes an answer right.

    Attributes:
        ask: the question; `choices` the answers to choose from, none where a number is asked for.
        claims: of each choice, what makes it the right one.
        guess: the measure whose number is asked for, in `unit`.
        near, factor: how far off is near: by so much, or so many times too large or small; 0 unset.
    """

    ask: str
    choices: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    guess: str = ""
    unit: str = ""
    near: float = 0.0
    factor: float = 0.0

    @property
    def is_share(self) -> bool:
        """Whether the number asked for is a part of a whole, or a probability: told in percent."""
        return self.unit.split(" ")[0] in ("share", "probability")

    def said(self, text: str) -> float:
        """A guess as a person types it.

        Raises:
            PeepholeError: it is no number, or cannot be a share where one is asked for.
        """
        value = number(text)
        if self.is_share and not 0 <= value <= 1:
            raise PeepholeError(
                f"{text.strip()} is no {self.unit.split(' ')[0]}", do="Type 0 to 1, or 0% to 100%"
            )
        return value

    def show(self, value: float) -> str:
        """A number of this question's kind: a share in percent."""
        return f"{100 * value:.3g}%" if self.is_share else show(value)

    def told(self, value: float) -> str:
        """What was measured, with its unit behind it."""
        if self.is_share:
            return self.show(value)
        unit = (
            "" if self.unit.startswith("as ") else self.unit
        )  # "as a factor" says how to write it
        return f"{self.show(value)} {unit}".rstrip()

    def is_near(self, said: float, value: float) -> bool:
        """Whether a guess counts as near; signs must agree where factors count."""
        if self.factor:
            return said * value > 0 and abs(math.log(said / value)) <= math.log(self.factor) + 1e-9
        return abs(said - value) <= self.near + 1e-12


@dataclass(frozen=True)
class Measured:
    """What came out.

    Attributes:
        told: the narration, its numbers measured.
        true: of the choices, which one; None for a guess.
        value: of a guess; NaN for choices.
    """

    told: str
    true: int | None = None
    value: float = math.nan


def answered(play: Play, i: int) -> Measured:
    """What the question of beat `i` comes to.

    Raises:
        ScriptError: not exactly one of its choices is true, or its number is none.
    """
    question = play.scenario.beats[i].question
    assert question is not None
    told = play.narration(i)
    if question.guess:
        value = play.value(i, question.guess)
        if isinstance(value, str) or np.ndim(value) or not math.isfinite(value):
            what = f"{question.guess} is {value}, no number"
            raise play.error(what, ("beats", i, "guess"))
        return Measured(told, value=float(value))
    verdicts = [play.verdict(i, claim, "choices") for claim in question.claims]
    true = [n for n, verdict in enumerate(verdicts) if verdict.passed]
    if len(true) != 1:
        found = "; ".join(f"{v.text}: {v.measured}" for v in verdicts)
        raise play.error(f"{len(true)} of the choices are true ({found})", ("beats", i, "choices"))
    return Measured(told, true[0])


def verdict(question: Question, found: Measured, said: str) -> tuple[bool, str]:
    """Whether an answer is what was measured, and both in words; nothing was said where `said` is ""."""
    if not said:
        true = question.told(found.value) if found.true is None else question.choices[found.true]
        return False, f"Measured: {true}."
    if found.true is not None:
        true = question.choices[found.true]
        return (
            said == true,
            f"You said: {said}. Measured: {true}." if said != true else f"Measured: {true}.",
        )
    value = question.said(said)
    near = question.is_near(value, found.value)
    shown, measured = question.show(value), question.show(found.value)
    exact = shown == measured
    close = "" if exact else ", which is near" if near else ""
    return near, f"You said {shown}; measured {question.told(found.value)}{close}."


def number(text: str) -> float:
    """A guess as a person types it: 0.5, 50%, 1e-9, 1,000.

    Raises:
        PeepholeError: it is no number.
    """
    if not text.strip():
        raise PeepholeError("no number is typed yet", do="Type, e.g., 0.5 or 50% or 1e-9")
    plain = text.strip().replace(",", "").replace(" ", "")
    try:
        value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PeepholeError(f"{text.strip()!r} is no number", do="Type, e.g., 0.5 or 50% or 1e-9")
    return value
