"""How far somebody is on the tour, kept from one session to the next; a guest's until they leave."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from platformdirs import user_state_path

from tui.guest import Guest, visitor

LARGEST = 1_000_000  # bytes of a file that could be ours
PAUSE = 180.0  # seconds at one beat beyond which nobody was reading it
ENOUGH = 8  # beats from which on a pace can be told


@dataclass(frozen=True)
class Progress:
    """What is known of it; chapters by the names of their scenarios, so that the course may change.

    Attributes:
        done: chapters whose last beat was seen.
        last: the chapter that was open last, and `beat` the one of its beats, from 0.
        answers: what was said to each question, by its key.
        seconds, beats: how long was spent on how many beats; long pauses are no reading.
    """

    done: frozenset[str] = frozenset()
    last: str = ""
    beat: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    beats: int = 0

    @property
    def begun(self) -> bool:
        return bool(self.done or self.last)

    @property
    def pace(self) -> float | None:
        """Seconds a beat, as measured; None where too few were seen."""
        return self.seconds / self.beats if self.beats >= ENOUGH else None

    def read(self, seconds: float) -> Progress:
        """One more beat was read, so long."""
        spent = min(max(seconds, 0.0), PAUSE)
        return replace(self, seconds=self.seconds + spent, beats=self.beats + 1)

    def answered(self, key: str, said: str) -> Progress:
        """Something was said to a question."""
        return replace(self, answers={**self.answers, key: said})


_held: Progress | None = None  # what could not be written; it counts until peephole is left
_guests: WeakKeyDictionary[Guest, Progress] = WeakKeyDictionary()  # of these nothing is written


def _file() -> Path:
    return user_state_path("peephole") / "tour.json"


def load() -> Progress:
    """What is kept; nothing where there is no such file, and of a damaged or foreign one what is whole."""
    if (guest := visitor()) is not None:
        return _guests.get(guest, Progress())
    if _held is not None:
        return _held
    try:
        if _file().stat().st_size > LARGEST:
            return Progress()
        data = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Progress()
    return _parse(data) if isinstance(data, dict) else Progress()


def _parse(data: Mapping[str, Any]) -> Progress:
    done, answers = data.get("done"), data.get("answers")
    said = answers.items() if isinstance(answers, dict) else ()
    last = data.get("last")
    return Progress(
        frozenset(name for name in done if isinstance(name, str))
        if isinstance(done, list)
        else frozenset(),
        last if isinstance(last, str) else "",
        int(_number(data.get("beat"))),
        {key: value for key, value in said if isinstance(value, str)},
        _number(data.get("seconds")),
        int(_number(data.get("beats"))),
    )


def _number(value: Any) -> float:
    """A size that can be true; 0 for all else."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return value if known and math.isfinite(value) and 0 <= value < 1e9 else 0


def update(change: Callable[[Progress], Progress]) -> Progress:
    """Change what is kept, as it now stands in the file: two sessions add to one tour.

    A home that cannot be written to is no reason to stop.
    """
    global _held
    new = change(load())
    if (guest := visitor()) is not None:
        _guests[guest] = new
        return new
    try:
        _write(json.dumps({**asdict(new), "done": sorted(new.done)}, indent=1))
        _held = None
    except OSError:
        _held = new
    return new


def _write(text: str) -> None:
    """Replace the file: whole or not at all."""
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tour-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def forget() -> None:
    """Begin anew."""
    update(lambda _: Progress())
