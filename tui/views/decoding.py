"""How the next word is chosen: the candidates before and after the cut, or the beam as a tree."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from engine import Decoding, PeepholeError, Trace
from engine.beam import Search
from engine.decoding import choose, cut, draw
from tui.lane import Lane
from tui.views import candidates, hypotheses, knobs
from tui.views.base import View
from tui.views.candidates import Candidates, bars, strip
from tui.views.tree import tree
from tui.views.ways import WaysView


class DecodingView(WaysView, inherit_bindings=False):
    """Bars of the candidates of the cursor's row, or the tree of a beam up to it."""

    TITLE = "Decoding"
    HELP = """\
# How the next word is chosen

**Candidates**: every word that could come after the cursor's row, the likeliest first. *Before* is what
the model says, p = softmax(z); *after* is what a word is drawn from: softmax(z / T), cut to the k likeliest
words (top-k, Fan et al. 2018) or to the smallest set of the likeliest that holds the mass p (top-p, the
nucleus, Holtzman et al. 2020), divided by its sum. Both bars have one scale. `▶` is chosen, `*` is what the
next row reads, `✗` is cut off. A draw is one number from 0 to 1 that belongs to the row and the seed; the
strip lays the kept words end to end and shows on which it falls. A pair has one vocabulary: words of the
source may stand among those of the target, with the p that the model gives them. A beam cuts off no word:
there is one bar, with what became of the hypothesis that goes on with the word, where it is recorded.

**Tree**: what a beam search kept. A line is a hypothesis, its words from left to right; what two share is
drawn once. The one that wins is on top, and at every fork the better branch is above. `▸` still grows, `✓`
has finished, `✗` was pruned: at this step, or before. *log p* is of the whole hypothesis, in nats; *score*
is log p over ((5 + n) / 6)^α for n words (Wu et al. 2016, eq. 14). The best score that finished wins; the
search is over when none that is kept can overtake it, which may be long before as many have finished as the
beam is wide. With the cursor the tree grows and is pruned.

`h` tries another way on this row: greedy, sampling, a beam from here. `o` and ← → change its numbers, `c`
goes back to how the run was written. Enter writes on from here, as another reading beside this one.
"""
    DEFAULT_CSS = """
    DecodingView #title, DecodingView #knobs { height: 1; }
    DecodingView #title { text-style: bold; }
    DecodingView #picture { height: 1fr; }
    DecodingView #numbers { height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *View.BINDINGS[:2],
        Binding("h", "how", "How", id="decoding.how",
                tooltip="Try another way here: greedy, sampling, a beam"),
        Binding("o", "knob", "Which", id="decoding.knob", tooltip="Which number ← → change"),
        Binding("right", "turn(1)", "Change", id="decoding.more",
                tooltip="More or less of the chosen number", key_display="← →"),
        Binding("left", "turn(-1)", "Change", id="decoding.less",
                tooltip="More or less of the chosen number", show=False),
        Binding("enter", "write", "Write on", id="decoding.write", key_display="Enter",
                tooltip="Write on from here, as another reading beside this one"),
        Binding("v", "picture", "Bars, tree", id="decoding.picture",
                tooltip="The candidates of this row, or the tree of the beam"),
        Binding("c", "recorded", "As written", id="decoding.recorded",
                tooltip="Back to how this run was written"),
    ]  # fmt: skip

    class Write(Message):
        """The user asked for a reading that writes on from a row."""

        def __init__(self, lane: Lane, row: int, decoding: Decoding) -> None:
            super().__init__()
            self.lane, self.row, self.decoding = lane, row, decoding

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="knobs", markup=False)
        yield Static(id="picture", markup=False)
        yield Static(id="numbers", markup=False)

    # What is shown ----------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that try ways to write are of no use where nothing is written."""
        ways = ("how", "knob", "turn", "write", "picture", "recorded")
        return self.writes or action not in ways

    def on_resize(self, event: events.Resize) -> None:
        if self.trace is not None:
            self.updated()

    def updated(self) -> None:
        trace, lane = self.trace, self.lane
        if trace is None or lane is None or not self.query_one("#picture").size:
            return  # until there is room
        row, own = self.cursor, self.from_run
        whose = (
            "as written" if own else "tried here" if self.written else "a try: this text was given"
        )
        where = f"after row {row} {trace.tokens[row]!r} · {self.called}"
        self.put("#title", f"{where} · {self.decoding} · {whose}")
        self.put("#knobs", knobs.line(self.palette, self.decoding, self.knob))
        self.refresh_bindings()
        if not self.writes:
            self._say("This model writes nothing: its rows have labels or numbers, not next words.")
        elif row < trace.source:
            self._say(f"Row {row} is of the source: nothing is written after it. Go down to <s>.")
        elif self.decoding.how == "beam" and not self.bars:
            self._tree(trace, row)
        else:
            self._bars(trace, row)

    def _say(self, what: str) -> None:
        self.put("#picture", what)
        self.put("#numbers", "")

    def _bars(self, trace: Trace, row: int) -> None:
        decoding, words = self.decoding, trace.header.vocabulary
        logits = trace["logits"][row]
        if not np.isfinite(logits).all():
            self._say("This row foretells nothing.")
            return
        kept = cut(logits, decoding)
        ids = {word: index for index, word in enumerate(words)}
        read = ids[trace.tokens[row + 1]] if row < self.last and row + 1 < self.shown else -1
        sampled = decoding.how == "sample"
        at = draw(decoding.seed, row + 1) if sampled else float("nan")
        fates: dict[int, str] | None = None
        if decoding.how == "beam":
            chosen, fates = self._taken(trace, row)
        else:
            chosen = choose(kept, decoding, row + 1)
        found = Candidates(kept, words, chosen, read, at, fates)
        size = self.query_one("#picture").size
        room = size.height - 2 * sampled
        picture = bars(self.palette, found, size.width, room)
        if sampled and size.height > 6:
            picture.append_text(strip(self.palette, found, size.width))
        self.put("#picture", picture)
        self.put("#numbers", "\n".join(candidates.told(found)))

    # The tree ---------------------------------------------------------------------------------

    def _taken(self, trace: Trace, row: int) -> tuple[int, dict[int, str]]:
        """The best hypothesis' word after a row, -1 where it is not known, and the others' fates."""
        search = self.search(row)
        step = row + 1 - self.first if self.from_run else 0
        if not isinstance(search, Search) or not 0 <= step < len(search.best):
            return -1, {}
        return search.best[step], hypotheses.went(search, step)

    def _tree(self, trace: Trace, row: int) -> None:
        step = row + 1 - self.first if self.from_run else 0
        if step < 0:
            self._say(f"Row {row} was given; what follows row {self.first - 1} was written.")
            return
        found = self.search(row)
        if found is None:
            self._say(f"searching with {self.decoding} …")
            return
        if isinstance(found, PeepholeError):
            self._say(str(found))
            return
        last = len(found.token) - 1
        step = min(step, last) if self.from_run else last
        size, words = self.query_one("#picture").size, trace.header.vocabulary
        first = self.first if self.from_run else row + 1
        picture = tree(self.palette, found, step, first, words, size.width, size.height)
        self.put("#picture", picture)
        self.put("#numbers", "\n".join(hypotheses.told(found, step, words, self.most)))

    # Choosing ---------------------------------------------------------------------------------

    def action_write(self) -> None:
        if self.lane is not None and self.trace is not None:
            self.post_message(self.Write(self.lane, self.cursor, self.decoding))
