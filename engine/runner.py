"""Running a model tick by tick: one token in, one row of the trace out.

A model of pairs reads its whole source first; then it reads a target that is given (teacher forcing) or
the tokens that it wrote itself (free running).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, cast

import numpy as np

from engine import __version__, writing
from engine.decoding import GREEDY, MOST, Decoding
from engine.errors import PeepholeError
from engine.interventions import Intervention, Interventions, from_record
from engine.models import LanguageModel, Pair, reads
from engine.pairs import source_tokens
from engine.refusals import check
from engine.text import START, tokenize
from engine.trace import Header, Trace, records


class Run:
    """A run that can be fed one token at a time; `trace` grows by a row with each.

    A run starts with nothing read; `feed` the start token first, as `run` does. A model of pairs has
    read the `source` (rows as `engine.pairs.source_tokens` gives them) when its run begins.
    """

    def __init__(
        self,
        model: LanguageModel,
        interventions: Sequence[Intervention] = (),
        parent: str = "",
        source: Sequence[str] = (),
        decoding: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.interventions = Interventions(interventions)
        check(model, interventions)
        header = _header(model, interventions, parent)
        seed = (decoding or {}).get("seed") if (decoding or {}).get("how") == "sample" else None
        self.trace = Trace(replace(header, source=len(source), decoding=decoding or {}, seed=seed))
        if reads(model.architecture) == "tokens":
            self.state = model.architecture.start(model.params)
        else:
            tokens = self.interventions.tokens(source)
            ids = np.asarray(model.vocabulary.encode(tokens), dtype=np.int64)
            pair = cast(Pair, model.architecture)
            self.state, values = pair.read(model.params, ids, self.interventions)
            self.trace.extend(tokens, values)

    def feed(self, token: str) -> int:
        """Read one token and record the tick; returns its row.

        Raises:
            UnknownWords: the vocabulary does not hold the token; nothing was recorded.
        """
        row = len(self.trace)
        (token,) = self.interventions.tokens([token], row)
        (token_id,) = self.model.vocabulary.encode([token])
        architecture, params = self.model.architecture, self.model.params
        self.state, values = architecture.step(
            params, self.state, np.asarray(token_id), self.interventions, row
        )
        return self.trace.append(token, values, self.trace.source)


def tokens_of(text: str | Sequence[str]) -> list[str]:
    """The rows that a text becomes: its tokens after the start token (added where missing)."""
    tokens = tokenize(text) if isinstance(text, str) else list(text)
    return tokens if tokens[:1] == [START] else [START, *tokens]


def run(
    model: LanguageModel,
    text: str | Sequence[str],
    interventions: Sequence[Intervention] = (),
    parent: str = "",
    *,
    target: str | Sequence[str] | None = None,
    decoding: Decoding | None = None,
    most: int = MOST,
) -> Trace:
    """Read a whole text and return its trace; with a `decoding`, go on from there.

    Args:
        model: who reads.
        text: what is read; of a model of pairs the source, without `</s>`.
        interventions: what is held, cut or replaced.
        parent: the id of the trace that this one is a fork of.
        target: what a model of pairs shall read as its own output, words with spaces between; None
            lets it write from the first word on.
        decoding: how words are chosen that the model writes itself: a language model goes on with the
            text, a model of pairs with its target. None: nothing is written after a given text or
            target, and a target that is not given is written greedily.
        most: the words that are written at most.

    Raises:
        UnknownWords: naming all words that the model does not know.
        PeepholeError: a target for a model that writes none, or a decoding for one.
    """
    kind = reads(model.architecture)
    if target is not None and kind != "source":
        raise PeepholeError(
            f"{model.name} writes no target", do="Give a target to a model that reads pairs"
        )
    if kind == "whole" and decoding is not None:
        raise PeepholeError(f"{model.name} only reads", do="It cannot write on")
    if kind != "source":
        return _read(model, tokens_of(text), interventions, parent, decoding, most)
    words = target.split() if isinstance(target, str) else target
    if words is None:
        decoding = decoding or GREEDY
    source = source_tokens(model, text)
    return _pair(model, source, words or (), interventions, parent, decoding, most)


def _read(
    model: LanguageModel,
    tokens: Sequence[str],
    interventions: Sequence[Intervention],
    parent: str,
    decoding: Decoding | None = None,
    most: int = MOST,
) -> Trace:
    """The trace of exactly these rows, and of what the model goes on with."""
    if reads(model.architecture) == "whole":
        return Run(model, interventions, parent, tokens).trace
    return _fed(model, (), tokens, interventions, parent, decoding, most)


def _pair(
    model: LanguageModel,
    source: Sequence[str],
    target: Sequence[str],
    interventions: Sequence[Intervention],
    parent: str,
    decoding: Decoding | None,
    most: int = MOST,
) -> Trace:
    """The trace of these rows of a source and a target, and of what the model goes on with."""
    return _fed(model, source, [START, *target], interventions, parent, decoding, most)


def _fed(
    model: LanguageModel,
    source: Sequence[str],
    tokens: Sequence[str],
    interventions: Sequence[Intervention],
    parent: str,
    decoding: Decoding | None,
    most: int,
) -> Trace:
    rows = [*source, *tokens]
    said: dict[str, Any] = {}
    if decoding is not None:
        writing.check(model, most)
        said = writing.header(decoding, len(rows), most)
    model.vocabulary.encode(Interventions(interventions).tokens(rows))  # all unknown words at once
    stepper = Run(model, interventions, parent, source, said)
    for token in tokens:
        stepper.feed(token)
    if decoding is not None:
        writing.write_on(stepper, decoding, most)
    return stepper.trace


def fork(model: LanguageModel, trace: Trace, *interventions: Intervention) -> Trace:
    """The same run with more interventions; the new trace records its parent and its cut.

    What the model wrote itself is written anew.
    """
    kept = [from_record(record) for record in trace.header.interventions]
    items, source = [*kept, *interventions], trace.tokens[: trace.source]
    said = trace.header.decoding
    decoding = Decoding.from_record(said) if said else None
    given = trace.tokens[: int(said["first"])] if said else trace.tokens
    most = int(said.get("most", MOST))
    if reads(model.architecture) != "source":
        return _read(model, given, items, trace.id, decoding, most)
    return _pair(model, source, given[trace.source + 1 :], items, trace.id, decoding, most)


def write_from(
    model: LanguageModel, trace: Trace, row: int, decoding: Decoding, most: int = MOST
) -> Trace:
    """The same run up to a row, that row included, which then writes on by itself.

    Raises:
        PeepholeError: nothing is written after that row, or by such a model.
    """
    kind = reads(model.architecture)
    if kind == "whole":
        raise PeepholeError(f"{model.name} only reads", do="It cannot write on")
    if not trace.source <= row < len(trace):
        raise PeepholeError(
            f"nothing is written after row {row}",
            do=f"Rows {trace.source} to {len(trace) - 1} foretell the next word",
        )
    kept = [from_record(record) for record in trace.header.interventions]
    given, source = trace.tokens[: row + 1], trace.tokens[: trace.source]
    if kind == "tokens":
        return _read(model, given, kept, trace.id, decoding, most)
    return _pair(model, source, given[trace.source + 1 :], kept, trace.id, decoding, most)


def _header(model: LanguageModel, interventions: Sequence[Intervention], parent: str) -> Header:
    architecture = model.architecture
    return Header(
        model=model.name,
        digest=model.digest,
        architecture=asdict(architecture),  # type: ignore[call-overload]
        vocabulary=model.vocabulary.words,
        axes={name: ("time", *axes) for name, axes in architecture.axes.items()},
        gates=architecture.gates,
        states=architecture.states,
        backend=asdict(model.backend),
        versions=_versions(model.backend.name),
        parent=parent,
        interventions=records(interventions),
        truncation=_truncation(model),
        ahead=0 if reads(architecture) == "whole" or model.card.get("ahead") == 0 else 1,
    )


def _truncation(model: LanguageModel) -> tuple[int, ...]:
    """(k1, k2) as the model's card says it was trained; () for the full gradient."""
    recipe = model.card.get("recipe")
    k1, k2 = (recipe.get(key) for key in ("k1", "k2")) if isinstance(recipe, dict) else (0, 0)
    if isinstance(k1, int) and isinstance(k2, int) and True is not k1 and 0 < k1 <= k2:
        return k1, k2
    return ()


def _versions(backend: str) -> dict[str, str]:
    """Of the libraries, from themselves: importlib.metadata takes a tenth of a start to import."""
    versions = {"peephole": __version__, "numpy": np.__version__}
    if backend == "torch":
        import torch

        versions["torch"] = str(torch.__version__)
    return versions
