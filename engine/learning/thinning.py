"""Which checkpoints a long run keeps: close together near its end, further apart before it.

Checkpoints are written often, so that a killed process loses little. Kept are the first one, the newest
`RECENT`, what a divergence says to go back to, and those at multiples of a distance that doubles whenever
there would be more than `SPREAD` of them. What is kept of the multiples follows from the number of the
update alone: a run that was killed and resumed ends with the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.learning.files import told
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event

RECENT, SPREAD = 8, 40


def spacing(update: int, every: int) -> int:
    """Updates between two old checkpoints of a run that has come to `update`."""
    apart = every
    while update > SPREAD * apart:
        apart *= 2
    return apart


def kept(saved: Sequence[int], every: int, needed: Iterable[int] = ()) -> list[int]:
    """Of the checkpoints `saved`, in order, those that stay."""
    if not saved:
        return []
    apart = spacing(saved[-1], every)
    stay = {saved[0], *saved[-RECENT:], *needed}
    return [n for n in saved if n in stay or n % apart == 0]


def thin(folder: RunFolder, events: Iterable[Event]) -> None:
    """Remove the checkpoints that need not stay, each with its trace of the probe.

    Raises:
        PeepholeError: the folder cannot be written.
    """
    saved = folder.checkpoints()
    back = [event.details.get("back") for event in events if event.event == "diverged"]
    needed = [update for update in back if isinstance(update, int)]  # the file may be anybody's
    for update in sorted(set(saved) - set(kept(saved, folder.config.every.checkpoint, needed))):
        for path in folder.probe(update), folder.checkpoint(update):
            with told(path):
                path.unlink(missing_ok=True)
