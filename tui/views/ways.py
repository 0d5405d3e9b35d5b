"""Which way to choose words is on show: how the run was written, or another that is tried on a row."""

from __future__ import annotations

from engine import Decoding, LanguageModel, PeepholeError, Trace, write_from
from engine.beam import Search
from tui.views import knobs
from tui.views.computed import KnownView

MOST = 40  # words that a search from here may go on for, where the run does not say


class WaysView(KnownView[Search]):
    """A view of one decoding at the cursor's row.

    Attributes:
        tried: what is tried there; None is how the run was written.
        knob: which of its numbers is turned.
        bars: of a beam: the candidates instead of the tree.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.tried: Decoding | None = None
        self.knob = 0
        self.bars = False

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

    @property
    def writes(self) -> bool:
        """Whether this model's rows have next words, and not labels or numbers."""
        trace = self.trace
        return trace is None or bool(
            trace.header.ahead and trace.axes("logits") == ("time", "word")
        )

    @property
    def written(self) -> Decoding | None:
        """How the run was written; None where its words were given."""
        said = self.trace.header.decoding if self.trace is not None else {}
        return Decoding.from_record(said) if said else None

    @property
    def way(self) -> str:
        """What is tried, as `Decoding.parse` reads it; "" for nothing."""
        return str(self.tried or "")

    @way.setter
    def way(self, said: str) -> None:
        self.tried = Decoding.parse(said) if said else None

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

    @property
    def most(self) -> int:
        """How many words a search may go on for."""
        return int(self.trace.header.decoding.get("most", MOST)) if self.trace is not None else MOST

    # Searching --------------------------------------------------------------------------------

    def search(self, row: int) -> Search | PeepholeError | None:
        """The beam on show: that of the run, or from this row; None while it is searched."""
        lane, trace = self.lane, self.trace
        assert lane is not None
        assert trace is not None
        if self.from_run:
            try:
                return Search.from_lens(trace.lenses.get("search", {}))
            except PeepholeError as error:
                return error
        model, decoding, most = lane.model, self.decoding, self.most
        if model is None:
            return PeepholeError("a beam from here needs the model", do="Open the model itself")
        key = (trace.id, row, str(decoding))
        return self.known(key, lambda: _searched(model, trace, row, decoding, most))

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


def _searched(
    model: LanguageModel, trace: Trace, row: int, decoding: Decoding, most: int
) -> Search:
    return Search.from_lens(write_from(model, trace, row, decoding, most).lenses["search"])
