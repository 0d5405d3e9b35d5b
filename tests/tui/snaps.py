"""How a screen comes to be as it is compared with its picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

SIZES = [(80, 24), (120, 40), (200, 60)]
Snap = Callable[..., bool]
Step = Callable[[Pilot], Awaitable[None]]


def name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def keys(settled: Step, *pressed: str, theme: str = "peephole-dark") -> Step:
    """Press keys one after the other, each when all that the one before began has ended."""

    async def press(pilot: Pilot) -> None:
        pilot.app.theme = theme
        await settled(pilot)
        for key in pressed:
            await pilot.press(key)
            await settled(pilot)

    return press
