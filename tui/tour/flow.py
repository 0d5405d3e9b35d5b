"""What follows what on the tour: a chapter's first page, its questions, its beats, the next chapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import Screen

from engine import PeepholeError
from scenarios import shelf
from scenarios.tour import Chapter
from scenarios.tour.questions import Asked, Question, questions
from tui.guest import visitor
from tui.tour import progress
from tui.tour.asking import Page
from tui.tour.chapter import ChapterScreen
from tui.tour.page import PageScreen

if TYPE_CHECKING:
    from tui.tour.contents import TourScreen


class Flow:
    """Goes through the chapters, above the screen of their contents.

    Attributes:
        chapter: the one that is open or was open last.
    """

    def __init__(self, contents: TourScreen) -> None:
        self.contents, self.course = contents, contents.course
        self.chapter: Chapter | None = None
        self._steps: list[Callable[[], Screen]] = []

    def begin(self, chapter: Chapter, resume: bool = False) -> None:
        """Open a chapter; with `resume` where it was left, if it was left in the middle."""
        known = progress.load()
        try:
            scenario = shelf.find(chapter.name)
            asked = questions(self.course, chapter, scenario)
            play = Asked(self.course, scenario, asked)
            play.stage(0)
        except PeepholeError as error:
            self.contents.notify(str(error), severity="error", markup=False, timeout=10)
            return
        self.chapter = chapter
        beat = known.beat if resume and known.last == chapter.name else 0

        def beats() -> Screen:
            return ChapterScreen(play, chapter, len(self.course), self.on, beat)

        before = [] if beat else self._pages(chapter, play, "before")
        self._steps = [*before, beats, *self._pages(chapter, play, "after")]
        self.on()

    def on(self) -> None:
        """The next step; behind the last one the next chapter, and behind the last chapter the end."""
        if self._steps:
            self._show(self._steps.pop(0)())
        elif self.chapter is not None and self.chapter.number < len(self.course):
            self.begin(self.course.chapters[self.chapter.number])
        elif self.chapter is not None:
            self.chapter = None
            self._show(self._end())

    def back(self) -> None:
        """To the contents."""
        while self.contents.app.screen is not self.contents:
            self.contents.app.pop_screen()

    def _show(self, screen: Screen) -> None:
        app = self.contents.app
        if app.screen is self.contents:
            app.push_screen(screen)
        else:
            app.switch_screen(screen)

    def _pages(self, chapter: Chapter, play: Asked, when: str) -> list[Callable[[], Screen]]:
        """The pages before or after the beats; the first one before them is there in any case."""
        asked: list[Question | None] = [q for q in play.asked if q.when == when]
        if when == "before" and not asked:
            asked = [None]

        def page(number: int, question: Question | None) -> Callable[[], Screen]:
            return lambda: PageScreen(
                self._page(chapter, question, when, first=not number, last=number + 1 == len(asked)),
                self.on, self.back, play.measure,
            )  # fmt: skip

        return [page(number, question) for number, question in enumerate(asked)]

    def _page(
        self, chapter: Chapter, question: Question | None, when: str, *, first: bool, last: bool
    ) -> Page:
        heading = chapter.heading
        place = [
            f"Chapter {chapter.number} of {len(self.course)}",
            str(heading.year or ""),
            heading.wing,
        ]
        where = " · ".join(part for part in place if part)
        opening = when == "before"
        text = (chapter.why, heading.about) if opening and first else ()
        if not last:
            onward = "goes on"
        elif opening:
            onward = f"begins it: {heading.beats} beats"
        else:
            onward = f"goes on to chapter {chapter.number + 1}"
            onward = onward if chapter.number < len(self.course) else "ends the tour"
        title = heading.title if opening else f"After: {heading.title}"
        return Page(where, title, tuple(filter(None, text)), question, onward)

    def _end(self) -> Screen:
        done = progress.load().done
        left = [c for c in self.course.chapters if c.name not in done]
        first, last = self.course.years
        text: tuple[str, ...]
        if left:
            names = "; ".join(f"{c.number} {c.heading.title}" for c in left)
            text = (
                f"That was the last chapter. Not read to the end so far, {len(left)} of {len(self.course)}: "
                f"{names}.",
            )
        else:
            text = (
                f"That was the tour: {len(self.course)} chapters, from {first} to {last}. Every number in "
                "them was measured while you watched.",
                "Now type sentences of your own, hold a gate shut, train a network: `peephole` lists all."
                if visitor() is None
                else "Now type sentences of your own, and hold a gate shut: Esc leads back to all there is.",
            )
        page = Page(
            "The end", self.course.title, (*text, *self.course.ends), None, "shows the contents"
        )
        return PageScreen(page, self.back, self.back)
