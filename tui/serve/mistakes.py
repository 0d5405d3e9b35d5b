"""Mistakes in the folder of scenarios of a server: whoever serves it can mend them, no visitor."""

from __future__ import annotations

from pathlib import Path

MOST, LONGEST = 20, 300  # that are told, and characters of each


def mistakes(folder: Path) -> list[str]:
    """One line for each file that cannot be played, with its mistake; or that there is no scenario at all."""
    from engine.errors import PeepholeError
    from scenarios import published, shelf

    try:
        published.toml(folder)
    except PeepholeError as error:
        return [str(error)[:LONGEST]]
    broken = [one.problem for one in shelf.headings(folder, True) if one.problem]
    told = [problem[:LONGEST] for problem in broken[:MOST]]
    more = len(broken) - len(told)
    return [*told, f"{more} more files have mistakes"] if more else told
