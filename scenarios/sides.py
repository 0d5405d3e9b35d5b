"""What a model knows and may be given: words of its source and of its target, apart where its corpus says."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterator, Sequence

from engine.models import LanguageModel, reads
from engine.pairs import source_tokens
from engine.runner import tokens_of
from engine.text import SPECIAL, UnknownWords, Words
from scenarios import corpora
from scenarios.corpora import Side


def sides(model: LanguageModel) -> tuple[Side, ...]:
    """The source and the target of a model of pairs whose corpus knows them apart; else all words as one."""
    corpus = _corpus(model)
    found = getattr(corpus, "sides", None)
    if found is not None and reads(model.architecture) == "source":
        source, target = found()
        if all(word in model.vocabulary for word in (*source.words, *target.words)):
            return source, target
    words = tuple(word for word in model.vocabulary.words if word not in SPECIAL)
    return (Side("words", words),)


def check(
    model: LanguageModel,
    text: str | Sequence[str],
    target: str | Sequence[str] | None = None,
    name: str = "MODEL",
) -> None:
    """Refuse what a model does not know, and of a pair what belongs to the other side.

    Args:
        model: who reads.
        text: a text, or a source.
        target: of a model of pairs what it reads as its own.
        name: the model as it is to be called in the message.

    Raises:
        UnknownWords: naming every such word with the nearest ones of its own side.
        PeepholeError: there is no source to read.
    """
    found, known = sides(model), model.vocabulary
    if reads(model.architecture) != "source":
        _refuse(tokens_of(text)[1:], known, found, 0, "know", name)
        return
    tokens = source_tokens(model, text)[:-1]
    tokens = tokens[::-1] if getattr(model.architecture, "reverse", False) else tokens
    letters = getattr(model.architecture, "letters", False)
    _refuse(tokens, known, found, 0, "read", name, "letter" if letters else "word")
    written = target.split() if isinstance(target, str) else target or ()
    _refuse(written, known, found, -1, "write", name)


def lines(model: LanguageModel) -> Iterator[str]:
    """What `peephole list words` says of a model: paragraphs, to be filled to the width of the terminal."""
    found = sides(model)
    for side, part in zip(found, ("source", "target") if len(found) > 1 else ("",), strict=True):
        if part:
            yield from [""] * (part == "target")
            yield f"{part}, {len(side.words)} {side.called}:"
        yield " ".join(side.words)
    grammar = getattr(_corpus(model), "grammar", "")
    if grammar:
        yield ""
        yield from grammar.splitlines()


def outside(model: LanguageModel, text: str) -> str:
    """Why a text of known words is none that its corpus could say; "" where it could, or none can tell."""
    found: str = getattr(_corpus(model), "outside", lambda text: "")(text)
    return found


def untaught(model: LanguageModel) -> str:
    """Which of its rows were never trained to foretell anything; "" where all were."""
    found: str = getattr(_corpus(model), "untaught", "")
    return found


def _corpus(model: LanguageModel) -> corpora.Corpus | None:
    read = model.card.get("reads")
    return corpora.load(read) if isinstance(read, str) and read in corpora.CORPORA else None


def _refuse(
    tokens: Sequence[str],
    known: Words,
    found: Sequence[Side],
    own: int,
    verb: str,
    name: str,
    noun: str = "word",
) -> None:
    """Refuse tokens that are not `known`, or that only the other one of the sides `found` holds."""
    side = found[own]
    others = {word for one in found for word in one.words} - {*side.words}
    unknown = [word for word in tokens if word in others or word not in known]
    if not unknown:
        return
    do = f"`peephole list words {shlex.quote(name)}` prints what it knows"
    verb = verb if others.intersection(unknown) else "know"
    letters = sorted(side.words)
    if all(len(word) == 1 for word in letters) and letters[0].isalpha():
        nearest: dict[str, list[str]] = {letter: [] for letter in unknown}
        say = f"It reads the letters {letters[0]} to {letters[-1]}"
        raise UnknownWords(nearest, "letter", verb, say)
    if len(found) > 1:
        do = f"It reads {found[0].called} and writes {found[1].called}: {do}"
    nearest = {word: _nearest(word, side.words, word in others) for word in unknown}
    raise UnknownWords(nearest, noun, verb, do)


def _nearest(word: str, words: Sequence[str], of_the_other: bool) -> list[str]:
    """The most alike in spelling first; phonemes are in capitals.

    What the other side knows is no misspelling: only the same word in capitals is near it.
    """
    alike = {known.lower(): known for known in words}
    cutoff = 1.0 if of_the_other else 0.5
    return [alike[near] for near in difflib.get_close_matches(word.lower(), alike, 3, cutoff)]
