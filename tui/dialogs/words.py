"""What an intervention will do, in words."""

from __future__ import annotations

from engine import CutEdge, CutHead, EditAttention, Hold, Replace, Trace
from engine.edits import SAID
from engine.interventions import Intervention


def say(item: Intervention, trace: Trace) -> str:
    """One or two sentences about an intervention on this trace's tokens."""

    def token(row: int) -> str:
        return f"row {row} {trace.tokens[row]!r}" if row < len(trace) else f"row {row}"

    if isinstance(item, Hold):
        what = f"{item.name} of " + ("every unit" if not item.units else units(item.units))
        layer = "every layer" if item.layer is None else f"layer {item.layer}"
        until = "to the end" if item.stop is None else f"to {token(item.stop - 1)}"
        value = f"{item.value:g}" if isinstance(item.value, (int, float)) else "the given values"
        return (
            f"From {token(item.start)} {until}, {what} in {layer} is held at {value}; "
            "all that follows from it sees that."
        )
    if isinstance(item, CutHead):
        cross = "Cross-attention's head" if item.of == "cross_context" else "Head"
        return f"{cross} {item.head} of layer {item.layer} adds nothing, at every row."
    if isinstance(item, CutEdge):
        where = "" if item.layer is None else f" in layer {item.layer}"
        where += "" if item.head is None else f" head {item.head}"
        return (
            f"R{token(item.query)[1:]} cannot look at {token(item.key)}{where or ' at all'}; "
            "its other weights share that part."
        )
    if isinstance(item, EditAttention):
        where = "" if item.layer is None else f" in layer {item.layer}"
        where += "" if item.head is None else f" head {item.head}"
        until = "to the end" if item.stop is None else f"to {token(item.stop - 1)}"
        ways = {
            "uniform": "puts the same weight on all that a row sees",
            "permuted": f"puts its own weights on other rows, drawn with seed {item.seed}",
            "argmax": "looks only where its largest weight is",
            "only": f"looks only at {token(item.key or 0)}",
        }
        # no row of the source has cross-attention: it begins with the target
        start = max(item.start, trace.source) if item.of.startswith("cross") else item.start
        return f"From {token(start)} {until}, {SAID[item.of]}{where} {ways[item.how]}."
    assert isinstance(item, Replace)
    return f"R{token(item.row)[1:]} reads {item.token!r}; all after it is computed anew."


def units(numbers: tuple[int, ...]) -> str:
    """`unit 17`, `units 4, 8, 9`, or how many when there are many."""
    if len(numbers) == 1:
        return f"unit {numbers[0]}"
    if len(numbers) <= 6:
        return f"units {', '.join(map(str, numbers))}"
    return f"{len(numbers)} units"
