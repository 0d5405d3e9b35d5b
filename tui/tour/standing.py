"""How far somebody is on the tour, in words, and what comes next."""

from __future__ import annotations

from scenarios.tour import Chapter, Course
from tui.guest import visitor
from tui.tour.progress import Progress


def upcoming(course: Course, known: Progress) -> Chapter:
    """Where to go on: the chapter left in the middle, else the first that is not done behind the last one."""
    names = [chapter.name for chapter in course.chapters]
    at = names.index(known.last) if known.last in names else -1
    if at >= 0 and known.last not in known.done:
        return course.chapters[at]
    order = [*range(at + 1, len(names)), *range(at + 1)]
    return course.chapters[next((i for i in order if names[i] not in known.done), 0)]


def standing(course: Course, known: Progress) -> str:
    """How much is done, and how long the rest takes at the pace that was measured."""
    left = [chapter for chapter in course.chapters if chapter.name not in known.done]
    done = len(course) - len(left)
    if not known.begun:
        beats = sum(chapter.heading.beats for chapter in course.chapters)
        kept = "it is kept" if visitor() is None else "it is kept until you leave"
        return f"{len(course)} chapters of {beats} beats; stop whenever you like, {kept}"
    if not left:
        return f"All {len(course)} chapters done"
    words = f"{done} of {len(course)} chapters done"
    if known.pace is not None:
        beats = sum(chapter.heading.beats for chapter in left)
        words += f" · about {duration(known.pace * beats)} to go, at your pace"
    return words


def duration(seconds: float) -> str:
    """Rounded as such estimates deserve: 10 min, 1 h 30 min."""
    minutes = max(5, 5 * round(seconds / 300))
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"
