"""The residual stream of one row, block by block, and at which block every row's prediction appears."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual.worker import get_current_worker

from engine import PeepholeError, Trace
from tui.lane import Lane
from tui.palette import Palette
from tui.views.axis import clip, label
from tui.views.base import View
from tui.views.grid import Grid, labels
from tui.views.matrix import Matrix
from tui.views.scale import Scale
from tui.views.stream import ADDS, Stream, read_stream

NAME, WORD, LONGEST = 23, 14, 60  # columns of a line's name, of a word, of a bar
NONE = "each row makes its state anew from the row before, and no block adds to it"
WIDE, OWN = 100, 28  # from this width on, columns for the last block's word at every depth
MAP = 4  # lines that the map needs beside those of its rows


class DepthScale(Scale):
    """Probabilities by depth."""

    corner = "read at"

    def legend(self) -> Text:
        text = Text("map: p of the word that the last block says, 0 ", no_wrap=True)
        for segment in self.palette.swatch(False, 9):
            text.append(segment.text, segment.style)
        text.append(" 1, √ scale")
        return text


class ResidualView(View):
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
    ResidualView #wait { height: 1fr; text-wrap: wrap; content-align: center middle; }
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
        self._stream: Stream | None = None
        self._error: PeepholeError | None = None
        self._of: tuple[Lane, Trace, int] | None = None  # what it is of, or is computed for
        self._map = False  # on a low screen: rather the map than what is added
        self._depth: int | None = None  # as chosen; until then where the answer appears

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        """`map`: where there is not room for both, rather the map than what is added; `added`: not."""
        if of in ("map", "added"):
            self._map = of == "map"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a stream there is nothing to choose."""
        if action in ("depth", "layer"):
            return self._stream is not None
        return action != "map" or (self._stream is not None and not self._both(self._stream))

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="wait", markup=False)
        yield Static(id="table", markup=False)
        yield Matrix()
        yield Static(id="readout", markup=False)
        yield Static(id="legend", markup=False)

    def on_resize(self) -> None:
        if self.trace is not None:
            self._draw()

    # Computing --------------------------------------------------------------------------------

    def updated(self) -> None:
        lane, trace = self.lane, self.trace
        if lane is None or trace is None:
            return
        if self._of != (lane, trace, len(trace)):
            self._of, self._stream, self._error = (lane, trace, len(trace)), None, None
            arrays = {name: trace[name] for name in trace.names}
            fixed = Trace.from_arrays(trace.header, trace.tokens[:], arrays)
            fixed.lenses = trace.lenses
            self.run_worker(lambda: self._compute(lane, fixed), thread=True, exclusive=True)
        self._draw()

    def _compute(self, lane: Lane, trace: Trace) -> None:
        worker = get_current_worker()
        found: Stream | None = None
        error: PeepholeError | None = None
        try:
            found = read_stream(lane.model, trace)
        except PeepholeError as caught:
            error = caught
        if not worker.is_cancelled:
            self.app.call_from_thread(self._computed, found, error)

    def _computed(self, found: Stream | None, error: PeepholeError | None) -> None:
        if self.is_mounted:
            self._stream, self._error = found, error
            self._draw()

    # Drawing ----------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """The depth under the cursor: the one chosen, else where the prediction appears."""
        assert self._stream is not None
        last = self._stream.depths - 1
        if self._depth is None:
            found = self._stream.appears(self.cursor)
            return last if found is None else found
        return max(0, min(self._depth, last))

    def _draw(self) -> None:
        trace, stream = self.trace, self._stream
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
            self.put("#wait", self._why(trace))
            for part in ("readout", "legend"):
                self.put(f"#{part}", "")
            self.refresh_bindings()
            return
        lines = self._table(stream, self.cursor)
        self.put("#table", Text("\n", no_wrap=True).join(lines))
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
        return f"{self._error}" if self._error else "reading the stream …"

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

    @property
    def _wide(self) -> bool:
        """Whether there is room for what the last block's word has at every depth."""
        return self.size.width >= WIDE

    def _lines(self, stream: Stream) -> int:
        """Lines of the whole table, with title, head and readout."""
        return stream.depths + (stream.depths - 1) * len(stream.added(self.cursor)) + 3

    def _both(self, stream: Stream) -> bool:
        """Whether there is room for the whole table and the map."""
        return self._lines(stream) + stream.depths + MAP + 1 <= self.size.height

    def _whole(self, stream: Stream) -> bool:
        """Whether the table has what is added, too."""
        room = self._lines(stream) <= self.size.height
        return room and (not self._map or self._both(stream))

    def _mapped(self, stream: Stream) -> bool:
        """Whether there is a map: beside the whole table or, where that is not on show, the short one."""
        if self._whole(stream):
            return self._both(stream)
        return 2 * stream.depths + MAP + 3 <= self.size.height

    def action_map(self) -> None:
        self._map = not self._map
        if self._stream is not None:
            self._draw()

    def _table(self, stream: Stream, row: int) -> list[Text]:
        """One line for the stream at each depth, the last on top, and one for each addition between.

        Where there is no room for all of them, only the stream's.
        """
        added = stream.added(row)
        whole, largest = self._whole(stream), stream.largest(row)
        spare = self.size.width - NAME - 9 - 7 - 2 - WORD - 9 - (OWN if self._wide else 0)
        bar = max(4, min(LONGEST, spare))
        said = (
            "its label" if self.trace is not None and not self.trace.header.ahead else "would say"
        )
        scale = clip(f"0 to {largest:.3g}", bar, "")
        head = f"{'':<{NAME}}{'norm':>8} {scale:<{bar}}{'cos':>7}  {said:<{WORD}}{'p':>8}"
        if self._wide and stream.answer(row):
            word = clip(repr(stream.answer(row)), OWN - 12, self.palette.glyph("…", "~"))
            head += f"{f'p of {word}':>{OWN - 6}}{'rank':>6}"
        lines = [Text(head, self.palette.style("muted"), no_wrap=True)]
        for depth in reversed(range(stream.depths)):
            lines.append(self._stream_line(stream, row, depth, bar))
            if depth and whole:
                lines += [
                    self._added_line(stream, name, row, depth - 1, bar) for name in added[::-1]
                ]
        return lines

    def _stream_line(self, stream: Stream, row: int, depth: int, bar: int) -> Text:
        palette, here = self.palette, depth == self.depth
        mark = palette.glyph("▶", ">") if here else " "
        kind = palette.style("text")
        text = Text(f"{mark}{stream.called(depth)}".ljust(NAME), kind, no_wrap=True)
        text.append_text(
            _norm(palette, float(stream.norms[row, depth]), stream.largest(row), bar, "bar")
        )
        text.append(f"{'':>7}  ")
        if stream.answer(row):
            word = clip(repr(stream.says(row, depth)), WORD - 1, palette.glyph("…", "~"))
            own = stream.says(row, depth) == stream.answer(row)
            text.append(f"{word:<{WORD}}", palette.style("word" if own else "text"))
            text.append(f"{stream.top[row, depth]:>8.4f}", kind)
            if self._wide:
                p, rank = stream.p[row, depth], stream.rank[row, depth]
                text.append(f"{p:>{OWN - 6}.4f}{rank:>6}", kind)
        return text

    def _added_line(self, stream: Stream, name: str, row: int, layer: int, bar: int) -> Text:
        palette, quiet = self.palette, self.palette.style("muted")
        text = Text(f"   + {name} {ADDS[name]}".ljust(NAME), quiet, no_wrap=True)
        size = float(stream.sizes[name][row, layer])
        text.append_text(_norm(palette, size, stream.largest(row), bar, "attention"))
        text.append(f"{stream.cosines[name][row, layer]:>+7.2f}", quiet)
        return text

    # Choosing ---------------------------------------------------------------------------------

    def action_depth(self, by: int) -> None:
        if self._stream is not None:
            self._depth = max(0, min(self.depth + by, self._stream.depths - 1))
            self._draw()

    def action_layer(self, by: int) -> None:
        self.action_depth(by)

    def on_matrix_picked(self, event: Matrix.Picked) -> None:
        if self._stream is not None:
            self._depth = self._stream.depths - 1 - event.row
            self._draw()
            self.move_to(self._stream.first + event.column)


def _norm(palette: Palette, value: float, largest: float, width: int, kind: str) -> Text:
    """A norm and its bar, `largest` over the whole width."""
    text = Text(f"{value:>8.2f} ", palette.style("text"), no_wrap=True)
    share = value / largest if np.isfinite(value) else 0.0  # a diverged model's number has no bar
    for segment in palette.bar(round(2 * width * share), width, kind):
        text.append(segment.text, segment.style)
    return text
