"""What the speaker is told of a beat, as it goes from `peephole play` to `peephole notes`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from tui.sent import Check, flag, made, many, number, some, text, whole

if TYPE_CHECKING:
    from scenarios.script import Beat

LONG = 8_000  # characters of notes, and of a narration
CLAIMS = 60
BEATS, TITLE = 200, 60  # titles that are sent, and letters of each
CHOICES = 20
LATEST = 1e11  # seconds since 1970


@dataclass(frozen=True)
class Card:
    """A beat, for its speaker.

    Attributes:
        title: of the scenario.
        beat, beats: which, from 0, and of how many.
        heading: the beat's title; `following` that of what comes next, "" where nothing does.
        ended: whether a step onwards leads nowhere, now.
        notes: the speaker's, with their numbers.
        said, claims, problem: what the screen says: the narration; each claim, what was measured, and
            whether it is true; and why nothing can be measured.
        blank: whether the curtain is down.
        asks: the question that the beat waits with; "" where it is answered, or there is none.
        choices: of that question, each with whether it is measured to be the right one.
        answer: what is measured where a number is asked for; "" as long as it is not known.
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
    choices: tuple[tuple[str, bool], ...] = ()
    answer: str = ""
    ended: bool = False
    began: float = 0.0
    since: float = 0.0
    minutes: float = 0.0
    titles: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """Ready for JSON; `from_record` reads it back."""
        return asdict(self)

    @property
    def known(self) -> bool:
        """Whether the answer to the question has been measured, or cannot be."""
        return bool(self.answer or self.problem) or any(right for _, right in self.choices)

    @classmethod
    def from_record(cls, found: Any) -> Card:
        """A card that another process sent.

        Raises:
            PeepholeError: it is none.
        """
        return made(cls, found, _CHECKS)


_CHECKS: dict[str, Check] = {
    "title": text(), "beat": whole(), "beats": whole(), "heading": text(), "following": text(LONG),
    "ended": flag,
    "notes": text(LONG, True), "said": text(LONG, True),
    "claims": many(some(text(LONG), text(LONG), flag), CLAIMS), "problem": text(LONG, True),
    "blank": flag, "asks": text(LONG, True),
    "choices": many(some(text(LONG), flag), CHOICES), "answer": text(LONG, True),
    "began": number(0, LATEST), "since": number(0, LATEST), "minutes": number(0, 100_000),
    "titles": many(text(), BEATS),
}  # fmt: skip
assert set(_CHECKS) == {field.name for field in fields(Card)}


def named(beat: Beat) -> str:
    """The title of a beat that is to come, and whether it asks something."""
    return f"{beat.title} · a question" if beat.question is not None else beat.title
