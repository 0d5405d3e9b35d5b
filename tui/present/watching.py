"""A scenario's file while it is written: read again when it has changed, and found to be right."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from engine import PeepholeError
from scenarios import shelf
from scenarios.play import Play, Stage
from scenarios.reader import read
from scenarios.script import Scenario
from scenarios.source import ScriptError

EVERY = 0.5  # seconds between two looks
GONE = 2  # looks after which a file is gone: an editor that puts a new one in its place takes less


class Watch:
    """Whether a file is another one than at the last look."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._missed = 0
        self._seen = self._state()

    def changed(self) -> bool:
        """Looks at its time, size and number; what only was touched is read again for nothing."""
        now = self._state()
        self._missed = self._missed + 1 if now is None else 0
        if now == self._seen or 0 < self._missed < GONE:
            return False
        self._seen = now
        return True

    def again(self) -> None:
        """Let the next look find a change: what was found at the last one is still to be told."""
        self._seen = 0, 0, 0

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


@dataclass(frozen=True)
class Renewed:
    """A scenario as its file now says it; `stage` is beat `number`, the one that was on the screen."""

    play: Play
    number: int
    stage: Stage


def renew(old: Play, number: int) -> Renewed:
    """Read the file of a scenario again, and run what beat `number` needs; lanes that are as before are kept.

    Raises:
        PeepholeError: the file is gone, or there is a mistake in it.
    """
    source = old.scenario.source
    try:
        scenario = read(source.path, source.name)
    except ScriptError:
        raise
    except PeepholeError as error:
        do = "What was read of it goes on, and it is read again once it is there"
        raise PeepholeError(error.what, where=error.where, do=do) from None
    play = Play(scenario)
    play.take_over(old)
    number = same_beat(old.scenario, scenario, number)
    return Renewed(play, number, play.stage(number))


def awaited(name: str, pause: Callable[[float], None] = time.sleep) -> Scenario:
    """A scenario whose file may have mistakes as yet: each is told, until one that plays is saved.

    Raises:
        PeepholeError: there is no file that could be mended.
    """
    path, said = Path(name), ""
    watch = Watch(path)
    while True:
        try:
            scenario = shelf.find(name)
            Play(scenario).stage(0)
            return scenario
        except ScriptError as error:
            if error.source.path.resolve() != path.resolve():  # a bundled one, or another's
                raise
            more = f"\nand {len(error.more)} more: peephole check {path}" if error.more else ""
            now = f"{error}{more}"
        except PeepholeError as error:
            if not said:
                raise
            now = str(error)
        if now != said:
            click.clear()
            click.echo(
                f"{now}\n\nIt begins once the file is right and saved. Ctrl+C ends.", err=True
            )
            said = now
        while not watch.changed():
            pause(EVERY)


def told(error: PeepholeError) -> str:
    """A mistake for whoever is writing the file, and knows where it is: its line, the word underlined."""
    do = f". {error.do}" if error.do else ""
    if not isinstance(error, ScriptError):
        where = f"{os.path.basename(error.where)}: " if error.where else ""
        return f"{where}{error.what}{do}"
    return f"line {error.place.line}: {error.what}{do}\n{error.excerpt}"


def same_beat(old: Scenario, new: Scenario, number: int) -> int:
    """Which beat of a new version a beat is: that of its title, else the one in its place."""
    title = old.beats[number].title
    places = [n for n, beat in enumerate(new.beats) if beat.title == title]
    return min(places, key=lambda n: abs(n - number), default=min(number, len(new.beats) - 1))
