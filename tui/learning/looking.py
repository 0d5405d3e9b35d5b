"""What the learning screen looks at: panels, rows, layers, and earlier updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import PeepholeError
from tui.learning.core import Core
from tui.screens.saving import save_picture

if TYPE_CHECKING:
    from tui.learning.panels.base import Panel


class Looking(Core):
    """Chooses what is shown."""

    def action_panel(self, kind: str) -> None:
        self.full = "" if self.full == kind else kind
        self.settle()
        self.call_after_refresh(self.draw)

    def on_panel_wanted(self, event: Panel.Wanted) -> None:
        self.action_panel(event.panel.KIND)

    def action_next(self, by: int) -> None:
        """The next panel; in the full-size score the next track."""
        from tui.learning.panels.reading import ReadingPanel

        panel, shown = self.panel, self.panels()
        if self.full and isinstance(panel, ReadingPanel) and panel.score is not None:
            panel.score.focus_next(by)
            panel.update(anew=True)
        elif shown:
            at = shown.index(panel) if panel in shown else -1
            self.set_focus(shown[(at + by) % len(shown)])

    def action_row(self, by: int) -> None:
        panel = self.panel
        if panel is not None and panel.move(by):
            panel.update(anew=True)
            self.draw()

    def action_vary(self) -> None:
        panel = self.panel
        if panel is not None and panel.vary():
            panel.update(anew=True)

    def action_layer(self) -> None:
        """The next layer, round and round."""
        probes = self.desk.run.metrics.probes
        layers = len(probes[-1].layers) if probes else 1
        now = self.desk.layer if self.desk.layer >= 0 else layers - 1
        self.desk.layer = (now + 1) % max(1, layers)
        if layers < 2:
            self.notify("There is one layer", timeout=2)
        self.draw()

    def action_open(self) -> None:
        """The checkpoint on show, or the newest one, on a score of its own: all tracks, views and holds."""
        from tui.start import of_run

        try:
            self.app.show(of_run(self.desk.run.folder.path, self.desk.at))
        except PeepholeError as error:
            self.complain(error)

    # Earlier updates ------------------------------------------------------------------------------

    def stops(self) -> list[int]:
        """The updates that one can go back to: checkpoints, or probes of a run that has none."""
        run = self.desk.run
        return run.checkpoints or [probe.update for probe in run.metrics.probes]

    def action_back(self, by: int) -> None:
        """Show everything as it was at the checkpoint before (or after) the one on show."""
        desk, stops = self.desk, self.stops()
        if not stops:
            self.notify("There is no checkpoint yet", timeout=3)
            return
        now = desk.run.newest if desk.at is None else desk.at
        earlier = [n for n in stops if n < now]
        later = [n for n in stops if n > now]
        if by > 0 and not later:
            desk.at = None
        elif by > 0:
            desk.at = later[min(by, len(later)) - 1]
        elif earlier:
            desk.at = earlier[max(-len(earlier), by)]
        self.draw()

    def action_live(self) -> None:
        self.desk.at = None
        self.draw()

    def action_explain(self) -> None:
        from tui.screens.help import HelpScreen

        panel = self.panel
        if panel is None:
            return
        keys: dict[str, list[str]] = {}  # what it does -> its keys
        for binding in (active.binding for active in self.active_bindings.values()):
            if binding.id:
                shown = keys.setdefault(binding.tooltip or binding.description, [])
                key = self.app.get_key_display(binding)
                shown += [key] if key not in shown else []
        pairs = [(" ".join(shown), does) for does, shown in keys.items()]
        self.app.push_screen(HelpScreen(panel.NAME, panel.HELP, pairs))

    def action_save_picture(self) -> None:
        save_picture(self, f"{self.desk.run.name}.svg")
