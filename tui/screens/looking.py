"""What the score screen looks at: tracks, units, layers, heads, full-size views, help."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Container

from tui import views
from tui.lane import Lane
from tui.reading import CROSS, SELF
from tui.screens.core import Core
from tui.tracks.base import Track
from tui.views.base import View


class Looking(Core):
    """Chooses what is shown."""

    _views: dict[str, View]

    def action_view(self, name: str) -> None:
        if self.view is not None:
            self.session.unit = getattr(self.view, "unit", self.session.unit)
            self.view.display = False
            self.view = None
        if name == "score":
            self.score.display = True
            self.score.focus_track(self.track)
            self.score.redraw()
            self.say()
            return
        lane = self.lane
        if not shows(name, lane):
            lane = next((other for other in self.session.lanes if shows(name, other)), lane)
        self.score.display = False
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = views.load(name)()
            self.query_one("#middle", Container).mount(view, before=self.narrator)
        view.display = True
        self.view = view
        session = self.session
        view.point(unit=session.unit, layer=session.layer, head=session.head)
        self.show_view(view, lane)
        self.set_focus(None)  # a track that is hidden with the focus would hand it to another
        view.focus()  # not at once: it may not be composed yet
        self.say()

    def on_view_cursor_moved(self, event: View.CursorMoved) -> None:
        self.go(event.row)

    def on_track_clicked(self, event: Track.Clicked) -> None:
        if event.row < self.session.begun(event.track.lane):
            event.track.pick(event.column)
            self.score.selected()
        self.go(event.row)
        self.say()

    def on_track_needs(self, event: Track.Needs) -> None:
        def work() -> None:
            event.work()
            self.app.call_from_thread(self.grown)

        self.run_worker(work, thread=True, group="needs")

    def action_track(self, by: int) -> None:
        if self.view is None:
            self.score.focus_next(by)
            self.say()
        elif len(self.session.lanes) > 1:
            self._next_lane(self.view, by)
        else:
            self.focus_next() if by > 0 else self.focus_previous()

    def _next_lane(self, view: View, by: int) -> None:
        """Another lane in a full-size view, of those that have what it shows."""
        name = next((name for name, made in self._views.items() if made is view), "")
        lanes = [lane for lane in self.session.lanes if shows(name, lane)] or self.session.lanes
        at = lanes.index(view.lane) + by if view.lane in lanes else 0
        self.show_view(view, lanes[at % len(lanes)])
        self.say()

    def action_unit(self, by: int) -> None:
        track = self.score.focused
        if track is not None and track.select(by):
            self.score.selected()
            self.say()

    def action_layer(self, by: int) -> None:
        session, layers = self.session, max(lane.layers for lane in self.session.lanes)
        layer = layers - 1 if session.layer is None else session.layer
        session.layer = max(0, min(layers - 1, layer + by))
        self.score.selected()
        self.say()

    def action_head(self, by: int) -> None:
        heads = max(lane.heads for lane in self.session.lanes)
        choices = [None, *range(heads)]
        at = choices.index(self.session.head) if self.session.head in choices else 0
        self.session.head = choices[(at + by) % len(choices)]
        self.score.selected()
        self.say()

    def action_which(self) -> None:
        """Attention to the source, or to the rows of the same half."""
        session = self.session
        if not any(len(lane.looks) > 1 for lane in session.lanes):
            self.notify(f"w: {one_kind(session.lanes)}", timeout=4)
            return
        session.which = SELF if session.which == CROSS else CROSS
        self.score.selected()
        self.say()

    def action_vary(self) -> None:
        for track in self.score.tracks:
            if hasattr(track, "vary"):
                track.vary()
        self.score.selected()
        self.say()

    def action_explain(self) -> None:
        from tui.screens.help import HelpScreen

        focused = self.track
        title, about = focused.called, focused.about()
        if self.view is not None:
            title, about = self.view.TITLE, self.view.HELP
        keys: dict[str, list[str]] = {}  # what it does -> its keys
        for binding in (active.binding for active in self.active_bindings.values()):
            if binding.id:
                shown = keys.setdefault(binding.tooltip or binding.description, [])
                key = self.app.get_key_display(binding)
                shown += [key] if key not in shown else []
        pairs = [(" ".join(shown), does) for does, shown in keys.items()]
        self.app.push_screen(HelpScreen(title, about, pairs))


def one_kind(lanes: Sequence[Lane]) -> str:
    """Why there is no other kind of attention to look at."""
    kinds = {look for lane in lanes for look in lane.looks}
    if not kinds:
        return "there is no attention here"
    if kinds == {CROSS}:
        return "there is only attention to the source here (cross)"
    if kinds == {SELF}:
        return "there is only self-attention here"
    return "each lane here has one kind of attention"


def shows(view: str, lane: Lane) -> bool:
    """Whether a full-size view has something to show of a lane."""
    if view == "attention":
        return bool(lane.heads)
    if view == "jacobian":
        return bool(lane.states)
    if view == "residual":
        return "m" in lane.trace
    return bool(lane.source) and not lane.whole if view == "alignment" else True
