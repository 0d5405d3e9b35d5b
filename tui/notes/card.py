"""What the speaker is told of a beat, as it goes from `peephole play` to `peephole notes`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from tui.sent import Check, flag, made, many, number, some, text, whole

LONG = 8_000  # characters of notes, and of a narration
CLAIMS = 60
BEATS, TITLE = 200, 60  # titles that are sent, and letters of each
LATEST = 1e11  # seconds since 1970


@dataclass(frozen=True)
class Card:
    """A beat, for its speaker.

    Attributes:
        title: of the scenario.
        beat, beats: which, from 0, and of how many.
        heading: the beat's title; `following` that of the next one, "" at the last.
        notes: the speaker's, with their numbers.
        said, claims, problem: what the screen says: the narration; each claim, what was measured, and
            whether it is true; and why nothing can be measured.
        blank: whether the curtain is down.
        asks: the question that the beat waits with; "" where it is answered, or there is none.
        began, since: when the presentation and this beat began, in seconds since 1970.
        minutes: how long the presentation may take; 0 is not said.
        titles: of the beats, to choose one from.
    """

    title: str = ""
    beat: int = 0
    beats: int = 0
    heading: str = ""
    following: str = ""
    notes: str = ""
    said: str = ""
    claims: tuple[tuple[str, str, bool], ...] = ()
    problem: str = ""
    blank: bool = False
    asks: str = ""
    began: float = 0.0
    since: float = 0.0
    minutes: float = 0.0
    titles: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """Ready for JSON; `from_record` reads it back."""
        return asdict(self)

    @classmethod
    def from_record(cls, found: Any) -> Card:
        """A card that another process sent.

        Raises:
            PeepholeError: it is none.
        """
        return made(cls, found, _CHECKS)


_CHECKS: dict[str, Check] = {
    "title": text(), "beat": whole(), "beats": whole(), "heading": text(), "following": text(),
    "notes": text(LONG, True), "said": text(LONG, True),
    "claims": many(some(text(LONG), text(LONG), flag), CLAIMS), "problem": text(LONG, True),
    "blank": flag, "asks": text(LONG, True),
    "began": number(0, LATEST), "since": number(0, LATEST), "minutes": number(0, 100_000),
    "titles": many(text(), BEATS),
}  # fmt: skip
assert set(_CHECKS) == {field.name for field in fields(Card)}
