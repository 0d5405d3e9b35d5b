"""Do something to the model and see what follows: hold a value, change attention, replace a token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label, Tab, Tabs

from engine import (
    CutEdge,
    CutHead,
    EditAttention,
    Hold,
    LanguageModel,
    PeepholeError,
    Replace,
    Trace,
)
from engine.edits import CROSS, HOWS, SELF
from engine.errors import did_you_mean
from engine.interventions import Intervention
from engine.refusals import check
from tui.dialogs.base import Dialog, number
from tui.dialogs.words import say

TABS = {"hold": "Hold a value", "replace": "Replace a token"}
ATTENTION_TABS = {"edge": "Cut an edge", "head": "Cut a head", "attention": "Attention"}
OF = {"cross": CROSS, "self": SELF}  # what is looked at: the source, or the rows of the same half


class InterveneDialog(Dialog[Intervention]):
    """The answer is one intervention that this model can undergo."""

    QUESTION = "Change something, and see what follows"
    DEFAULT_CSS = """
    InterveneDialog .form { height: auto; }
    InterveneDialog .field { height: 1; }
    InterveneDialog .field Label { width: 10; }
    InterveneDialog .field Input { width: 14; }
    InterveneDialog .field .about { width: 1fr; color: $text-muted; padding-left: 1; }
    InterveneDialog Tabs { margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+right,f2", "kind(1)", "Kind", id="dialog.intervene.next", priority=True,
                tooltip="The next kind of change"),
        Binding("ctrl+left,f3", "kind(-1)", "Kind", id="dialog.intervene.previous", priority=True,
                tooltip="The kind before"),
    ]  # fmt: skip

    def __init__(
        self, model: LanguageModel, trace: Trace, row: int, *, layer: int = 0, unit: int = 0,
        head: int = 0, key: int = 0, kind: str = "hold", name: str = "",
    ) -> None:  # fmt: skip
        """The fields begin at the place that the user looks at: row, layer, unit, head, key."""
        super().__init__()
        self.model, self.trace, self.row = model, trace, row
        self.start = {"layer": layer, "unit": unit, "head": head, "key": min(key, max(0, row - 1))}
        architecture = model.architecture
        self.heads = getattr(architecture, "heads", 0)
        self.names = [n for n, axes in architecture.axes.items() if axes == ("layer", "unit")]
        self.value = name if name in self.names else (*architecture.gates, *self.names)[0]
        self.kinds = TABS | (ATTENTION_TABS if self.heads else {})
        self.of = [which for which, name in OF.items() if name in architecture.axes]
        self.kind = kind if kind in self.kinds else "hold"

    def fields(self) -> ComposeResult:
        yield Tabs(*(Tab(text, id=kind) for kind, text in self.kinds.items()), active=self.kind)
        for kind in self.kinds:
            with Vertical(id=f"form-{kind}", classes="form"):
                for name, text, about in self._form(kind):
                    words: Sequence[str] = ()
                    if name in ("value", "word", "how", "of"):
                        known = {"value": self.names, "how": HOWS, "of": self.of}
                        words = known.get(name, self.trace.header.vocabulary)
                    with Horizontal(classes="field"):
                        yield Label(text)
                        yield Input(
                            self._initial(kind, name),
                            id=f"{kind}-{name}",
                            suggester=SuggestFromList(words, case_sensitive=False)
                            if words
                            else None,
                        )
                        yield Label(self.readable(about), classes="about", markup=False)

    def _form(self, kind: str) -> Iterator[tuple[str, str, str]]:
        """(field, label, what can be typed) of one kind."""
        last, layers = len(self.trace) - 1, self.model.architecture.layers
        layer = ("layer", "layer", f"0 to {layers - 1}; empty: every layer")
        head = ("head", "head", f"0 to {self.heads - 1}; empty: every head")
        if kind == "hold":
            yield "value", "value", ", ".join(self.names)
            yield "units", "units", f"e.g. 4, 8-11 of {self.model.architecture.width}; empty: all"
            yield layer
            yield "at", "held at", "a number; a gate lies from 0 (shut) to 1 (open)"
            yield "from", "from row", f"0 to {last}"
            yield "to", "to row", "the last row held; empty: to the end"
        elif kind == "replace":
            yield "row", "row", f"0 to {last}"
            yield "word", "reads", "any word that the model knows"
        elif kind == "head":
            yield "layer", "layer", f"0 to {layers - 1}"
            yield "head", "head", f"0 to {self.heads - 1}"
            if len(self.of) > 1:
                yield "of", "which", "cross: at the source; self: within a half"
        elif kind == "edge":
            yield "query", "row", "the row that looks"
            yield "key", "at row", "the other row that it may no longer look at"
            yield layer
            yield head
        else:
            yield "how", "becomes", ", ".join(HOWS)
            yield "key", "at row", "of `only`: the one row that is looked at"
            yield "seed", "seed", "of `permuted`: a number; empty: 0"
            if len(self.of) > 1:
                yield "of", "which", "cross: at the source; self: within a half"
            yield layer
            yield head
            yield "from", "from row", f"0 to {last}"
            yield "to", "to row", "the last row changed; empty: to the end"

    def _initial(self, kind: str, name: str) -> str:
        start = self.start
        if kind == "hold" and name == "units":
            return str(start["unit"])
        if kind == "attention" and name in ("key", "layer", "head", "seed"):
            return ""
        # A hold begins at row 0: from the last row on, nothing would be left to see of it.
        known = {"value": self.value, "at": "0", "from": 0, "row": self.row}
        known |= {"query": max(1, self.row), **start, "word": "", "to": ""}
        known |= {"how": HOWS[0], "of": self.of[0] if self.of else ""}
        return str(known[name])

    def on_mount(self) -> None:
        super().on_mount()
        self._choose(self.kind)
        self._first().focus()

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        if event.tab.id and event.tab.id == event.tabs.active:
            self._choose(event.tab.id)

    def action_kind(self, by: int) -> None:
        """Another kind of change, ready to be filled in."""
        kinds = list(self.kinds)
        kind = kinds[(kinds.index(self.kind) + by) % len(kinds)]
        self._choose(kind)
        self.query_one(Tabs).active = kind
        self._first().focus()

    def _first(self) -> Input:
        """The field to begin with: the row of a replacement is known, its word is not."""
        if self.kind == "replace":
            return self.query_one("#replace-word", Input)
        return self.query(f"#form-{self.kind} Input").first(Input)

    def _choose(self, kind: str) -> None:
        self.kind = kind
        for other in self.kinds:
            self.query_one(f"#form-{other}").display = other == kind
        self.judge()

    def keys(self) -> str:
        return "Ctrl+← → or F2 another kind · Tab next field · Enter does it · Esc back"

    def empty(self) -> bool:
        return False

    def _text(self, name: str) -> str:
        return self.query_one(f"#{self.kind}-{name}", Input).value.strip()

    def _number(self, name: str, what: str, low: int, high: int) -> int:
        return number(self._text(name), what, low, high)

    def _optional(self, name: str, what: str, count: int) -> int | None:
        return self._number(name, what, 0, count - 1) if self._text(name) else None

    def answer(self) -> Intervention:
        item = getattr(self, f"_{self.kind}")()
        check(self.model, [item])
        return item

    def _hold(self) -> Hold:
        name, last = self._text("value"), len(self.trace) - 1
        if name not in self.names:
            raise PeepholeError(f"no value {name!r} to hold", do=did_you_mean(name, self.names))
        try:
            at = float(self._text("at"))
        except ValueError:
            at = float("nan")
        if not abs(at) <= 1e6:
            raise PeepholeError(f"held at {self._text('at') or 'nothing'}", do="Type a number")
        start = self._number("from", "From row", 0, last)
        stop = self._number("to", "To row", start, last) + 1 if self._text("to") else None
        layer = self._optional("layer", "The layer", self.model.architecture.layers)
        units = parse_units(self._text("units"), self.model.architecture.width)
        return Hold(name, at, layer, units, start, stop)

    def _replace(self) -> Replace:
        row = self._number("row", "The row", 0, len(self.trace) - 1)
        word = self._text("word").lower()
        if not word:
            raise PeepholeError("no word to read instead yet", do="Type one")
        return Replace(row, word)

    def _head(self) -> CutHead:
        layers = self.model.architecture.layers
        layer = self._number("layer", "The layer", 0, layers - 1)
        head = self._number("head", "The head", 0, self.heads - 1)
        return CutHead(layer, head, self._of().replace("weights", "context"))

    def _of(self) -> str:
        """Of which attention: the values' name."""
        which = self._text("of").lower() if len(self.of) > 1 else self.of[0]
        if which not in self.of:
            raise PeepholeError(f"no attention {which!r}", do=f"Type {' or '.join(self.of)}")
        return OF[which]

    def _attention(self) -> EditAttention:
        last, how = len(self.trace) - 1, self._text("how").lower()
        key = self._optional("key", "The row looked at", last + 1)
        seed = self._optional("seed", "The seed", 2**31)
        start = self._number("from", "From row", 0, last)
        stop = self._number("to", "To row", start, last) + 1 if self._text("to") else None
        layer = self._optional("layer", "The layer", self.model.architecture.layers)
        head = self._optional("head", "The head", self.heads)
        return EditAttention(how, key, layer, head, self._of(), seed or 0, start, stop)

    def _edge(self) -> CutEdge:
        last = len(self.trace) - 1
        query = self._number("query", "The row", 0, last)
        key = self._number("key", "The other row", 0, last)
        layer = self._optional("layer", "The layer", self.model.architecture.layers)
        return CutEdge(query, key, layer, self._optional("head", "The head", self.heads))

    def explain(self, answer: Intervention) -> str:
        return say(answer, self.trace)


def parse_units(text: str, width: int) -> tuple[int, ...]:
    """Units from `4, 8-11`; nothing is every unit, which is ().

    Raises:
        PeepholeError: a part of it is no unit of 0..width-1.
    """
    units: list[int] = []
    for part in filter(None, text.replace(",", " ").split()):
        first, dash, last = part.partition("-")
        low = number(first, "A unit", 0, width - 1)
        high = number(last, "A unit", low, width - 1) if dash else low
        units.extend(range(low, high + 1))
    return tuple(dict.fromkeys(units))
