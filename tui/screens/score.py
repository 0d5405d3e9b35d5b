"""The main screen: the score or a full-size view of it, playback, and what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.timer import Timer
from textual.widgets import Footer, Static

from tui import views
from tui.keys import KEYS
from tui.lane import Lane
from tui.lines import Line, headline
from tui.narrator import Narrator, Words
from tui.score import Score
from tui.screens.doing import Doing
from tui.screens.scripted import Scripted
from tui.screens.typing import Typing, WordInput
from tui.session import Session
from tui.tracks.base import Track

if TYPE_CHECKING:
    from scenarios.script import Scenario
    from tui.views.base import View

GUIDE = 9  # blank lines from which on the focused track is explained below the rows
NEEDS = (60, 12)  # columns and lines below which nothing can be read
SIDE = 150  # columns from which on the narration stands beside the score
REST = 0.3  # seconds that the cursor rests before a long trace's gradient is computed


class ScoreScreen(Doing, Scripted, Typing, inherit_bindings=False):
    """One session on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = KEYS
    DEFAULT_CSS = """
    ScoreScreen { layout: vertical; background: $background; }
    ScoreScreen #top { height: 1; }
    ScoreScreen #middle { layout: vertical; height: 1fr; }
    ScoreScreen #small { display: none; height: 1fr; content-align: center middle; text-align: center; }
    ScoreScreen.-small #middle, ScoreScreen.-small #info, ScoreScreen.-small Footer,
    ScoreScreen.-small #top { display: none; }
    ScoreScreen.-small #small { display: block; }
    ScoreScreen FooterKey .footer-key--description { padding: 0 0 0 1; }
    """

    def __init__(
        self, session: Session, scenario: Scenario | None = None, *, start: str = ""
    ) -> None:
        super().__init__()
        self.session = session
        self.begin(scenario)
        self.start = start
        self.guided = True
        self.view: View | None = None
        self._views: dict[str, View] = {}
        self._timer: Timer | None = None
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Line(self.palette, id="head")
            yield Line(self.palette, id="state")
        with Container(id="middle"):
            yield Score(self.session, self.palette)
            yield Narrator(self.palette)
        yield Line(self.palette, id="info")
        yield WordInput()
        yield Static(id="small")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.score = self.query_one(Score)
        self.narrator = self.query_one(Narrator)
        self.score.focus_track(self.score.tracks[0])
        self.sync()
        self.call_after_refresh(self.prepare)
        if self.play_script is not None:
            self.go_to_beat(0)
        elif self.start == "play":
            self.action_play()
        elif self.start == "type":
            self.run_worker(self.action_type())

    # Showing --------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Bring everything on the screen in line with the session; cheap when little changed."""
        with self.app.batch_update():
            if self.view is None:
                self.score.moved()
            else:
                self.view.show(self.view.lane or self.lane, self.session.cursor, self.session.shown)
            self.say()

    def say(self) -> None:
        """The two lines of text, and the guide."""
        self.guide()
        left, right = headline(self.session, self.beat_number)
        self.query_one("#head", Line).say(*left)
        state = self.query_one("#state", Line)
        width = min(sum(cell_len(text) for text, _ in right), self.size.width // 2)
        if state.styles.width is None or state.styles.width.value != width:
            state.styles.width = width
        state.say(*right)
        track = self.score.focused or self.score.tracks[0]
        info = self.query_one("#info", Line)
        if self.view is not None:
            info.say((f" {self.view.TITLE}", "primary"), ("  Esc or 1: back to the score", "muted"))
        elif self.refused:
            info.say((f" {self.refused}", "bad"))
        else:
            hidden = self.score.hidden
            many = "1 more track" if len(hidden) == 1 else f"{len(hidden)} more tracks"
            more = [(f" {many}: Tab ", "muted")] if hidden else []
            info.say((" ", "text"), (track.reading(), "text"), right=more)

    def guide(self) -> None:
        """Without a scenario: what the focused track is, where the rows leave room for it."""
        if self.play_script is not None or not self.is_mounted:
            return
        free = self.size.height - 4 - self.score.stage.header - self.session.rows
        track = self.score.focused or self.score.tracks[0]
        if self.guided and self.view is None and self.typed is None and free >= GUIDE:
            self.narrator.styles.max_height = min(free - 1, 12)
            self.narrator.say(Words("", track.called, track.about()))
        else:
            self.narrator.say(None)

    def action_guide(self) -> None:
        self.guided = not self.guided
        self.say()

    async def show_session(self, session: Session) -> None:
        """Show another session, or the same one with other lanes."""
        self.session = session
        if self.view is not None:
            self.action_view("score")
        await self.score.rebuild(session)
        self.say()
        self.prepare()

    def repaint(self) -> None:
        """Another theme or form."""
        palette = self.palette
        for line in self.query(Line):
            line.palette = palette
            line.refresh()
        self.narrator.repaint(palette)
        self.score.repaint(palette)
        if self.view is not None:
            self.view.show(self.view.lane or self.lane, self.session.cursor, self.session.shown)
        self.say()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        small = width < NEEDS[0] or height < NEEDS[1]
        self.set_class(small, "-small")
        needs = f"peephole needs {NEEDS[0]} x {NEEDS[1]}\nthis is {width} x {height}"
        self.query_one("#small", Static).update(needs)
        side = width >= SIDE and self.play_script is not None
        self.query_one(Narrator).set_class(side, "-side")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Track) and self.is_mounted:
            self.say()

    # Lanes and gradients --------------------------------------------------------------------------

    def prepare(self) -> None:
        """Compute the gradients that are not known yet, in one batch in a thread."""
        lanes = [lane for lane in self.session.lanes if lane.model is not None]

        def work() -> None:
            for lane in lanes:
                lane.prepare()

        self.in_thread(work, lambda _: self.grown(), "gradients")
        self.rest()

    def grown(self) -> None:
        """Lens results have come in."""
        self.score.grown()
        self.say()

    def rest(self) -> None:
        """For a long trace: compute the cursor's own gradient once it rests."""
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        long = [lane for lane in self.session.lanes if lane.long and lane.model]
        if long and self.session.cursor and not self.session.playing:
            self._rest = self.set_timer(REST, lambda: self._compute(long, self.session.cursor))

    def _compute(self, lanes: list[Lane], row: int) -> None:
        def work() -> None:
            for lane in lanes:
                if row < len(lane) and not lane.has_gradient(row):
                    lane.gradient(row)

        self.in_thread(work, lambda _: self.grown(), "gradient")

    # Playback -------------------------------------------------------------------------------------

    def action_play(self) -> None:
        session = self.session
        if not session.playing and session.cursor + 1 >= session.rows and not session.loop:
            session.show(1)  # played to its end: from the start again
            self.score.redraw()
        self.playing(not session.playing)

    def playing(self, on: bool) -> None:
        """Play or pause; no timer runs while paused."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.session.playing = on
        if on:
            self._timer = self.set_interval(1 / self.session.speed, self._tick)
        self.say()
        self.rest()

    def _tick(self) -> None:
        if not self.session.step():
            self.playing(False)
            return
        self.sync()
        if self.arrived(self.session.cursor):
            self.playing(False)
        elif broken := self.session.broken():
            self.playing(False)
            self.notify(broken, title="Stopped at a break", timeout=8)

    def on_screen_suspend(self) -> None:
        if self._timer is not None:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        if self._timer is not None:
            self._timer.resume()

    def go(self, row: int) -> None:
        """Put the cursor on a row."""
        if self.session.move(row):
            self.sync()
            self.rest()

    def action_row(self, by: int) -> None:
        self.go(self.session.cursor + by)

    def action_first(self) -> None:
        self.go(0)

    def action_last(self) -> None:
        self.go(self.session.rows - 1)

    def action_speed(self, by: int) -> None:
        self.session.faster(by)
        if self.session.playing:
            self.playing(True)
        self.say()

    def action_loop(self) -> None:
        self.session.loop = not self.session.loop
        self.say()

    # Views and selection --------------------------------------------------------------------------

    def action_view(self, name: str) -> None:
        if self.view is not None:
            self.session.unit = getattr(self.view, "unit", self.session.unit)
            self.view.display = False
            self.view = None
        if name == "score":
            self.score.display = True
            self.score.focus_track(self.score.focused or self.score.tracks[0])
            self.score.redraw()
            self.say()
            return
        lane = self.lane
        if name == "attention" and not lane.heads:
            lane = next((other for other in self.session.lanes if other.heads), lane)
        self.score.display = False
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = views.load(name)()
            self.query_one("#middle", Container).mount(view, before=self.narrator)
        view.display = True
        self.view = view
        session = self.session
        view.point(unit=session.unit, layer=session.layer, head=session.head)
        view.show(lane, session.cursor, session.shown)
        view.focus()
        self.say()

    def on_view_cursor_moved(self, event: View.CursorMoved) -> None:
        self.go(event.row)

    def on_track_clicked(self, event: Track.Clicked) -> None:
        if event.row < self.session.shown:
            event.track.pick(event.column)
            self.score.selected()
        self.go(event.row)
        self.say()

    def action_track(self, by: int) -> None:
        if self.view is None:
            self.score.focus_next(by)
            self.say()
        else:
            self.focus_next() if by > 0 else self.focus_previous()

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

    def action_vary(self) -> None:
        for track in self.score.tracks:
            if hasattr(track, "vary"):
                track.vary()
        self.score.selected()
        self.say()

    def action_explain(self) -> None:
        from tui.screens.help import HelpScreen

        focused = self.score.focused or self.score.tracks[0]
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

    def action_back(self) -> None:
        if self.view is not None:
            self.action_view("score")
        else:
            self.playing(False)
            self.app.leave()
