"""Watching a network learn: the screen, its panels, and the worker processes that it drives."""

from __future__ import annotations

from pathlib import Path


def launch(runs: list[Path], drive: bool) -> int:
    """Show one run or two on the screen until it is left. Returns the exit code.

    Args:
        runs: their folders.
        drive: whether workers of ours train them; otherwise what other processes write is followed.

    Raises:
        PeepholeError: a folder is no run.
    """
    from tui.app import PeepholeApp
    from tui.learning.screen import RunScreen
    from tui.start import only_ascii

    screen = RunScreen.open(runs, drive)
    app = PeepholeApp(first=screen, plain=only_ascii())
    app.run()
    for line in app.parting:
        print(line)
    return app.return_code or 0
