"""What the views of attention share: which layer, and which key stands beside the cursor's row."""

from __future__ import annotations

import numpy as np

from tui.views.base import View
from tui.views.matrix import Matrix
from tui.views.sight import SELF, WEIGHTS, Sight, Spot, layers, sight, spot


class WeightsView(View):
    """A map of weights whose rows look and whose columns are looked at, both rows of one trace."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.chosen_key: int | None = None  # as last chosen; until then the heaviest of each row

    @property
    def kind(self) -> str:
        """Which attention is on show, `self` or `cross`."""
        return SELF

    @property
    def depth(self) -> list[int]:
        """The layers that have it."""
        return layers(self.trace, self.kind) if self.trace is not None else []

    @property
    def layer_shown(self) -> int:
        """The last one until one is chosen, then that or the nearest to it."""
        there, asked = self.depth, self.at_layer
        return there[-1] if asked is None else min(there, key=lambda layer: abs(layer - asked))

    @property
    def heads(self) -> int:
        """How many heads a layer has; 0 without attention of this kind."""
        name = WEIGHTS[self.kind]
        return self.trace[name].shape[2] if self.trace is not None and name in self.trace else 0

    @property
    def seen(self) -> Sight:
        """The part that the cursor's row takes part in, as far as it has been read."""
        assert self.trace is not None
        return sight(self.trace, self.kind, self.cursor, self.shown)

    def shares(self, seen: Sight) -> np.ndarray:
        """(rows, columns) of what is seen: the map on show."""
        raise NotImplementedError

    def under(self, seen: Sight, values: np.ndarray) -> Spot | None:
        """What stands under the cursor."""
        return spot(seen, values, self.cursor, self.chosen_key)

    def on_resize(self) -> None:
        if self.trace is not None:
            self.updated()

    # Choosing ---------------------------------------------------------------------------------

    def action_key(self, by: int) -> None:
        if not self.heads:
            return
        seen = self.seen
        values = self.shares(seen)
        if (at := self.under(seen, values)) is not None:
            self.chosen_key = (spot(seen, values, self.cursor, at.chosen + by) or at).chosen
            self.updated()

    def action_layer(self, by: int) -> None:
        if there := self.depth:
            self.at_layer = there[(there.index(self.layer_shown) + by) % len(there)]
            self.updated()

    def on_matrix_picked(self, event: Matrix.Picked) -> None:
        seen = self.seen
        row, self.chosen_key = seen.rows[event.row], seen.columns[event.column]
        if row == self.cursor:
            self.updated()
        self.move_to(row)
