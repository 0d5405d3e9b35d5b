"""What takes long to draw: a thread computes it as one batch, and the interface draws what it returned."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import ClassVar, Generic, TypeVar

from textual.worker import get_current_worker

from engine import PeepholeError, Trace
from tui.views.base import View

Found = TypeVar("Found")


class Cancelled(Exception):
    """Nobody waits for the answer any more; what computes may raise it to end early."""


def frozen(trace: Trace) -> Trace:
    """The trace as it is now, its arrays not copied: a thread can read it while the trace grows."""
    arrays = {name: trace[name] for name in trace.names}
    fixed = Trace.from_arrays(trace.header, trace.tokens[:], arrays)
    fixed.lenses = trace.lenses
    return fixed


def beside(
    view: View,
    compute: Callable[[], Found],
    then: Callable[[Found | PeepholeError], None],
    *,
    exclusive: bool,
) -> None:
    """Compute in a thread; `then`, on the interface's thread, gets the result or the user's mistake.

    Where it is `exclusive`, only what is asked for last is waited for. A view that has been left is told
    nothing.
    """

    def deliver(found: Found | PeepholeError) -> None:
        if view.is_attached and view.app.is_running:
            then(found)

    def work() -> None:
        worker = get_current_worker()
        found: Found | PeepholeError
        try:
            found = compute()
        except Cancelled:
            return
        except PeepholeError as error:
            found = error
        if not worker.is_cancelled:
            view.app.call_from_thread(deliver, found)

    view.run_worker(work, thread=True, exclusive=exclusive)


class ComputedView(View, Generic[Found]):
    """A view of one thing that is computed. Subclasses call `compute` and draw in `draw`.

    Attributes:
        found: what is on show; None while it is computed, and where it cannot be.
        error: why it cannot be.
    """

    DEFAULT_CSS = """
    ComputedView #wait { height: 1fr; text-wrap: wrap; content-align: center middle; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.found: Found | None = None
        self.error: PeepholeError | None = None
        self._of: tuple[object, ...] = ()  # what `found` is of, or is computed for

    def on_resize(self) -> None:
        if self.trace is not None:
            self.draw()

    def renew(self, *of: object) -> bool:
        """Whether this is something else than what is on show, which is then forgotten."""
        if self._of == of:
            return False
        self._of, self.found, self.error = of, None, None
        return True

    def compute(self, compute: Callable[[], Found]) -> None:
        """Show what is computed as soon as it is there; until then, what is on show stays."""
        beside(self, compute, self._computed, exclusive=True)

    def _computed(self, found: Found | PeepholeError) -> None:
        if isinstance(found, PeepholeError):
            self.found, self.error = None, found
        else:
            self.found, self.error = found, None
        self.draw()

    def wait(self, words: str, *empty: str) -> None:
        """Say in the middle why nothing is to be seen yet; the lines named have nothing to say."""
        self.put("#wait", words)
        for line in empty:
            self.put(f"#{line}", "")

    def draw(self) -> None:
        """Draw `found`, or say why there is none."""


class KnownView(View, Generic[Found]):
    """A view of results that are computed one by one, as the cursor comes to them, and kept."""

    KEPT: ClassVar[int] = 32

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._known: dict[Hashable, Found | PeepholeError] = {}
        self._busy = False

    def known(self, key: Hashable, compute: Callable[[], Found]) -> Found | PeepholeError | None:
        """What is known under a key; else None, and `updated` is called again when there is more.

        One at a time is computed: a held arrow key must not pile them up.
        """
        found = self._known.get(key)
        if found is None and not self._busy:
            self._busy = True
            beside(self, compute, lambda found: self._learnt(key, found), exclusive=False)
        return found

    def _learnt(self, key: Hashable, found: Found | PeepholeError) -> None:
        self._busy = False
        if len(self._known) >= self.KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[key] = found
        self.updated()  # the cursor may have gone on meanwhile
