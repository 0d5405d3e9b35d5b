"""How long a run must take, and how much it must do: sequential steps, and multiply-adds.

A tick is one step that cannot start before the one before it has ended, however many processors there are.
A recurrent net needs one a row: h_t waits for h_(t-1). A Transformer needs one a *layer* for all rows that
are given, because no row of a layer waits for another; only rows that it writes itself come one by one, each
waiting for the token before it (Vaswani et al. 2017, section 4 and table 1).

    sequential steps     recurrent n             self-attention  L, and n where the rows are written
    multiply-adds        recurrent n d²          self-attention  n² d + n d²

So attention buys its few steps with work that grows with the square of the length.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.errors import PeepholeError
from engine.models import Architecture
from engine.trace import Trace


class Ticks(NamedTuple):
    """The sequential steps of a run.

    Attributes:
        of_row: for each row the tick, from 1, after which it and every row before it is all there.
        total: how many ticks there are.
        per: what one tick is, e.g. `a row`.
    """

    of_row: tuple[int, ...]
    total: int
    per: str


def ticks(trace: Trace) -> Ticks:
    """The ticks of a run: of its source, and then of its target.

    A tick of a recurrent net is a row, through all its layers; where it reads both ways, both at once, a
    layer can begin when the one below has ended. A given target counts as what it is for a Transformer,
    rows that are all there from the start (teacher forcing); one that was written has a tick a token.
    """
    said, n, source = trace.header.architecture, len(trace), trace.source
    layers, written = int(said["layers"]), bool(trace.header.decoding)
    if "heads" in said:
        together = source or int(
            trace.header.decoding.get("first", n)
        )  # rows that nothing waits in
        of_row = [layers] * together
        if written:
            of_row += range(layers + 1, layers + 1 + n - together)
        else:
            of_row += [2 * layers] * (n - together)
        per = "a layer, then a token" if written else "a layer"
    else:
        both = said.get("bidirectional") or said["kind"] == "bidirectional"
        first = source * layers if both else source
        of_row = [first] * source if both else [*range(1, source + 1)]
        of_row += range(first + 1, first + 1 + n - source)
        per = "a row"
    return Ticks(tuple(of_row), of_row[-1] if of_row else 0, per)


def work(architecture: Architecture, rows: int, source: int = 0) -> int:
    """Multiply-adds of the matrix products in one shot over so many rows, those of a source included.

    What is done element by element (gates, softmax, norms) is left out: it grows with n d, or n² a head.
    A causal mask saves nothing in one shot: what it hides is computed and thrown away.

    Raises:
        PeepholeError: nobody counted this kind of model.
    """
    a: Any = architecture
    match a.kind:
        case "recurrent":
            sizes = [a.embed, *[a.width] * (a.layers - 1)]
            once = sum(a.rule.BLOCKS * a.width * (inputs + a.width) for inputs in sizes)
            return rows * (once + a.width * (a.outputs or a.words))
        case "transformer" | "encoder":
            return a.layers * _block(a.width, a.hidden, rows) + rows * a.width * a.words
        case "seq2seq-transformer":
            target = rows - source
            sides = _block(a.width, a.hidden, source) + _block(a.width, a.hidden, target, source)
            return a.layers * sides + target * a.width * a.words
    raise PeepholeError(f"no count of the work of a {a.kind} model")


def _block(d: int, hidden: int, rows: int, memory: int = 0) -> int:
    """One block over its rows at once: projections and feed-forward n d², scores and contexts n² d."""
    own = 4 * rows * d * d + 2 * rows * rows * d + 2 * rows * d * hidden
    if not memory:
        return own
    return own + 2 * rows * d * d + 2 * memory * d * d + 2 * rows * memory * d
