"""The fields of the dialogs about runs: what each is called, what it may be, what it does."""

from __future__ import annotations

from dataclasses import dataclass

from engine import PeepholeError
from engine.errors import did_you_mean
from engine.recipe import CHOICES


@dataclass(frozen=True)
class Field:
    """One thing to fill in.

    Attributes:
        name: of the knob; label: in the form.
        about: what it does, one or two sentences, shown while it is marked.
        kind: `choice`, `count` (a whole number) or `number`.
        choices: what a choice may be; Space goes through them.
    """

    name: str
    label: str
    about: str
    kind: str = "number"
    choices: tuple[str, ...] = ()


TASK = Field(
    "task", "task", "What is learned; the line below says what the marked task shows.", "choice",
)  # fmt: skip
LENGTH = Field(
    "length",
    "length",
    "How hard it is: how far apart cause and answer are. Double it and see.",
    "count",
)
CELL = Field(
    "cell", "cell",
    "rnn is Elman's with tanh; relu and linear are the same with another squashing or none; lstm and gru "
    "have gates; transformer looks at all rows at once.", "choice",
)  # fmt: skip
WIDTH = Field(
    "width", "width", "Units in the hidden state. Twice as wide is four times the work.", "count"
)
INIT = Field(
    "init", "init",
    "First recurrent weights: torch's uniform ones, Xavier's, orthogonal (keeps norms in a linear net), "
    "identity (of a ReLU net: Le, Jaitly & Hinton 2015).", "choice", CHOICES["init"],
)  # fmt: skip
GAIN = Field(
    "gain", "gain", "Scales the recurrent weights at the start: above 1 they tend to explode."
)
FORGET = Field(
    "forget_bias", "forget bias",
    "Added to an LSTM's forget gate at the start: at 0 the gate is half shut and the gradient halves with "
    "every step; 2 or 3 opens it (Gers et al. 2000; Jozefowicz et al. 2015).",
)  # fmt: skip
OPTIMISER = Field(
    "optimiser", "optimiser", "adam adapts the step of each weight; sgd follows the gradient as it is.",
    "choice", CHOICES["optimiser"],
)  # fmt: skip
LR = Field(
    "lr", "lr", "Learning rate, the size of a step. Too high diverges, too low takes for ever."
)
CLIP = Field(
    "clip", "clip",
    "Largest norm of the whole gradient; longer ones are cut to it (Pascanu et al. 2013). 0 does not clip.",
)  # fmt: skip
MOMENTUM = Field(
    "momentum", "momentum", "How much of the last step an SGD step keeps, 0 to below 1."
)
K1 = Field(
    "k1", "k1",
    "Truncated BPTT: after every k1 rows the losses of those rows go back. 0 with k2 = 0 is full BPTT.",
    "count",
)  # fmt: skip
K2 = Field(
    "k2", "k2",
    "Truncated BPTT: how many rows a loss goes back at most (Williams & Peng 1990). What is further away "
    "gets no gradient.", "count",
)  # fmt: skip
STEPS = Field(
    "steps", "updates", "How many updates the run has; it can be stopped at any of them.", "count"
)
SEED = Field(
    "seed",
    "seed",
    "Of the first weights and of the sequences. The same seed is the same run.",
    "count",
)

RECIPE = (INIT, GAIN, FORGET, OPTIMISER, LR, MOMENTUM, CLIP, K1, K2, STEPS, SEED)
LIVE = (LR, CLIP, K1, K2, MOMENTUM)


def value(field: Field, text: str) -> str | int | float:
    """What a text stands for.

    Raises:
        PeepholeError: it is no such value.
    """
    text = text.strip()
    if field.kind == "choice":
        if text not in field.choices:
            known = did_you_mean(text, field.choices) or f"Known: {', '.join(field.choices)}"
            raise PeepholeError(
                f"no {field.label} {text!r}" if text else f"no {field.label} yet", do=known
            )
        return text
    try:
        return int(text) if field.kind == "count" else float(text)
    except ValueError:
        kind = "a whole number" if field.kind == "count" else "a number"
        raise PeepholeError(f"{field.label} is {text or 'empty'}", do=f"Type {kind}") from None
