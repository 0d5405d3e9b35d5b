"""The screen on which one watches a network learn: one run, or two side by side on the same axes."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.timer import Timer

from tui.learning import layout, panels, words
from tui.learning.desk import Desk
from tui.learning.driver import Driver, Follower
from tui.learning.driving import Driving
from tui.learning.keys import KEYS
from tui.learning.live import LiveRun
from tui.learning.looking import Looking
from tui.learning.panels.base import Lines, Panel
from tui.screens.keybar import KeyBar
from tui.screens.least import Small, fits
from tui.themes import LIGHT

NEEDS = (72, 18)  # columns and lines below which nothing can be read
SLOWEST = 0.2  # seconds between two drawings while records arrive
POLL = 0.5  # seconds between two looks at a folder that is followed


class RunScreen(Driving, Looking, inherit_bindings=False):
    """One or two runs, each driven (a worker of ours trains it) or followed (another process does)."""

    BINDINGS: ClassVar[list[BindingType]] = KEYS
    DEFAULT_CSS = """
    RunScreen { layout: vertical; background: $background; }
    RunScreen #head { height: 2; }
    RunScreen #body { height: 1fr; overflow: hidden; }
    RunScreen #small { display: none; height: 1fr; content-align: center middle; text-align: center; }
    RunScreen.-small #body, RunScreen.-small #head, RunScreen.-small Footer { display: none; }
    RunScreen.-small #small { display: block; }
    RunScreen ToastRack { dock: top; align: right top; margin: 3 0 0 0; }
    RunScreen FooterKey .footer-key--description { padding: 0 0 0 1; }
    """

    def __init__(self, runs: list[LiveRun], drive: bool = False, paused: bool = False) -> None:
        """`drive` has a worker train each run that is not done; otherwise the folders are followed."""
        super().__init__()
        self.desk = Desk(runs=list(runs))
        self.drivers, self.followers = {}, {}
        self.full = ""
        self.places: list[layout.Place] = []
        self._drive, self._paused = drive, paused
        self._made: dict[tuple[str, tuple[int, ...]], Panel] = {}
        self._due: Timer | None = None
        self._dirty = False
        self._poll: Timer | None = None
        self._able = (False, False)  # what the footer was made for: to drive, to resume

    @classmethod
    def open(cls, paths: list[Path], drive: bool) -> RunScreen:
        """The screen of run folders.

        Raises:
            PeepholeError: one of them is no run.
        """
        from engine.learning.folder import RunFolder

        folders = [RunFolder.open(path) for path in paths]
        runs = [LiveRun(f, letter) for f, letter in zip(folders, "AB", strict=False)]
        return cls(runs, drive)

    def compose(self) -> ComposeResult:
        yield Lines("surface", id="head")
        yield Container(id="body")
        yield Small()
        yield KeyBar(show_command_palette=False, compact=True)

    async def on_mount(self) -> None:
        for run in self.desk.runs:
            if self._drive and not self.taken(run):
                await self.drive(run, self._paused)
            else:
                self.follow(run)
        self.settle()
        self.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Below the minimum size no key does anything; keys that cannot do anything are not shown."""
        if self.has_class("-small"):
            return False
        if action == "other":
            return len(self.desk.runs) > 1
        if action == "resume":
            return self.resumable
        return not (action in ("go", "step", "knobs") and not self.drivable)

    @property
    def drivable(self) -> bool:
        """Whether a process of ours is there to hear of any run on the screen."""
        drivers = (self.drivers.get(run) for run in self.desk.runs)
        return any(driver is not None and driver.pid is not None for driver in drivers)

    # Records that come in -------------------------------------------------------------------------

    async def drive(self, run: LiveRun, paused: bool = False) -> Driver:
        """Have a worker train a run."""
        self.followers.pop(run, None)
        if not self.followers and self._poll is not None:
            self._poll.stop()
            self._poll = None
        driver = self.drivers[run] = Driver(run, self.changed)
        await driver.start(paused)
        self.refresh_bindings()
        return driver

    def follow(self, run: LiveRun) -> None:
        """Read what another process writes."""
        self.followers[run] = Follower(run)
        run.state = "following"
        if self._poll is None:
            self._poll = self.set_interval(POLL, self._look)

    def _look(self) -> None:
        if any(follower.poll() for follower in self.followers.values()):
            self.changed()

    def changed(self) -> None:
        """Draw now, or as soon as the last drawing is long enough ago; no timer where nothing comes."""
        if self._due is not None:
            self._dirty = True
        elif self.is_attached:
            self._due = self.set_timer(SLOWEST, self._again)
            self.draw()

    def _again(self) -> None:
        self._due = None
        if self._dirty:
            self._dirty = False
            self.changed()

    def on_screen_suspend(self) -> None:
        if self._poll is not None:
            self._poll.pause()

    def on_screen_resume(self) -> None:
        if self._poll is not None:
            self._poll.resume()
        if self.is_mounted:
            self.changed()

    # Showing --------------------------------------------------------------------------------------

    async def put(
        self, runs: list[LiveRun], drive: LiveRun | None = None, paused: bool = False
    ) -> None:
        """Show these runs, stop the workers of all others, and drive one of them."""
        await self.stop([run for run in self.drivers if run not in runs])
        self.followers = {run: f for run, f in self.followers.items() if run in runs}
        for run, letter in zip(runs, "AB", strict=False):
            run.letter = letter
        self.desk.runs, self.desk.at = runs, None
        self.desk.active = runs.index(drive) if drive in runs else 0
        if drive is not None:
            await self.drive(drive, paused)
        self.settle()
        self.draw()

    def panels(self) -> list[Panel]:
        """The panels on show, in the order of Tab."""
        found = [self._made.get((place.kind, place.which)) for place in self.places]
        return [panel for panel in found if panel is not None]

    def settle(self) -> None:
        """Give every panel its place; panels are made when they are first needed."""
        head = self.query_one("#head", Lines)
        runs = len(self.desk.runs)
        head.styles.height = 2 if runs == 1 else 1 + runs
        width, height = self.size.width, self.size.height - 1 - (2 if runs == 1 else 1 + runs)
        if width < NEEDS[0] or height < 4:
            return
        self.desk.full = bool(self.full)
        if self.full:
            self.places = layout.single(self.full, width, height, runs)
        else:
            self.places = layout.dashboard(width, height, runs)
        wanted = {(place.kind, place.which): place for place in self.places}
        kind = self.full or (self.panel.KIND if self.focused and self.panel else "loss")
        body = self.query_one("#body", Container)
        with self.app.batch_update():
            for key in [key for key in wanted if key not in self._made]:
                panel = self._made[key] = panels.load(key[0])(self.desk, key[1])
                body.mount(panel)
            for key, panel in self._made.items():
                panel.display = key in wanted
                if key in wanted:
                    place = wanted[key]
                    panel.styles.offset = (place.x, place.y)
                    panel.styles.width, panel.styles.height = place.width, place.height
        self.call_after_refresh(self._focus, kind)

    def _focus(self, kind: str) -> None:
        """Keep the focus on a panel of the kind that had it; else on the first one."""
        shown = sorted(self.panels(), key=lambda panel: kind != panel.KIND)
        now = self.panel if self.focused is not None else None
        if shown and (now not in shown or getattr(now, "KIND", "") != shown[0].KIND):
            self.set_focus(shown[0])

    def draw(self) -> None:
        """Draw everything that is different."""
        if not self.is_mounted or self.has_class("-small"):
            return
        desk = self.desk
        if (able := (self.drivable, self.resumable)) != self._able:
            self._able = able
            self.refresh_bindings()
        desk.palette, desk.dark = self.app.palette, self.app.palette.look is not LIGHT
        with self.app.batch_update():
            lines = words.head(desk, self.size.width)
            self.query_one("#head", Lines).spread(desk.palette, lines, self.size.width)
            for panel in self.panels():
                panel.update()

    def repaint(self) -> None:
        """Another theme or form."""
        self.draw()
        for panel in self._made.values():
            panel.repaint()

    def on_resize(self, event: events.Resize) -> None:
        if fits(self, event.size, NEEDS, "watching a run"):
            self.settle()
            self.call_after_refresh(self.draw)
