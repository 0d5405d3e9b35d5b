"""What a trace says of itself: its halves, its layers and heads, and row by row what was expected.

Everything costs the same for row 10 and row 10,000: surprisal and predictions are computed for 64 rows
when one of them is first asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine import Named, Trace, lenses
from engine.text import END, START
from tui.pace import Pace, pace

Results = Mapping[str, Named]
CHUNK = 64  # rows of surprisal and predictions that are computed together
TOP = 5  # predictions kept for a row
CROSS, SELF = "cross", "self"  # what attention looks at: the source, or the rows of its own half


class Reading:
    """The rows of one trace.

    Attributes:
        answers: where only some rows are asked, as in the tasks of training: those rows, each with the
            right answer; None where every row predicts the next word.
        fed: whether a language model is fed word by word; else it reads a given text in as few steps as
            it can, a Transformer one a layer.
    """

    def __init__(self, trace: Trace) -> None:
        self.answers: Mapping[int, str] | None = None
        self.fed = True
        self.trace = trace

    @property
    def trace(self) -> Trace:
        """Every value of the reading so far."""
        return self._trace

    @trace.setter
    def trace(self, trace: Trace) -> None:
        self._trace = trace
        self._chunks: dict[tuple[str, int], tuple[int, Results]] = {}
        self._pace: tuple[int, bool, Pace] | None = None
        self.changed()

    def changed(self) -> None:
        """Called where another trace has come."""

    def __len__(self) -> int:
        return len(self.trace)

    @property
    def layers(self) -> int:
        """How many layers its model has."""
        return int(self.trace.header.architecture.get("layers", 1))

    @property
    def heads(self) -> int:
        """How many attention heads a layer has; 0 without attention."""
        looks = [self.trace[n] for n in ("weights", "cross_weights") if n in self.trace]
        return max((weights.shape[2] for weights in looks), default=0)

    @property
    def states(self) -> tuple[str, ...]:
        """What a language model's recurrence carries from row to row; () of all other kinds."""
        return self.trace.header.states if not self.source else ()

    @property
    def units(self) -> tuple[str, ...]:
        """The values with one number a unit, in the order in which they are computed."""
        return tuple(
            name for name in self.trace.names if self.trace.axes(name) == ("time", "layer", "unit")
        )

    @property
    def source(self) -> int:
        """How many rows are of a source that was read before the others; 0 of a language model."""
        return self.trace.source

    @property
    def whole(self) -> bool:
        """Whether all its rows are read together and none is written: a tagger, not a writer."""
        return 0 < self.source == len(self)

    @property
    def labels(self) -> bool:
        """Whether what it predicts at a row is a label of that row, and not the next token."""
        return self.whole or self.trace.header.ahead == 0

    @property
    def mode(self) -> tuple[str, ...]:
        """How it reads its source and how its target came, the longest form first; () of others."""
        if self.whole or not (self.source or self.trace.header.decoding):
            return ()
        record = self.trace.header.decoding
        forms = "teacher forcing", "forced"
        if record:
            from engine.decoding import Decoding

            decoding = Decoding.from_record(record)
            forms = f"free running: {decoding}", f"free: {decoding}"
        if self.trace.header.architecture.get("reverse"):
            return f"source reversed · {forms[0]}", *forms
        return forms

    @property
    def written(self) -> tuple[str, ...]:
        """What it wrote itself, after its source; () where its target was given."""
        first = self.trace.header.decoding.get("first", len(self))
        return tuple(self.trace.tokens[first:]) if self.source else ()

    @property
    def looks(self) -> tuple[str, ...]:
        """What its attention looks at, the source first; () without attention."""
        found = {CROSS: "cross_weights", SELF: "weights"}
        return tuple(which for which, name in found.items() if name in self.trace)

    @property
    def pace(self) -> Pace:
        """When its rows are there."""
        known = len(self), self.fed
        if self._pace is None or self._pace[:2] != known:
            self._pace = *known, pace(self.trace, self.fed)
        return self._pace[2]

    # What is expected -------------------------------------------------------------------------

    @property
    def predicts(self) -> bool:
        """Whether it predicts words; a model that adds numbers answers with a value instead."""
        words = self.trace["logits"].shape[-1] if "logits" in self.trace else 0
        return words in (0, len(self.trace.header.vocabulary))

    def asked(self, row: int) -> bool:
        """Whether what the model expects after a row counts; rows of a source foretell nothing."""
        if row < self.source and not self.whole:
            return False
        return self.answers is None or row in self.answers

    def bits(self, row: int) -> float:
        """Surprisal of the token at a row in bits; NaN where nothing predicts it, as at row 0."""
        if not row or self.labels or not self.predicts or not self.asked(row - 1):
            return math.nan
        stored = self.trace.lenses.get("surprisal")
        if stored:
            return float(stored["bits"].array[row])
        start, result = self._chunk("surprisal", row)
        return float(result["bits"].array[row - start])

    def top(self, row: int, k: int = 1) -> list[tuple[str, float]]:
        """The k likeliest next words after a row with their probabilities, the likeliest first.

        Of a model that answers with a value: that value, and NaN for a probability. Of a tagger: the
        labels of the row itself. None at the rows of a source.
        """
        if row < self.source and not self.whole:
            return []
        if not self.predicts:
            return [(f"{float(self.trace['logits'][row, 0]):.2f}", math.nan)]
        stored = self.trace.lenses.get("top_k")
        start, result = (0, stored) if stored else self._chunk("top_k", row)
        ids, p = (result[name].array[row - start, :k].tolist() for name in ("ids", "p"))
        return [(self.trace.header.vocabulary[i], q) for i, q in zip(ids, p, strict=True)]

    def came(self, row: int, read: int | None = None) -> str:
        """What a row was to foretell, as far as `read` rows tell; "" where that is not known (yet)."""
        tokens = self.trace.tokens
        if self.answers is not None:
            return self.answers.get(row, "")
        if self.labels:
            return ""
        if row + 1 < len(tokens):
            return tokens[row + 1] if read is None or row + 1 < read else ""
        said = self.trace.header.decoding
        ended = len(tokens) - said["first"] < said["most"] if said else bool(self.source)
        end = END if END in self.trace.header.vocabulary else START
        return end if ended else ""

    def _chunk(self, name: str, row: int) -> tuple[int, Results]:
        """A lens over the 64 rows around a row, and the row that it begins with."""
        number = row // CHUNK
        stop = min(len(self.trace), (number + 1) * CHUNK)
        start = max(0, number * CHUNK - 1)  # surprisal needs the row before
        known = self._chunks.get((name, number))
        if known is None or known[0] != stop:
            part = part_of(self.trace, start, stop, "logits")
            known = (stop, lenses.top_k(part, TOP) if name == "top_k" else lenses.surprisal(part))
            self._chunks[name, number] = known
        return start, known[1]

    # Attention --------------------------------------------------------------------------------

    def look(self, row: int, which: str) -> str:
        """What a row's attention looks at: what was asked for, where it has that; "" without any."""
        own = [w for w in self.looks if w == SELF or row >= self.source]
        return which if which in own else own[0] if own else ""

    def look_layer(self, row: int, layer: int, look: str) -> int:
        """A layer in which a row looks at something: the one asked for, else the one that does most."""
        weights = self.trace["cross_weights" if look == CROSS else "weights"][row]
        asked = max(0, min(layer, len(weights) - 1))
        return asked if weights[asked].any() else int(weights.sum((1, 2)).argmax())

    def attention(self, row: int, layer: int, head: int | None, which: str = SELF) -> np.ndarray:
        """(key,): weights of a row, of one head or the mean over heads.

        Of self-attention on rows 0..row, or on a source's row on all of its rows; of cross-attention
        on the rows of the source. Without attention, on none.
        """
        look = self.look(row, which)
        if not look:
            return np.zeros(0)
        name = "cross_weights" if look == CROSS else "weights"
        weights = self.trace.array(name, "time", "layer", "head", "key")[row]
        weights = weights[self.look_layer(row, layer, look)]
        found = weights.mean(0) if head is None else weights[min(head, len(weights) - 1)]
        return found[: self.source if look == CROSS or row < self.source else row + 1]


def part_of(trace: Trace, start: int, stop: int, *names: str) -> Trace:
    """Some rows of some values of a trace, without copying them."""
    source = max(0, min(trace.source, stop) - start)
    axes = {name: trace.header.axes[name] for name in names}
    header = replace(trace.header, axes=axes, source=source)
    arrays = {name: trace[name][start:stop] for name in names}
    return Trace.from_arrays(header, trace.tokens[start:stop], arrays)
