"""What is played, and how; and the app that plays it, over and over in a booth."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import PeepholeError
from tui import start

if TYPE_CHECKING:
    from scenarios.script import Scenario

SOON, LATER = (
    5.0,
    60.0,
)  # seconds: an app that ends sooner is broken; how long it then waits at most


@dataclass(frozen=True)
class Show:
    """What was asked for.

    Attributes:
        scenarios: played one after the other.
        loop: behind the last beat of the last one comes the first of the first.
        kiosk: it plays by itself, and nobody can leave it.
        watch: a scenario's file is read again when it changes.
        minutes: that there are; 0 counts none down.
        big: whether it begins with large cells.
        beat: the first one, from 0.
    """

    scenarios: tuple[Scenario, ...]
    loop: bool = False
    kiosk: bool = False
    watch: bool = False
    minutes: float = 0.0
    big: bool = False
    beat: int = 0


def run(show: Show) -> None:
    """Play it until it is left, and end the process with its code.

    Raises:
        PeepholeError: there is no such beat, or no terminal.
    """
    beats = len(show.scenarios[0].beats)
    if show.beat >= beats:
        name = show.scenarios[0].name
        raise PeepholeError(
            f"{name} has no beat {show.beat + 1}", where="--beat", do=f"It has 1 to {beats}"
        )
    start.terminal()
    start.quick()
    from tui.present.app import PlayApp

    problem, waits = "", 0.0
    while True:
        began = time.monotonic()
        app = PlayApp(show, problem, plain=start.only_ascii())
        app.run()
        if not show.kiosk or app.left:
            sys.exit(app.return_code or 0)
        problem = f"It ended by a mistake and began again: {app.problem}"
        waits = 0.0 if time.monotonic() - began > SOON else min(LATER, 2 * waits + 1)
        time.sleep(waits)
        show = replace(show, scenarios=(*show.scenarios[1:], show.scenarios[0]), beat=0)
