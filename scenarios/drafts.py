"""Beats for a new scenario, drafted around what a model did: `scenarios.beginning` keeps those that hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.errors import PeepholeError
from engine.models import reads
from scenarios import readers
from scenarios.lanes import Lane
from scenarios.measures import MEASURES
from scenarios.stops import is_condition

Draft = dict[str, Any]  # a beat as the file has it; each claim a list: the first that holds is made
TAKEN = (
    "here",
    "changed",
    "word",
    "bits",
    "guess",
    "first",
    "second",
    "p",
    "q",
    "seen",
    "near",
    "far",
    "rows",
)


def first(lane: Lane, task: str) -> Iterator[Draft]:
    """What one lane shows, which reads a text (and `task` is "") or the probe of a task."""
    if task:
        if readers.task(task).loss == "words":
            yield _untrained(lane)
        yield _reach(lane)
        return
    sure, surprise = _sure(lane), MEASURES["surprisal"](lane)
    written = reads(lane.model.architecture) == "source"
    if np.isfinite(surprise).sum() > 1:
        yield _surprise(lane, surprise, written)
    elif sure:
        yield _doubt(lane, sure)
    if written:
        yield _written(lane)


def hidden(lane: Lane) -> str:
    """What to take away from a lane by hand, to compare with; "" where it reads all at once."""
    if reads(lane.model.architecture) != "tokens":
        return ""
    if "weights" in lane.trace:
        return "cut head 0 of layer 0"
    return f"{'c' if 'c' in lane.trace else 'h'} = 0 from 0 to {len(lane.trace) // 2}"


def _sure(lane: Lane) -> dict[int, tuple[str, float]]:
    """The likeliest word, and its probability, at every row that something predicts."""
    found = {}
    for row in range(len(lane.trace)):
        try:
            word = MEASURES["guess"](lane, row)
            found[row] = (word, float(MEASURES["probability"](lane, row, word)))
        except PeepholeError:  # nothing predicts this row
            continue
    return found


def _surprise(lane: Lane, bits: np.ndarray, written: bool) -> Draft:
    order = np.argsort(np.where(np.isfinite(bits), -bits, np.inf))
    first, second = int(order[0]), int(order[1])
    name = lane.label
    return {
        "title": "The greatest surprise",
        "stop": _stop(lane, first),
        "view": "score",
        "of": "surprisal",
        "measure": {
            "word": f"token({name}, here)",
            "bits": f"surprisal({name}, here)",
            "guess": f"guess({name}, here)",
            "p": f"probability({name}, here, guess)",
        },
        "say": f"No word {'that it writes' if written else 'here'} is less expected than '{{word}}': "
        "{bits:.1f} bits. Likeliest was '{guess}' with {p:.0%}.",
        "notes": "Stop here and let them guess the next word. Then go on.",
        "expect": [[f"bits > surprisal({name}, {_stop(lane, second)!r})"], ["bits > 1"]],
    }


def _doubt(lane: Lane, sure: dict[int, tuple[str, float]]) -> Draft:
    row, name = min(sure, key=lambda row: sure[row][1]), lane.label
    return {
        "title": "Where it is least sure",
        "stop": _stop(lane, row),
        "view": "score",
        "measure": {
            "word": f"token({name}, here)",
            "first": f"guess({name}, here)",
            "second": f"guess({name}, here, 2)",
            "p": f"probability({name}, here, first)",
            "q": f"probability({name}, here, second)",
        },
        "say": "At '{word}' it says '{first}' with {p:.1%}; next comes '{second}' with {q:.1%}.",
        "notes": "Ask first: what would you say here?",
        "expect": [["p > q"], ["p < 0.9", "p < 0.999"]],
    }


def changed(lane: Lane, other: Lane) -> Draft:
    """A lane beside itself with something taken away, where that costs its guess the most."""
    name, sure = lane.label, _sure(lane)
    drop = {}
    for row, (word, p) in sure.items():
        drop[row] = p - float(MEASURES["probability"](other, row, word))
    row = max(drop, key=lambda row: drop[row])
    what = "one head is cut" if "weights" in lane.trace else "the first half is forgotten"
    return {
        "title": "Changed by hand",
        "lanes": [name, other.label],
        "stop": _stop(lane, row),
        "view": "score",
        "measure": {
            "word": f"guess({name}, here)",
            "p": f"probability({name}, here, word)",
            "q": f"probability({other.label}, here, word)",
        },
        "say": f"In the right lane {what} (hand-set). '{{word}}' had {{p:.1%}}, and {{q:.1%}} is left.",
        "expect": [["p > 2 * q", "p > q"]],
    }


def _written(lane: Lane) -> Draft:
    name, row = lane.label, int(MEASURES["source_rows"](lane)) + 1
    measures = {"word": f"guess({name}, here)", "p": f"probability({name}, here, word)"}
    say, expect = "It writes '{word}' with {p:.0%}", [["p > 0.5", "p > 0.1"]]
    view = "score"
    try:
        seen = MEASURES["looks_at"](lane, row - 1)
    except PeepholeError:
        say += ", of a whole source in one vector."
    else:
        view = "alignment"
        measures |= {"seen": f"looks_at({name}, here - 1)"}
        say += ", and the row before, which chose it, looks at '{seen}' most."
        expect.append([f"seen == {seen!r}"])
    return {
        "title": "The first word that it writes",
        "stop": row,
        "view": view,
        "measure": measures,
        "say": say,
        "expect": expect,
    }


def _untrained(lane: Lane) -> Draft:
    name = lane.label
    return {
        "title": "Before any training",
        "view": "score",
        "measure": {"word": f"guess({name}, here)", "p": f"probability({name}, here, word)"},
        "say": "Its weights are drawn by chance. At the last row it would say '{word}', with {p:.0%}.",
        "notes": "Ask first: how often would a guess be right?",
        "expect": [[f"updates({name}) == 0"], ["p < 0.5", "p < 0.9"]],
    }


def _reach(lane: Lane) -> Draft:
    name = lane.label
    return {
        "title": "How far an error reaches back",
        "view": "score",
        "of": "gradient",
        "measure": {
            "near": f"gradient({name}, here, here - 1, 'x')",
            "far": f"gradient({name}, here, 1, 'x')",
            "rows": f"row({name}, here) - 1",
        },
        "say": "How much the last row's loss depends on the row before: {near:.0e}. On the first, "
        "{rows} rows up: {far:.0e}.",
        "expect": [["far < 0.001 * near", "far < 0.1 * near", "far < near", "far > near"]],
    }


def _stop(lane: Lane, row: int) -> int | str:
    """A row as a person would name it: its word, which of several, or else its number."""
    tokens = lane.trace.tokens
    word, which = tokens[row], tokens[: row + 1].count(tokens[row])
    if "#" in word or is_condition(word) or not word.isprintable():
        return row
    return f"{word}#{which}" if which > 1 else word
