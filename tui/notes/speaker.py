"""The side of `peephole notes` in the app that plays: it tells of each beat, and does what it is told."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import PeepholeError
from scenarios.questions import answered
from tui.following.company import Companion, seen
from tui.notes.card import BEATS, CHOICES, CLAIMS, LONG, TITLE, Card, named
from tui.post import Post
from tui.sent import LETTERS
from tui.sockets import runtime

if TYPE_CHECKING:
    from scenarios.play import Play
    from tui.app import PeepholeApp
    from tui.screens.score import ScoreScreen


@dataclass(frozen=True)
class Noted:
    """What is measured for the speaker alone: notes; and the right choice or number, or why there is none."""

    notes: str = ""
    right: int | None = None
    answer: str = ""
    problem: str = ""


class Speaker(Companion):
    """Runs the post of a presentation; nothing is made for it as long as nobody listens.

    Attributes:
        path: of the socket.
    """

    def __init__(self, app: PeepholeApp, folder: Path | None = None) -> None:
        self.app = app
        self.path = (folder or runtime()) / f"play-{os.getpid()}.sock"
        self._post = Post(self.path, self._ordered, self._watched)
        self._opening: asyncio.Task[None] | None = None
        self._card: Card | None = None
        self._began = self._since = time.time()
        self._beat = -1
        self._noted_of: Play | None = None
        self._notes: dict[int, Noted] = {}  # of its beats

    def start(self) -> None:
        self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        try:
            await self._post.start()
        except PeepholeError:  # a presentation goes on without notes
            self._opening = None

    async def stop(self) -> None:
        if self._opening is not None:
            await self._opening
        await self._post.stop()

    def drawn(self) -> None:
        self._turned()
        if self._post.watching:
            self._publish()

    def _watched(self, many: int) -> None:
        if many:
            self._card = None  # who comes is told of what is here now
            self.app.call_later(self._publish)

    # What is told ---------------------------------------------------------------------------------

    def _screen(self) -> ScoreScreen | None:
        """The scenario on the screen; None where there is none."""
        from tui.screens.score import ScoreScreen

        screen = seen(self.app)
        there = (
            isinstance(screen, ScoreScreen) and screen.is_mounted and hasattr(screen, "narrator")
        )
        return screen if there and screen.play_script is not None else None  # type: ignore

    def _turned(self) -> None:
        """Note when a beat came up."""
        screen = self._screen()
        if screen is not None and screen.beat != self._beat:
            self._beat, self._since = screen.beat, time.time()

    def _publish(self) -> None:
        """Tell of the beat on the screen, where it is not told yet."""
        screen = self._screen()
        card = self._made(screen) if screen is not None else None
        if card is not None and card != self._card:
            self._card = card
            self._post.publish(card.as_record())

    def _made(self, screen: ScoreScreen) -> Card:
        play = screen.play_script
        assert play is not None
        beats, at = play.scenario.beats, min(screen.beat, len(play.scenario.beats) - 1)
        words = screen.narrator.words
        current = words if words is not None and words.title == beats[at].title else None
        claims = (current.claims if current is not None else None) or ()
        question = beats[at].question if screen.asking else None
        noted = self._noted(screen, at, current is not None and current.claims is not None)
        return Card(
            title=_short(play.scenario.title),
            beat=at,
            beats=len(beats),
            heading=_short(beats[at].title),
            following=_short(named(beats[at + 1]) if at + 1 < len(beats) else screen.behind, LONG),
            ended=_ended(screen),
            notes=noted.notes,
            said=_short(current.text, LONG) if current is not None and question is None else "",
            claims=tuple(
                (_short(c, LONG), _short(m, LONG), bool(ok)) for c, m, ok in claims[:CLAIMS]
            ),
            problem=_short((current.problem if current is not None else "") or noted.problem, LONG),
            blank=screen.curtain,
            asks=_short(question.ask, LONG) if question is not None else "",
            choices=tuple(
                (_short(choice, LONG), n == noted.right)
                for n, choice in enumerate(question.choices[:CHOICES])
            )
            if question is not None
            else (),
            answer=noted.answer if question is not None else "",
            began=self._began,
            since=self._since,
            minutes=float(getattr(self.app, "minutes", 0) or 0),
            titles=tuple(_short(beat.title, TITLE) for beat in beats[:BEATS]),
        )

    def _noted(self, screen: ScoreScreen, at: int, measured: bool) -> Noted:
        """What only the speaker sees; measured beside the interface, after what all are told."""
        play = screen.play_script
        assert play is not None
        written = play.scenario.beats[at].notes
        if self._noted_of is not play:  # the file was read again
            self._noted_of, self._notes = play, {}
        notes = self._notes
        if at not in notes and not measured:
            return Noted(_short(written, LONG) if "{" not in written else "")
        if at not in notes:
            notes[at] = Noted()

            def work() -> None:
                notes[at] = _measured(play, at)
                self.app.call_from_thread(self._publish)

            self.app.run_worker(work, thread=True, group="notes")
        return notes[at]

    # What it is told ------------------------------------------------------------------------------

    def _ordered(self, command: dict[str, Any]) -> None:
        """A command came over the socket; what is none is passed over."""
        do, number = command.get("do"), command.get("number")
        if do in ("next", "previous", "curtain") or (do == "beat" and type(number) is int):
            self.app.call_later(self._do, do, number)

    async def _do(self, do: str, number: int | None) -> None:
        screen = self._screen()
        if screen is None or screen.play_script is None:
            return
        if do == "curtain" or screen.curtain:  # a step takes the curtain away, and no more
            if not screen.curtain:
                self._clear(screen)
            screen.action_curtain()
            return
        self._clear(screen)
        if do == "beat" and number is not None:
            if 0 <= number < len(screen.play_script):
                screen.go_to_beat(number)
        elif do == "previous":
            await self.app.run_action("beat(-1)", screen)
        elif not await self.app.run_action("beat(1)", screen):
            await self.app.run_action(
                "over", screen
            )  # a chapter of the tour leads on to the next one

    def _clear(self, screen: ScoreScreen) -> None:
        """Close what was left open in front of the beat: dialogs, help, a line to type in."""
        while self.app.screen is not screen and self.app.screen.is_modal:
            self.app.screen.dismiss(None)
        if screen.typing:
            screen.end_typing(False)


def _measured(play: Play, at: int) -> Noted:
    """The notes of a beat, and the answer to its question."""
    right, answer, problem = None, "", ""
    try:
        notes = play.notes(at)
    except PeepholeError as error:
        notes = f"not measured: {error.what}"
    question = play.scenario.beats[at].question
    if question is not None:
        try:
            found = answered(play, at)
            right = found.true
            answer = question.told(found.value) if right is None else ""
        except PeepholeError as error:
            problem = f"not measured: {error.what}"
    return Noted(_short(notes, LONG), right, _short(answer, LONG), _short(problem, LONG))


def _ended(screen: ScoreScreen) -> bool:
    """Whether a step onwards leads nowhere; a chapter of the tour leads on to the next one."""
    tour = hasattr(screen, "action_over")
    return screen.at_end and not (screen.strayed or screen.behind or tour)


def _short(text: str, most: int = LETTERS) -> str:
    """Printable, and no longer than a card may hold."""
    return "".join(c for c in text if c.isprintable() or c == "\n")[:most]
