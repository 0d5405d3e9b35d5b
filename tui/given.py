"""What a lane was given, so that it can be read once more: by another model, or written in another way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import LanguageModel, PeepholeError, Trace, run
from engine.decoding import GREEDY, MOST, Decoding
from engine.models import reads
from engine.text import END, SPECIAL
from tui.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.interventions import Intervention

ARROW = "->"  # in a typed text: what is to its right is the target


@dataclass(frozen=True)
class Given:
    """A text, and what follows it.

    Attributes:
        text: what is read: a text's tokens, or those of a source in their own order, without `</s>`.
        target: the first tokens of the target, which are given; () of a language model.
        decoding: how the rest is chosen; None where nothing more is written.
        most: how many words are written at most.
    """

    text: str | Sequence[str]
    target: tuple[str, ...] = ()
    decoding: Decoding | None = None
    most: int = MOST

    @classmethod
    def of(cls, lane: Lane) -> Given:
        """What a lane was given."""
        trace, source = lane.trace, lane.source
        said = trace.header.decoding
        decoding = Decoding.from_record(said) if said else None
        first, most = int(said.get("first", len(trace))), int(said.get("most", MOST))
        if not source or lane.whole:
            return cls(tuple(trace.tokens[:first]), (), decoding, most)
        text = trace.tokens[: source - 1]
        if trace.header.architecture.get("reverse"):
            text.reverse()
        return cls(tuple(text), tuple(trace.tokens[source + 1 : first]), decoding, most)

    @classmethod
    def typed(cls, text: str, decoding: Decoding | None) -> Given:
        """What a line says: a source, or `source -> target`."""
        source, arrow, target = text.partition(ARROW)
        if arrow and target.strip():
            return cls(source.strip(), tuple(target.split()))
        return cls(source.strip(), (), decoding or GREEDY)

    def line(self, lane: Lane) -> str:
        """Its source as it would be typed."""
        if isinstance(self.text, str):
            return self.text
        letters = lane.trace.header.architecture.get("letters")
        return ("" if letters else " ").join(token for token in self.text if token != END)

    def read(
        self, model: LanguageModel, interventions: Sequence[Intervention] = (), parent: str = ""
    ) -> Trace:
        """A model's reading of it.

        Raises:
            UnknownWords: naming all words that the model does not know.
            PeepholeError: the model cannot read so much, or there is nothing to read.
        """
        if reads(model.architecture) != "source":
            decoding = self.decoding if reads(model.architecture) == "tokens" else None
            return run(model, self.text, interventions, parent, decoding=decoding, most=self.most)
        target = self.target if self.target or self.decoding is None else None
        return run(
            model, self.text, interventions, parent,
            target=target, decoding=self.decoding, most=self.most,
        )  # fmt: skip

    def check(self, model: LanguageModel) -> None:
        """Refuse what a model cannot read, before it reads.

        Raises:
            UnknownWords: naming all words that the model does not know.
            PeepholeError: there is nothing to read.
        """
        from scenarios import sides

        sides.check(model, self.text, self.target, model.name)

    def freely(self, decoding: Decoding) -> Given:
        """The same, with all that follows written by the model."""
        return replace(self, target=(), decoding=decoding)

    def forced(self, target: Sequence[str]) -> Given:
        """The same, with this target given (teacher forcing)."""
        return replace(self, target=tuple(target), decoding=None)


def right_of(name: str, given: Given) -> tuple[str, ...]:
    """The right target of a text, where the corpus of a bundled model knows it; else ()."""
    from scenarios import corpora

    reads = _reads(name)
    right = getattr(corpora.load(reads), "right", None) if reads else None
    return tuple(right(given.text)) if right is not None else ()


def halves_of(model: LanguageModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of sources, and of targets, as a model's corpus tells them apart; else all, in both."""
    from scenarios import sides

    found = sides.sides(model)
    return found[0].words, found[-1].words


def example(model: LanguageModel) -> str | tuple[str, ...]:
    """Something for a model of pairs to read where nothing was given: it cannot read nothing."""
    from scenarios.samples import sample

    return sample(model.name).text or model.vocabulary.words[len(SPECIAL) :][:3]


def readers(name: str) -> tuple[str, ...]:
    """The bundled models that read what a model reads: those of the same corpus; of a stranger, all."""
    from scenarios import zoo

    return tuple(name for name in zoo.names(_reads(name)) if zoo.size(name))  # the trained ones


def _reads(name: str) -> str:
    """The corpus of a bundled model; "" of another."""
    from scenarios import zoo

    try:
        return zoo.entry(name.partition("@")[0]).reads
    except PeepholeError:
        return zoo.FOREIGN.get(name, "")
