"""The README's pictures: `python -m tests.pictures` draws them anew into docs/."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from scenarios import shelf
from tui.app import PeepholeApp, read
from tui.learning.screen import RunScreen

DOCS = Path(__file__).parents[1] / "docs"
RUNS = Path(__file__).parents[1] / "scenarios" / "runs"
SENTENCE = "the cats that sat on the mat that was red were happy ."


async def draw(name: str, app: PeepholeApp, size: tuple[int, int], *keys: str) -> None:
    """One picture: the app after these keys."""
    async with app.run_test(size=size) as pilot:
        await app.workers.wait_for_complete()
        for key in keys:
            await pilot.press(key)
            await app.workers.wait_for_complete()
            await pilot.pause()
        await pilot.pause(1.0)  # what is drawn at most so often has been drawn
        (DOCS / f"{name}.svg").write_text(app.export_screenshot(), encoding="utf-8")


async def main() -> None:
    DOCS.mkdir(exist_ok=True)
    os.environ["COLORTERM"], os.environ["TERM"] = "truecolor", "xterm-256color"
    os.environ.pop("NO_COLOR", None)
    await draw("score", PeepholeApp(read(["lstm"], SENTENCE)), (120, 30), "end", "up", "up")
    await draw("compare", PeepholeApp(read(["lstm", "transformer"], SENTENCE)), (120, 24), "end")
    await draw("attention", PeepholeApp(read(["transformer"], SENTENCE)), (120, 40), "end", "2")
    await draw("gradient", PeepholeApp(read(["lstm"], SENTENCE)), (120, 40), "end", "3")
    heard = PeepholeApp(read(["spell-bahdanau"], "photograph"))
    await draw("alignment", heard, (120, 30), "end", "8")
    runs = [RUNS / "recall-lstm-50-bias", RUNS / "recall-lstm-50"]
    await draw("learn", PeepholeApp(first=RunScreen.open(runs, False)), (150, 40))
    scenario = PeepholeApp(None, shelf.find("agreement"))
    await draw("agreement", scenario, (120, 36), "pagedown", "pagedown", "pagedown", "pagedown")


if __name__ == "__main__":
    asyncio.run(main())
