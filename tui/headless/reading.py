"""`peephole run`: what a model did at each row, as a table for people or as JSON lines for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine import Decoding, LanguageModel, Trace, lenses
from engine.errors import PeepholeError, did_you_mean
from engine.interventions import from_record
from engine.lenses.record import WHOLE
from engine.models import reads
from engine.text import PAD, START
from engine.trace import Named
from scenarios import sides
from tui.headless import choices, numbers

TOP = 3  # likeliest next words shown
Found = Mapping[str, Mapping[str, Named]]  # lens -> its results by name


def look(model: LanguageModel, trace: Trace, names: Sequence[str]) -> Found:
    """What the lenses of these names say of a run.

    Raises:
        PeepholeError: there is no such lens, or this model has nothing for it.
    """
    for name in names:
        if name not in WHOLE:
            raise PeepholeError(f"no lens {name!r}", do=did_you_mean(name, WHOLE))
    return {name: WHOLE[name](model, trace) for name in names}


def writes(
    model: LanguageModel,
    target: str | None,
    decode: str | None,
    most: int | None,
    go_on: int | None,
) -> dict[str, Any]:
    """What `engine.run` is told about the words that the model writes itself.

    Raises:
        PeepholeError: two limits, or a limit where nothing is written; a target without words.
    """
    if most is not None and go_on is not None:
        raise PeepholeError("--most and --continue are both a number of words", do="Give one")
    target_given(target)
    decoding = Decoding.parse(decode) if decode is not None else None
    if go_on is not None:
        decoding = decoding or Decoding()
    alone = reads(model.architecture) == "source" and target is None
    if decoding is None and not alone and most is not None:
        raise PeepholeError("nothing is written that --most could end", do="Add --decode greedy")
    limit = most if go_on is None else go_on
    return {"decoding": decoding} | ({} if limit is None else {"most": limit})


def target_given(target: str | None) -> None:
    """Refuse a target without words.

    Raises:
        PeepholeError: it is empty.
    """
    if target is not None and not target.strip():
        raise PeepholeError("--target is empty", do="Without it the model writes the target itself")


def acted(trace: Trace) -> None:
    """Refuse a run in which something was to be done beyond its last row, and so never was.

    Raises:
        PeepholeError: naming the intervention and the last row.
    """
    last = len(trace) - 1
    for record in trace.header.interventions:
        first = max(int(record.get(key) or 0) for key in ("start", "query", "row"))
        if first > last:
            raise PeepholeError(
                f"begins at row {first}, and the text ends at row {last}",
                where=str(from_record(record)),
                do=f"Its target begins at row {trace.source}"
                if trace.source
                else "Row 0 is the start token, row 1 the first word",
            )


def rows(
    trace: Trace, found: Found, values: bool = False, never: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """One JSON-ready object a row; what is not a number (row 0's bits, a score of -inf) is null.

    `part` says which half of a pair a row is of; `next` is empty where a row foretells nothing, and is
    the row's own label for a model that labels. `never`: words that no row was trained to foretell.
    """
    bits = lenses.surprisal(trace)["bits"].array
    top = lenses.top_k(trace, TOP + len(never))
    gates = lenses.gate_statistics(trace)
    for row, token in enumerate(trace.tokens):
        line: dict[str, Any] = {"row": row, "token": token, "bits": _plain(bits[row])}
        if trace.source:
            line["part"] = "source" if row < trace.source else "target"
        line["next" if trace.header.ahead else "label"] = [
            {"word": trace.header.vocabulary[word], "p": _plain(p)}
            for word, p in zip(top["ids"].array[row], top["p"].array[row], strict=True)
            if math.isfinite(p) and trace.header.vocabulary[word] not in never
        ][:TOP]
        chosen = choices.choice(trace, row)
        if chosen:
            line["choice"] = chosen
        if gates:
            line["gates"] = {
                gate: {
                    what: _plain(gates[f"{gate}.{what}"].array[row])
                    for what in ("mean", "shut", "open")
                }
                for gate in trace.header.gates
            }
        if found:
            line["lenses"] = {
                lens: {name: _plain(_at(named, row)) for name, named in results.items()}
                for lens, results in found.items()
            }
        if values:
            line["values"] = {name: _plain(trace[name][row]) for name in trace.names}
        yield line


def never_said(model: LanguageModel) -> tuple[str, ...]:
    """What a bundled model of the corpora with a source, a question or a label is never trained to say."""
    return (START, PAD) if "reads" in model.card else ()


def json_lines(
    trace: Trace, found: Found, values: bool = False, never: Sequence[str] = ()
) -> Iterator[str]:
    """`rows` as text."""
    for row in rows(trace, found, values, never):
        yield json.dumps(row, ensure_ascii=False, allow_nan=False)


def table(model: LanguageModel, trace: Trace, found: Found, values: bool = False) -> Iterator[str]:
    """The lines that a person reads."""
    yield f"{model.name}: {describe(model)}"
    for record in trace.header.interventions:
        yield f"hand-set: {from_record(record)}"
    yield ""
    wide = max(len(token) for token in (*trace.tokens, "token"))
    gates = trace.header.gates
    head = f"{'row':>4}  {'token':<{wide}}  {'bits':>6}"
    head += "".join(f"  {gate:>5}" for gate in gates)
    attends = "weights" in trace or "cross_weights" in trace
    looks = wide + 6
    head += f"  {'looks at':<{looks}}" if attends else ""
    ahead = "next" if trace.header.ahead else "label"
    yield head + ("  next word" if trace.header.ahead else "  label")
    for at in rows(trace, {}, never=never_said(model)):
        row, bits = at["row"], "-" if at["bits"] is None else f"{at['bits']:.2f}"
        if 0 < row == trace.source:
            yield ""  # the target
        line = f"{row:>4}  {at['token']:<{wide}}  {bits:>6}"
        for gate in gates:
            line += f"  {np.mean(at['gates'][gate]['mean']):>5.2f}"
        if attends:
            line += f"  {_looks_at(trace, row):<{looks}}"
        guesses = "  ".join(f"{guess['word']} {guess['p']:.2f}" for guess in at[ahead])
        yield f"{line}  {guesses}".rstrip()
    yield ""
    what = "next word: likeliest" if trace.header.ahead else "label: likeliest"
    surprise = (
        "bits: surprise at the word, -log2 p." if trace.header.ahead else "bits: none, for labels."
    )
    yield f"{surprise}{_legend(trace)} {what} {TOP}, with p."
    if untaught := sides.untaught(model):
        yield f"{model.name}: {untaught}"
    yield from choices.summary(trace)
    for lens, results in found.items():
        for name, named in results.items():
            if (lens, name) == ("top_k", "ids"):
                yield from numbers.likeliest(trace, results)
                continue
            yield from numbers.lines(f"lens {lens}: {name}", named, trace.tokens)
    if values:
        for name in trace.names:
            yield from numbers.lines(name, Named(trace[name], trace.axes(name)), trace.tokens)


def describe(model: LanguageModel) -> str:
    """One line on a model."""
    title = model.card.get("title", model.architecture.kind)
    size = model.card.get("parameters", model.size)  # of a foreign model, those of its package
    return f"{title}, {size:,} parameters, {len(model.vocabulary)} words"


def _legend(trace: Trace) -> str:
    gates = ""
    if trace.header.gates:
        gates = f" {', '.join(trace.header.gates)}: mean gate, 0 shut, 1 open."
    return gates + _looks(trace)


def _looks(trace: Trace) -> str:
    own = "weights" in trace
    if "cross_weights" in trace:
        return " looks at: largest weight on the source, last layer, mean over heads." + own * (
            " A row of the source looks at the source."
        )
    if own:
        return " looks at: largest attention weight of the last layer, mean over heads."
    return ""


def _looks_at(trace: Trace, row: int) -> str:
    across = "cross_weights" in trace and row >= trace.source
    name = "cross_weights" if across else "weights"
    if name not in trace:
        return ""
    weights = trace.array(name, "time", "layer", "head", "key")[row, -1].mean(0)
    key = int(weights.argmax())
    return f"{trace.tokens[key]} {weights[key]:.2f}"


def _at(named: Named, row: int) -> np.ndarray:
    """What a named array holds for one row."""
    return np.take(named.array, row, axis=named.axes.index("time"))


def _plain(array: Any) -> Any:
    """Nested lists of numbers, or one number; None for what JSON cannot say."""
    array = np.asarray(array)
    if array.ndim:
        return [_plain(part) for part in array]
    number = array.item()
    return number if isinstance(number, int) or math.isfinite(number) else None
