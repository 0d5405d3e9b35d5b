"""Where playback breaks: a condition on a row, as people say it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from engine import Trace
from engine.conditions import Condition, Lookup, parse
from tui.dialogs.base import Dialog

MOST = 10  # rows named in the preview


class ConditionDialog(Dialog[Condition]):
    """The answer is a condition that this trace can be asked about."""

    QUESTION = "Play until …"
    HINT = (
        "forget gate of unit 17 below 0.1 · bits > 8 · p(were) > 0.5\n"
        "|dL/dh_1| < 1e-3 · weight[3] > 0.5 · token is were"
    )

    def __init__(
        self, trace: Trace, cursor: int, text: str = "", lookup: Lookup | None = None
    ) -> None:
        """`lookup` finds lens results; without it, no preview of conditions on gradients."""
        super().__init__()
        self.trace, self.cursor, self.text, self.lookup = trace, cursor, text, lookup

    def fields(self) -> ComposeResult:
        yield Input(self.text, id="condition", placeholder="f[17] < 0.1")

    def answer(self) -> Condition:
        condition = parse(self.query_one("#condition", Input).value)
        condition.check(self.trace)
        return condition

    def explain(self, answer: Condition) -> str:
        if answer.kind == "gradient" and self.lookup is None:
            return f"breaks where {answer}"
        rows = [r for r in range(len(self.trace)) if answer.holds(self.trace, r, self.lookup)]
        if not rows:
            return f"breaks where {answer}: at no row of this text so far"
        following = next((row for row in rows if row > self.cursor), None)
        then = (
            "none after the cursor"
            if following is None
            else f"next {answer.measured(self.trace, following, self.lookup)}"
        )
        named = ", ".join(map(str, rows[:MOST])) + (" …" if len(rows) > MOST else "")
        return f"breaks at row {named}; {then}"
