"""Waiting for what something else makes true: for as long as it takes, and not for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

PATIENCE = 60.0  # seconds until what is waited for counts as never coming
What = Callable[[], object] | object


def wait(condition: Callable[[], Any], what: What = "") -> Any:
    """The first true value of a condition; `what` is said if it never comes."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        _on_time(end, condition, what)
        time.sleep(0.02)
    return value


async def until(condition: Callable[[], Any], what: What = "") -> Any:
    """The same where the test is one of several tasks."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        _on_time(end, condition, what)
        await asyncio.sleep(0.005)
    return value


def _on_time(end: float, condition: Callable[[], Any], what: What) -> None:
    if time.monotonic() > end:
        raise AssertionError(f"never came: {what() if callable(what) else what or condition}")
