"""The tour without a screen: its list, and finding a chapter."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import PeepholeError, did_you_mean
from scenarios.tour import Chapter, Course
from tui.tour.progress import Progress


def chapter(course: Course, name: str) -> Chapter:
    """A chapter by its number or by the name of its scenario.

    Raises:
        PeepholeError: there is none.
    """
    if name.isascii() and name.isdecimal():
        if not 1 <= int(name[:9]) <= len(course):
            raise PeepholeError(f"the tour has chapters 1 to {len(course)}, not {name}")
        return course.chapters[int(name) - 1]
    for found in course.chapters:
        if found.name == name:
            return found
    do = (
        did_you_mean(name, [c.name for c in course.chapters]) or "`peephole tour --list` names them"
    )
    raise PeepholeError(f"no chapter {name!r} on the tour", do=do)


def lines(course: Course, known: Progress) -> Iterator[str]:
    """Every chapter in a line: done or not, number, year, name, title, beats."""
    first, last = course.years
    yield f"{course.title}, {first} to {last}"
    width = max(len(c.name) for c in course.chapters)
    for c in course.chapters:
        mark = "x" if c.name in known.done else ">" if c.name == known.last else " "
        year = c.heading.year or "    "
        title = f"{c.heading.title}, {c.heading.beats} beats"
        yield f"  [{mark}] {c.number:>2}  {year}  {c.name:<{width}}  {title}"
    done = sum(c.name in known.done for c in course.chapters)
    yield f"{done} of {len(course)} chapters done"
