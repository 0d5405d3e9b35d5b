"""The main screen: the score or a full-size view of it, playback, and what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.widget import Widget

from tui.guest import FORBIDDEN, visitor
from tui.keys import ANSWERS, KEYS
from tui.lines import Line, headline
from tui.narrator import BRIEF, Narrator, Words
from tui.present.asking import Asking
from tui.present.presenting import Presenting
from tui.score import Score
from tui.screens.dock import Dock
from tui.screens.doing import Doing
from tui.screens.keybar import KeyBar
from tui.screens.least import Small, fits
from tui.screens.looking import Looking
from tui.screens.playback import Playback
from tui.screens.word_input import WordInput
from tui.screens.writing import Writing
from tui.session import Session
from tui.tracks.base import Track

if TYPE_CHECKING:
    from scenarios.script import Scenario
    from tui.views.base import View

GUIDE = 9  # blank lines from which on the focused track is explained below the rows
NEEDS = (60, 12)  # columns and lines below which nothing can be read
LOW = 18  # lines below which what is told has no more of them than what it is about
SIDE = 150  # columns from which on the narration stands beside the score


class ScoreScreen(Presenting, Asking, Doing, Writing, Playback, Looking, inherit_bindings=False):
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
    ScoreScreen ToastRack { dock: top; align: right top; margin-bottom: 0; }
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

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Line(self.palette, id="head")
            yield Line(self.palette, id="state")
        with Container(id="middle"):
            yield Score(self.session, self.palette)
            yield Dock()
            yield Narrator(self.palette)
        yield Line(self.palette, id="info")
        yield WordInput(self.take_words, self.take_back, self.end_typing)
        yield Small()
        yield KeyBar(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.score = self.query_one(Score)
        self.narrator, self.dock = self.query_one(Narrator), self.query_one(Dock)
        self.score.focus_track(self.score.tracks[0])
        self.sync()
        self.call_after_refresh(self.prepare)
        if self.play_script is not None:
            self.go_to_beat(0)
        elif self.start == "play":
            self.action_play()
        elif self.start == "type":
            self.app.call_later(self.action_type)  # there, so that keys wait until it can take them

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a word is typed `i` is a letter; below the minimum size no key does anything; guests save
        nothing."""
        if action in FORBIDDEN and visitor() is not None:
            return False
        if action in ("type", "go_beat") and isinstance(self.focused, WordInput):
            return False
        if action in ANSWERS and not self.may_answer(action, parameters):
            return False
        if (
            action in ("play", "type") and self.asking
        ):  # the one plays the answer, the other is a letter
            return False
        if action == "decode":  # for models that write
            return any(lane.source and not lane.whole for lane in self.session.lanes)
        return not self.has_class("-small")

    @property
    def quiet(self) -> tuple[str, ...]:
        """Actions whose keys only say why they do nothing here: not in the footer."""
        lanes = self.session.lanes
        here = {
            "force": any(lane.source and not lane.whole for lane in lanes),
            "which": any(len(lane.looks) > 1 for lane in lanes),
            "beat(1)": self.play_script is not None,
        }
        useless = tuple(action for action, useful in here.items() if not useful)
        return (*useless, *self.silent)

    @property
    def aside(self) -> int:
        """Columns of the first line that something else takes."""
        return 0

    # Showing --------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Bring everything on the screen in line with the session; cheap when little changed."""
        with self.app.batch_update():
            if self.view is None:
                self.score.moved()
            else:
                self.show_view(self.view, self.view.lane or self.lane)
            self.say()

    def say(self) -> None:
        """The two lines of text, and the guide."""
        self.guide()
        lead = self.app.companion.lead if self.app.companion is not None else []
        room = self.size.width - self.aside
        left, right = headline(self.session, self.beat_number, room, lead)
        self.query_one("#head", Line).say(*left)
        state = self.query_one("#state", Line)
        width = min(sum(cell_len(text) for text, _ in right), room // 2)
        if state.styles.width is None or state.styles.width.value != width:
            state.styles.width = width
        state.say(*right)
        info = self.query_one("#info", Line)
        if self.view is not None:
            several = "  Tab: next lane ·" if len(self.session.lanes) > 1 else " "
            said = f" {self.view.TITLE}", f" · {self.lane.name}"
            room = self.size.width - sum(map(cell_len, said))
            ways = (f"{several} Esc or 1: back to the score", f"{several} Esc: back", " Esc: back")
            way = next((way for way in ways if cell_len(way) <= room), "")
            info.say((said[0], "primary"), (said[1], "text"), (way, "muted"))
        elif self.refused:
            info.say((f" {self.refused}", "bad"))
        else:
            hidden = self.score.hidden
            many = "1 more track" if len(hidden) == 1 else f"{len(hidden)} more tracks"
            told = hidden and not self.app.has_class("-bare")
            more = [(f" {many}: Tab ", "muted")] if told else []
            scripted = self.play_script is not None and self.session.changed
            changed = "you changed something: u takes it back · " if scripted else ""
            info.say((f" {changed}", "bad"), (self.track.reading(), "text"), right=more)

    def guide(self) -> None:
        """Where the rows leave room: what the focused track is, and the equation with its numbers."""
        if not self.is_mounted:
            return
        stage = self.score.stage
        lines = stage.tall * self.session.rows + stage.gap * len(stage.dividers)
        free = self.size.height - 4 - stage.header - lines
        free = 0 if self.view is not None or self.typing or self.big else free
        if self.play_script is None:
            track = self.track
            if self.guided and free >= GUIDE:
                self.narrator.styles.max_height = min(free - 1, 12)
                self.narrator.say(Words("", track.called, track.about()))
            else:
                self.narrator.say(None)
        below = not self.narrator.has_class("-side") and (self.play_script or self.guided)
        self.dock.follow(self.lane, self.session, free - (12 if below else 0))

    def action_guide(self) -> None:
        self.guided = not self.guided
        self.say()

    async def show_session(self, session: Session) -> None:
        """Show another session, or the same one with other lanes."""
        self.session = session
        if self.view is not None:
            self.action_view("score")
        await self.score.rebuild(session)
        self.refresh_bindings()
        if self.strayed:
            self.stray()
        self.say()
        self.prepare()

    def action_beat(self, by: int) -> None:
        if self.strayed:
            self.go_to_beat(self.beat)
        else:
            super().action_beat(by)

    async def action_undo(self) -> None:
        if self.strayed and not self.session.changed:
            self.go_to_beat(self.beat)
        else:
            await super().action_undo()

    def repaint(self) -> None:
        """Another theme or form."""
        palette = self.palette
        for line in self.query(Line):
            line.palette = palette
            line.refresh()
        self.narrator.repaint(palette)
        self.score.repaint(palette)
        if self.view is not None:
            self.show_view(self.view, self.view.lane or self.lane)
        self.say()

    def on_resize(self, event: events.Resize) -> None:
        fits(self, event.size, NEEDS, "peephole")
        side = event.size.width >= SIDE and self.play_script is not None
        self.query_one(Narrator).set_class(side, "-side")
        self.query_one(Narrator).set_class(event.size.height >= BRIEF, "-roomy")
        self.query_one(Narrator).set_class(event.size.height < LOW, "-low")
        if self.is_mounted:
            self.call_after_refresh(self.say)  # what is explained below the rows has another room

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Track) and self.is_mounted:
            self.say()

    def watch_focused(self, focused: Widget | None) -> None:
        """Known at once: the event of a track that hands on the focus may come too late for its place."""
        if isinstance(focused, Track):
            self.last_track = focused

    def action_back(self) -> None:
        if self.view is not None:
            self.action_view("score")
        elif self.strayed:
            self.go_to_beat(self.beat)
        else:
            self.playing(False)
            self.app.leave()
