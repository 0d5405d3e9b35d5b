"""What the parts of the score screen share: the names of what `ScoreScreen` brings together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from textual.screen import Screen
from textual.worker import get_current_worker

from engine import PeepholeError
from tui.lane import Lane
from tui.narrator import Narrator
from tui.palette import Palette
from tui.score import Score
from tui.session import Session

if TYPE_CHECKING:
    from tui.app import PeepholeApp
    from tui.tracks.base import Track
    from tui.views.base import View

T = TypeVar("T")


class Core(Screen[None]):
    """The attributes and methods that one part uses of another."""

    app: PeepholeApp  # type: ignore[assignment]
    session: Session
    score: Score
    narrator: Narrator
    view: View | None
    last_track: Track | None = None  # that had the focus last

    @property
    def palette(self) -> Palette:
        return self.app.palette

    @property
    def track(self) -> Track:
        """The track that has the focus, or had it last; the first one where none has."""
        tracks = self.score.tracks
        track = self.score.focused or self.last_track
        return track if track in tracks else tracks[0]

    @property
    def index(self) -> int:
        """The lane on show in a full-size view, or that of the track in focus."""
        lanes = self.session.lanes
        if self.view is not None and self.view.lane in lanes:
            return lanes.index(self.view.lane)
        return self.score.lane_of(self.track)

    @property
    def lane(self) -> Lane:
        """The lane that has the focus."""
        return self.session.lanes[min(self.index, len(self.session.lanes) - 1)]

    def show_view(self, view: View, lane: Lane) -> None:
        """Have a full-size view show a lane as far as it is read."""
        view.show(lane, self.session.cursor, self.session.begun(lane))

    def complain(self, error: PeepholeError) -> None:
        """A mistake, said where it was made."""
        self.notify(str(error), severity="warning", timeout=8, markup=False)

    def in_thread(
        self,
        work: Callable[[], T],
        then: Callable[[T], Any],
        group: str,
        failed: Callable[[PeepholeError], Any] | None = None,
    ) -> None:
        """Do something long beside the interface, then something short in it.

        A PeepholeError of the work is given to `failed`, or shown in a message of its own. Work of
        the same group that is still going on is not waited for: only the last one's result counts;
        and none does once the screen or the app has been left.
        """

        def deliver(to: Callable[[Any], Any], result: Any) -> Any:
            here = self.app.is_running and self in self.app.screen_stack
            return to(result) if here else None

        def run() -> None:
            worker = get_current_worker()
            try:
                result = work()
            except PeepholeError as error:
                if failed is None:
                    self.app.call_from_thread(deliver, self.complain, error)
                elif not worker.is_cancelled:
                    self.app.call_from_thread(deliver, failed, error)
                return
            if not worker.is_cancelled:
                self.app.call_from_thread(deliver, then, result)

        self.run_worker(run, thread=True, group=group, exclusive=True)

    # What the parts bring ------------------------------------------------------------------------

    def sync(self) -> None:
        raise NotImplementedError

    def say(self) -> None:
        raise NotImplementedError

    def grown(self) -> None:
        raise NotImplementedError

    def arrived(self, row: int) -> bool:
        raise NotImplementedError

    def go(self, row: int) -> None:
        raise NotImplementedError

    def playing(self, on: bool) -> None:
        raise NotImplementedError

    def prepare(self) -> None:
        raise NotImplementedError

    def action_view(self, name: str) -> None:
        raise NotImplementedError

    async def show_session(self, session: Session) -> None:
        raise NotImplementedError
