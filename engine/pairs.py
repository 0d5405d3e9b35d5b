"""Sources and targets: texts as the rows that a pair model reads, and pairs as batches to train on.

source  t h r o u g h </s>        read as a whole; </s> ends it
target  <s> TH R UW1              each row foretells the next; the last one </s>, which no row reads

In a batch a source is filled up with <pad> after its </s>, so that every <s> stands in the same column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import PeepholeError
from engine.models import LanguageModel
from engine.text import BLANK, END, GO, STOP, tokenize

if TYPE_CHECKING:
    from engine.recipe import Batch


def source_tokens(model: LanguageModel, text: str | Sequence[str]) -> tuple[str, ...]:
    """The rows that a source becomes for this model: split, reversed where it reads so, and `</s>`.

    A text is split into letters (lower case) where the architecture says so, else into words; tokens are
    taken as they are. A `</s>` at the end is not doubled.

    Raises:
        PeepholeError: there is nothing to read, or several words where letters of one are read.
    """
    letters = getattr(model.architecture, "letters", False)
    if not isinstance(text, str):
        tokens = list(text)
    elif letters:
        tokens = _letters(model, text)
    else:
        tokens = tokenize(text)
    if tokens and tokens[-1] == END:
        tokens.pop()
    if not tokens:
        raise PeepholeError("an empty source", do="Give a text to read")
    if getattr(model.architecture, "reverse", False):
        tokens.reverse()
    return (*tokens, END)


def _letters(model: LanguageModel, text: str) -> list[str]:
    """The letters of one word, which may stand apart: `d a f`."""
    words = text.lower().split()
    if len(words) > 1 and any(len(word) > 1 for word in words):
        raise PeepholeError(
            f"{text.strip()!r} is {len(words)} words, and {model.name} reads the letters of one",
            do=f"Give one word, e.g. {max(words, key=len)}",
        )
    return list("".join(words))


def pair_batch(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> Batch:
    """Pairs of id lists, without `</s>` at the target's end and with it at the source's, as a batch.

    inputs (B, S + U): source, <pad> up to S, <s>, target, <pad>; targets (B, S + U): the token after
    each row of the target, </s> at last; weights 1 on those rows, 0 elsewhere.

    Raises:
        PeepholeError: another number of targets than of sources, or none; a <s> or <pad> within a pair;
            a source that does not end with </s>.
    """
    from engine.recipe import Batch  # for training: who reads needs no recipes

    if len(sources) != len(targets) or not sources:
        raise PeepholeError(f"{len(sources)} sources do not go with {len(targets)} targets")
    for source, target in zip(sources, targets, strict=True):
        inside = [*source[:-1], *target]
        if not len(source) or source[-1] != STOP or {GO, STOP, BLANK} & set(inside):
            raise PeepholeError(
                "a source should end with </s>, and a pair should hold no other <s>, </s> or <pad>"
            )
    longest, most = max(map(len, sources)), 1 + max(map(len, targets))
    inputs = np.full((len(sources), longest + most), BLANK)
    wanted = np.full_like(inputs, BLANK)
    weights = np.zeros(inputs.shape, np.float32)
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        inputs[row, : len(source)] = source
        written = slice(longest, longest + 1 + len(target))
        inputs[row, written] = [GO, *target]
        wanted[row, written] = [*target, STOP]
        weights[row, written] = 1.0
    return Batch(inputs, wanted, weights)


def columns(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Source (..., S) and target (..., U) of ids (..., S + U), and where the source is no padding.

    That is (..., S), or None where nothing is padded. The target begins with <s>.

    Raises:
        PeepholeError: the <s> do not stand in one column, or no source stands before them.
    """
    found = ids == GO
    column = int(np.argmax(found.reshape(-1, ids.shape[-1])[0]))
    if not column or not found[..., column].all():
        raise PeepholeError("a pair needs a source and then <s>, in the same column of a batch")
    source = ids[..., :column]
    real = source != BLANK
    return source, ids[..., column:], None if real.all() else real
