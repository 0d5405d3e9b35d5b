"""How the next word is chosen: the candidates before and after the cut, or the beam as a tree."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from engine import Decoding, LanguageModel, PeepholeError, Trace, write_from
from engine.beam import FINISHED, KEPT, PRUNED, Search
from engine.decoding import choose, cut, draw
from tui.lane import Lane
from tui.views import knobs
from tui.views.base import View
from tui.views.candidates import Candidates, bars, strip
from tui.views.tree import FATES, tree

KEPT_SEARCHES = 32
MOST = 40  # words that a search from here may go on for, where the run does not say


class DecodingView(View, inherit_bindings=False):
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
drawn once. `▸` still grows, `✓` has finished, `✗` was pruned: at this step, or before. *log p* is of the
whole hypothesis, in nats; *score* is log p over ((5 + n) / 6)^α for n words (Wu et al. 2016, eq. 14). The
best score that finished wins; the search is over when none that is kept can overtake it, which may be long
before as many have finished as the beam is wide. With the cursor the tree grows and is pruned.

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

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.tried: Decoding | None = None  # None: as the run was written
        self.knob = 0
        self.bars = False  # of a beam: the candidates instead of the tree
        self._known: dict[tuple[str, int, str], Search | PeepholeError] = {}
        self._busy = False

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="knobs", markup=False)
        yield Static(id="picture", markup=False)
        yield Static(id="numbers", markup=False)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        """`bars`, `tree`, `written`, or a decoding such as `top-p 0.9`."""
        if of in ("bars", "tree"):
            self.bars = of == "bars"
        elif of == "written":
            self.tried = None
        elif of is not None:
            try:
                self.tried = Decoding.parse(of)
            except PeepholeError:
                return

    # What is shown ----------------------------------------------------------------------------

    @property
    def writes(self) -> bool:
        """Whether this model's rows have next words, and not labels or numbers."""
        trace = self.trace
        return trace is None or bool(
            trace.header.ahead and trace.axes("logits") == ("time", "word")
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that try ways to write are of no use where nothing is written."""
        ways = ("how", "knob", "turn", "write", "picture", "recorded")
        return self.writes or action not in ways

    @property
    def written(self) -> Decoding | None:
        """How the run was written; None where its words were given."""
        said = self.trace.header.decoding if self.trace is not None else {}
        return Decoding.from_record(said) if said else None

    @property
    def decoding(self) -> Decoding:
        """What is on show."""
        return self.tried or self.written or Decoding()

    @property
    def from_run(self) -> bool:
        """Whether what is on show is how the words of this run were chosen."""
        return self.written is not None and self.decoding == self.written

    @property
    def first(self) -> int:
        """The first row that the run wrote; one past the end where it wrote none."""
        trace = self.trace
        return 0 if trace is None else int(trace.header.decoding.get("first", len(trace) + 1))

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
            self._tree(lane, trace, row)
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
        found = cut(logits, decoding)
        ids = {word: index for index, word in enumerate(words)}
        read = ids[trace.tokens[row + 1]] if row < self.last and row + 1 < self.shown else -1
        sampled = decoding.how == "sample"
        at = draw(decoding.seed, row + 1) if sampled else float("nan")
        fates: dict[int, str] | None = None
        if decoding.how == "beam":
            chosen, fates = self._taken(trace, row)
        else:
            chosen = choose(found, decoding, row + 1)
        told = Candidates(found, words, chosen, read, at, fates)
        size = self.query_one("#picture").size
        room = size.height - 2 * sampled
        picture = bars(self.palette, told, size.width, room)
        if sampled and size.height > 6:
            picture.append_text(strip(self.palette, told, size.width))
        self.put("#picture", picture)
        before, after = told.entropies()
        kept = f"kept {found.kept.sum():,} of {len(words):,} words, mass {told.mass:.3f}"
        lines = [f"entropy {before:.3f} bits before, {after:.3f} after · {kept}"]
        if fates is not None:
            what = "a beam cuts off no words but whole hypotheses: v"
            lines = [f"entropy {before:.3f} bits · {what}"]
            if chosen >= 0:
                won = f"the best hypothesis goes on with {words[chosen]!r}"
                lines.append(f"{won}, p {found.before[chosen]:.3f} here")
        elif chosen >= 0:
            p, q = found.before[chosen], found.after[chosen]
            lines.append(f"{words[chosen]!r} chosen: p {p:.3f} before, {q:.3f} after")
            if read >= 0:
                lines[-1] += f" · next row reads {words[read]!r}, p {found.before[read]:.3f}"
        self.put("#numbers", "\n".join(lines))

    # The beam ---------------------------------------------------------------------------------

    def _taken(self, trace: Trace, row: int) -> tuple[int, dict[int, str]]:
        """The word of the best hypothesis after a row (-1: none known), and what became of the others.

        Of others only those that go on from the best one's words: only of these the row has the p.
        """
        lane, own = self.lane, self.from_run
        assert lane is not None
        search = self._recorded(trace) if own else self._searched(lane, trace, row)
        step = row + 1 - self.first if own else 0
        if not isinstance(search, Search) or not 0 <= step < len(search.best):
            return -1, {}
        parent = int(search.chosen[step - 1].argmax()) if step else -1
        same = (search.token[step] >= 0) & ((search.parent[step] == parent) | (step == 0))
        fates = {
            int(search.token[step, column]): FATES[int(search.fate[step, column])][2]
            for column in np.flatnonzero(same)
        }
        return search.best[step], fates

    def _tree(self, lane: Lane, trace: Trace, row: int) -> None:
        if self.from_run:
            step = row + 1 - self.first
            if step < 0:
                self._say(f"Row {row} was given; what follows row {self.first - 1} was written.")
                return
            found: Search | PeepholeError | None = self._recorded(trace)
        else:
            step = -1
            found = self._searched(lane, trace, row)
        if found is None:
            self._say(f"searching with {self.decoding} …")
        elif isinstance(found, PeepholeError):
            self._say(str(found))
        else:
            self._draw(found, len(found.token) - 1 if step < 0 else min(step, len(found.token) - 1))

    def _recorded(self, trace: Trace) -> Search | PeepholeError:
        try:
            return Search.from_lens(trace.lenses.get("search", {}))
        except PeepholeError as error:
            return error

    def _searched(self, lane: Lane, trace: Trace, row: int) -> Search | PeepholeError | None:
        """The search of a beam from this row, once it is done; it runs beside the interface."""
        model = lane.model
        if model is None:
            return PeepholeError("a beam from here needs the model", do="Open the model itself")
        key = (trace.id, row, str(self.decoding))
        found = self._known.get(key)
        if found is None and not self._busy:
            self._busy, decoding = True, self.decoding
            most = int(trace.header.decoding.get("most", MOST))
            self.run_worker(
                lambda: self._search(key, model, trace, row, decoding, most), thread=True
            )
        return found

    def _search(
        self,
        key: tuple[str, int, str],
        model: LanguageModel,
        trace: Trace,
        row: int,
        decoding: Decoding,
        most: int,
    ) -> None:
        found: Search | PeepholeError
        try:
            made = write_from(model, trace, row, decoding, most)
            found = Search.from_lens(made.lenses["search"])
        except PeepholeError as error:
            found = error
        self.app.call_from_thread(self._searching_done, key, found)

    def _searching_done(self, key: tuple[str, int, str], found: Search | PeepholeError) -> None:
        self._busy = False
        if len(self._known) >= KEPT_SEARCHES:
            self._known.pop(next(iter(self._known)))
        self._known[key] = found
        if self.is_mounted:
            self.updated()  # the cursor may have gone on meanwhile

    def _draw(self, search: Search, step: int) -> None:
        assert self.trace is not None
        size, words = self.query_one("#picture").size, self.trace.header.vocabulary
        first = self.first if self.from_run else self.cursor + 1
        self.put(
            "#picture", tree(self.palette, search, step, first, words, size.width, size.height)
        )
        real = search.token[step] >= 0
        kept, done, gone = (
            int(((search.fate[step] == fate) & real).sum()) for fate in (KEPT, FINISHED, PRUNED)
        )
        all_done = int((search.fate[: step + 1] == FINISHED).sum())
        steps = len(search.token)
        line = f"step {step + 1} of {steps}: {kept} kept, {done} finished now ({all_done} in all)"
        lines = [f"{line}, {gone} pruned of those recorded"]
        if step == steps - 1:
            lines = [f"{line} · {self._over(steps, kept, all_done)}"]
            best = " ".join(words[word] for word in search.best)
            last = len(search.best) - 1, search.chosen[len(search.best) - 1].argmax()
            lines.append(
                f"best: {best} · log p {search.log_p[last]:.3f} · score {search.score[last]:.3f}"
            )
        self.put("#numbers", "\n".join(lines))

    def _over(self, steps: int, kept: int, finished: int) -> str:
        """Why a search went no further."""
        assert self.trace is not None
        if kept and steps >= int(self.trace.header.decoding.get("most", MOST)):
            return f"cut off at {steps}" + ("" if finished else ", none finished")
        return "over: none kept can overtake" if kept else "over: none is left"

    # Choosing ---------------------------------------------------------------------------------

    def action_how(self) -> None:
        self.tried = knobs.another(self.decoding)
        self.knob, self.bars = 0, False
        self.updated()

    def action_knob(self) -> None:
        self.knob += 1
        self.updated()

    def action_turn(self, by: int) -> None:
        if not knobs.KNOBS[self.decoding.how]:
            self.notify("Greedy has no numbers: h tries another way", timeout=2)
            return
        self.tried = knobs.turned(self.decoding, self.knob, by)
        self.updated()

    def action_recorded(self) -> None:
        self.tried = None
        self.updated()

    def action_picture(self) -> None:
        self.bars = not self.bars
        self.updated()

    def action_write(self) -> None:
        if self.lane is not None and self.trace is not None:
            self.post_message(self.Write(self.lane, self.cursor, self.decoding))
