"""The residual stream of one row, block by block, and at which block every row's prediction appears."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from engine import Trace
from tui.views.axis import label
from tui.views.computed import ComputedView, frozen
from tui.views.grid import Grid, labels
from tui.views.matrix import Matrix
from tui.views.scale import Scale, swatch
from tui.views.stream import Stream, read_stream
from tui.views.stream_table import as_table

NONE = "each row makes its state anew from the row before, and no block adds to it"
MAP = 4  # lines that the map needs beside those of its rows


class DepthScale(Scale):
    """Probabilities by depth."""

    corner = "read at"

    def legend(self) -> Text:
        low = "map: p of the word that the last block says, 0 "
        return swatch(self.palette, low, " 1, √ scale")


class ResidualView(ComputedView[Stream]):
    """What every block adds to a row's stream, and what the stream would say there."""

    TITLE = "Residual stream"
    HELP = """\
# Residual stream

A Transformer keeps one vector a row, the *stream*. It begins as x (embedding and position) and every block
**adds** to it: a (self-attention), in a decoder b (attention to the source), m (feed-forward). Layers go up,
as in the figures of the papers. Bars are Euclidean norms, 0 to the largest of this row; *cos* is the cosine
of what is added with the stream that it is added to: 1 makes it only longer, 0 is something new, below 0
takes away.

*would say* is the **logit lens** (nostalgebraist 2020): the readout, made for the last block, applied to the
stream at an earlier one, so you see where the prediction appears. In pre-LN models the last LN is applied
first. A word that does not appear early may still be in the stream, in a form that the readout cannot see.

The map has a column a row of text and a line a depth: the probability there of the word that the model ends
up with. Rows of a source predict nothing. `←` `→` choose a depth. On a low screen the map
gives way; there `v` shows it in place of what is added.

In a post-LN model (2017) the stream is normalised after every sum, so norms do not add up.
Name and view of the stream: Elhage et al. 2021.
"""
    DEFAULT_CSS = """
    ResidualView #title, ResidualView #readout, ResidualView #legend { height: 1; }
    ResidualView #title, ResidualView #readout { text-style: bold; }
    ResidualView #table { height: auto; }
    ResidualView #table.-mapped { margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "depth(-1)", "Depth", id="residual.depth.down",
                tooltip="One block below; → is one above", key_display="← →"),
        Binding("right", "depth(1)", "Depth", id="residual.depth.up", tooltip="One block above",
                show=False),
        Binding("v", "map", "Map", id="residual.map",
                tooltip="On a low screen: the map, or what every block adds"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.map_first = False  # on a low screen: rather the map than what is added
        self.chosen_depth: int | None = None  # as chosen; until then where the answer appears

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        """`map`: where there is not room for both, rather the map than what is added; `added`: not."""
        if of in ("map", "added"):
            self.map_first = of == "map"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a stream there is nothing to choose."""
        if action in ("depth", "layer"):
            return self.found is not None
        return action != "map" or (self.found is not None and not self._both(self.found))

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="wait", markup=False)
        yield Static(id="table", markup=False)
        yield Matrix()
        yield Static(id="readout", markup=False)
        yield Static(id="legend", markup=False)

    # Computing --------------------------------------------------------------------------------

    def updated(self) -> None:
        lane, trace = self.lane, self.trace
        if lane is None or trace is None:
            return
        if self.renew(lane, trace, len(trace)):
            fixed = frozen(trace)
            self.compute(lambda: read_stream(lane.model, fixed))
        self.draw()

    # Drawing ----------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """The depth under the cursor: the one chosen, else where the prediction appears."""
        assert self.found is not None
        last = self.found.depths - 1
        if self.chosen_depth is None:
            found = self.found.appears(self.cursor)
            return last if found is None else found
        return max(0, min(self.chosen_depth, last))

    def draw(self) -> None:
        trace, stream = self.trace, self.found
        if trace is None:
            return
        matrix, wait = self.query_one(Matrix), self.query_one("#wait", Static)
        table = self.query_one("#table", Static)
        table.display = stream is not None
        matrix.display = stream is not None and self._mapped(stream)
        table.set_class(matrix.display, "-mapped")
        self.query_one("#legend").display = stream is None or matrix.display
        wait.display = stream is None
        if stream is None:
            self.put("#title", f"residual stream · {self.called}")
            self.wait(self._why(trace), "readout", "legend")
            self.refresh_bindings()
            return
        self.put(
            "#table",
            as_table(
                self.palette,
                stream,
                self.cursor,
                self.depth,
                self.size.width,
                whole=self._whole(stream),
                labels=not trace.header.ahead,
            ),
        )
        count, first = stream.depths, stream.first
        spans = np.tile([0, max(0, self.shown - first)], (count, 1))
        names = [stream.name(depth) for depth in reversed(range(count))]
        scale = DepthScale(self.palette)
        grid = Grid(stream.p[first:].T[::-1], names, labels(trace.tokens, first), spans)
        matrix.show(grid, scale, count - 1 - self.depth, max(-1, self.cursor - first))
        self.put("#title", self._title(stream))
        self.put("#readout", self._readout(stream))
        legend = scale.legend()
        if trace.header.architecture.get("norm") == "post":
            note = " · post-LN: norms do not add up"
            legend.append(note if len(legend) + len(note) <= self.size.width else "")
        self.put("#legend", legend)
        self.refresh_bindings()

    def _why(self, trace: Trace) -> str:
        """Why there is nothing to see (yet)."""
        if "m" not in trace:
            return f"{self.called} has no residual stream: {NONE}. Tab: another lane, or Esc."
        return f"{self.error}" if self.error else "reading the stream …"

    def _title(self, stream: Stream) -> Text:
        assert self.trace is not None
        text = f"residual stream · {self.called} · row {label(self.cursor, self.trace.tokens)}"
        word = stream.answer(self.cursor)
        verb = "next" if self.trace.header.ahead else "its label"
        end = f" · {verb}: {word!r} {stream.p[self.cursor, -1]:.4f}" if word else " · of the source"
        return Text(text + end, no_wrap=True)

    def _readout(self, stream: Stream) -> Text:
        row, depth = self.cursor, self.depth
        word = stream.answer(row)
        if not word:
            return Text("a row of the source predicts nothing: its stream goes to the decoder")
        place = stream.name(depth)
        p, rank = stream.p[row, depth], stream.rank[row, depth]
        text = f"{word!r} at {place}: p {p:.4f}, rank {rank} of {stream.words}"
        since = stream.appears(row)
        if since is not None:
            text += f"   likeliest from {stream.name(since)} on"
        return Text(text, no_wrap=True)

    def _lines(self, stream: Stream) -> int:
        """Lines of the whole table, with title, head and readout."""
        return stream.depths + (stream.depths - 1) * len(stream.added(self.cursor)) + 3

    def _both(self, stream: Stream) -> bool:
        """Whether there is room for the whole table and the map."""
        return self._lines(stream) + stream.depths + MAP + 1 <= self.size.height

    def _whole(self, stream: Stream) -> bool:
        """Whether the table has what is added, too."""
        room = self._lines(stream) <= self.size.height
        return room and (not self.map_first or self._both(stream))

    def _mapped(self, stream: Stream) -> bool:
        """Whether there is a map: beside the whole table or, where that is not on show, the short one."""
        if self._whole(stream):
            return self._both(stream)
        return 2 * stream.depths + MAP + 3 <= self.size.height

    def action_map(self) -> None:
        self.map_first = not self.map_first
        if self.found is not None:
            self.draw()

    # Choosing ---------------------------------------------------------------------------------

    def action_depth(self, by: int) -> None:
        if self.found is not None:
            self.chosen_depth = max(0, min(self.depth + by, self.found.depths - 1))
            self.draw()

    def action_layer(self, by: int) -> None:
        self.action_depth(by)

    def on_matrix_picked(self, event: Matrix.Picked) -> None:
        if self.found is not None:
            self.chosen_depth = self.found.depths - 1 - event.row
            self.draw()
            self.move_to(self.found.first + event.column)
