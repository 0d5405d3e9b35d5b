"""A fork server whose app breaks as it begins. `python -m tests.serve.crash`."""

from __future__ import annotations

from collections.abc import Callable

from tui.app import PeepholeApp
from tui.serve import forks


def _break(self: PeepholeApp) -> None:
    token = "".join(reversed("terces-eht"))
    raise ValueError(f"it broke after {len(token)} letters")


def _preload(rehearsed: Callable[[], None] = forks.preload) -> None:
    rehearsed()
    PeepholeApp.on_mount = _break  # type: ignore[method-assign]


if __name__ == "__main__":
    forks.preload = _preload
    forks.main()
