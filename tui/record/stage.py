"""The stage: the real app without a terminal, driven through a scenario or through keys, frame by frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from textual import events

from engine import PeepholeError
from tui.app import PeepholeApp
from tui.record import loop
from tui.record.frame import Frame, rows_of

if TYPE_CHECKING:
    from scenarios.script import Scenario
    from tui.screens.score import ScoreScreen

READY = 0.06  # seconds after which a beat with its footer has come, and its first row not yet
DRAWN = 0.02  # seconds of the loop's clock after which a change is drawn: a frame of 60 a second
REST = 1.0  # seconds after which nothing is due any more: toasts are off, and no timer is longer
LOOK = 0.01  # seconds between two looks at a session that plays: a row takes 0.06 at the fastest

REVEAL = "enter"  # the key after which a question is answered

Told = Callable[[int], Any]  # called after every beat, or key: how many of its claims are not true


class Stage:
    """One app on a loop of its own clock; what it does is taken as frames."""

    def __init__(self, app: PeepholeApp) -> None:
        self.app = app
        self.frames: list[Frame] = []

    @property
    def screen(self) -> ScoreScreen:
        return self.app.screen  # type: ignore[return-value]

    async def rest(self, seconds: float = REST) -> None:
        """Until all that is due within these seconds is done; no clock on a wall is waited for."""
        await asyncio.sleep(seconds)

    def take(self, beat: int, beats: int, title: str, still: bool = False) -> None:
        """The screen as it stands."""
        look, screen = self.app.palette.look, self.app.screen
        rows = rows_of(screen, look.text[1:], look.background[1:])
        session, narrator = getattr(screen, "session", None), getattr(screen, "narrator", None)
        tick = session.clock if session is not None else 0
        told = (
            getattr(screen, "play_script", None) is not None
        )  # else the narrator explains a track
        said = narrator.words.spoken if told and narrator is not None and narrator.words else ""
        asks = getattr(screen, "asking", False)
        self.frames.append(Frame(rows, beat, beats, title, tick, said, still, asks))

    async def play(self, beat: int, beats: int, title: str) -> None:
        """Take every tick until the screen no longer plays, then the screen at rest."""
        await self.rest(READY)
        while (session := getattr(self.app.screen, "session", None)) is not None:
            if not session.playing:
                break
            seen = (session.clock, session.cursor)
            self.take(beat, beats, title)
            while session.playing and (session.clock, session.cursor) == seen:
                await self.rest(LOOK)
            await self.rest(DRAWN)
        await self.rest()
        self.take(beat, beats, title, still=True)

    def press(self, key: str, letter: str | None = None) -> None:
        """A key, as if a terminal had sent it."""
        self.app.post_message(events.Key(key, letter))


@asynccontextmanager
async def open_(app: PeepholeApp, size: tuple[int, int]) -> AsyncIterator[Stage]:
    """The app in a terminal of (columns, lines) that nobody sees."""
    app.animation_level = "none"
    async with app.run_test(size=size):
        yield Stage(app)


def scenario(
    script: Scenario,
    app: PeepholeApp,
    size: tuple[int, int],
    beats: Sequence[int],
    told: Told = lambda untrue: None,
) -> list[Frame]:
    """The frames of a scenario's beats, by number from 1.

    Raises:
        PeepholeError: a beat cannot be shown, or its numbers not be measured.
    """

    async def film() -> list[Frame]:
        async with open_(app, size) as stage:
            await stage.rest(DRAWN)
            for number in beats:
                title = script.beats[number - 1].title
                if number > 1:
                    stage.screen.go_to_beat(number - 1)
                await stage.play(number, len(script.beats), title)
                if stage.frames[-1].asks:
                    stage.press(REVEAL)
                    await stage.play(number, len(script.beats), title)
                words = stage.screen.narrator.words
                if words is not None and words.problem:
                    _again(stage.screen, number - 1)
                    raise PeepholeError(words.problem, where=f"{script.name}, beat {number}")
                claims = (words.claims if words is not None else None) or ()
                told(sum(not passed for _, _, passed in claims))
            return stage.frames

    return loop.run(film)


def _again(screen: ScoreScreen, i: int) -> None:
    """Do once more what a beat could not, for its mistake, which has its line.

    Raises:
        ScriptError: the mistake.
    """
    play = screen.play_script
    if play is not None:
        play.stage(i)
        play.narration(i)
        play.verdicts(i)


def keys(
    app: PeepholeApp,
    size: tuple[int, int],
    pressed: Sequence[tuple[str, str | None]],
    told: Told = lambda untrue: None,
) -> list[Frame]:
    """The frames of an app in which keys are pressed one after the other, each when all is at rest.

    Raises:
        PeepholeError: a key ends the app.
    """

    async def film() -> list[Frame]:
        async with open_(app, size) as stage:
            await stage.play(1, len(pressed) + 1, "")
            for number, (key, letter) in enumerate(pressed, 2):
                stage.press(key, letter)
                await stage.rest(DRAWN)
                if app._exit:
                    raise PeepholeError(
                        f"{letter or key} ends the app", where="--keys", do="Leave it out"
                    )
                await stage.play(number, len(pressed) + 1, letter or key)
                told(0)
            return stage.frames

    return loop.run(film)
