"""What the views of one layer share: the last one until one is chosen, and keys that go round."""

from __future__ import annotations

from tui.views.base import View


class LayeredView(View):
    """A view of one of a model's layers."""

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return int(self.trace["h"].shape[1]) if self.trace is not None else 1

    @property
    def layer_shown(self) -> int:
        last = self.depth - 1
        return last if self.at_layer is None else max(0, min(self.at_layer, last))

    def action_layer(self, by: int) -> None:
        self.at_layer = (self.layer_shown + by) % self.depth
        if self.trace is not None:
            self.updated()
