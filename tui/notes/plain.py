"""`peephole notes --plain`: a line a beat, for a pipe or a terminal that is only a printer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import PeepholeError
from tui.following.link import Link
from tui.notes.card import Card
from tui.notes.finding import found
from tui.notes.timing import clock


async def follow(path: Path | None, say: Callable[[str], None], wait: Callable[[], None]) -> None:
    """Say a line for every beat of a presentation, until it ends.

    Args:
        path: of its socket; None: the one that there is.
        say: is given each line.
        wait: is called once where there is no presentation yet.

    Raises:
        PeepholeError: there are several.
    """
    choices = await found(path)
    if not choices:
        wait()
    while not choices:
        await asyncio.sleep(1.0)
        choices = await found(path)
    if len(choices) > 1:
        raise PeepholeError(
            "several presentations run:\n" + "\n".join(f"  {choice}" for choice in choices),
            do=f"Name one by its process: peephole notes --plain {choices[0].pid}",
        )
    said: list[str] = []
    over = asyncio.Event()

    def got(message: dict[str, Any] | None) -> None:
        if message is None:
            over.set()
            return
        try:
            card = Card.from_record(message.get("state"))
        except PeepholeError:
            return
        if (words := line(card)) and words != (said[-1] if said else ""):
            said.append(words)
            say(words)

    link = Link(choices[0].path, "listener", got)
    link.start()
    try:
        await over.wait()
    finally:
        await link.stop()


def line(card: Card) -> str:
    """A beat in a line; "" as long as it is on its way, with nothing measured yet."""
    if not (card.said or card.problem or (card.asks and card.known)):
        return ""
    choices = [
        f"{chr(ord('a') + n)} {choice}{' (right)' if right else ''}"
        for n, (choice, right) in enumerate(card.choices)
    ]
    failed = sum(not passed for *_, passed in card.claims)
    parts = [
        f"{card.beat + 1}/{card.beats}", clock(card.since - card.began), card.heading,
        " ".join(card.notes.split()) or "(no notes)",
        f"they are asked: {' '.join(card.asks.split())}" if card.asks else "",
        ", ".join(choices),
        f"the answer: {card.answer}" if card.answer else "",
        f"{failed} claims FAILED" if failed else "",
        f"next: {card.following}" if card.following else "the last beat",
    ]  # fmt: skip
    return " · ".join(part for part in parts if part)
