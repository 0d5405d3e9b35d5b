"""Time as a speaker reads it."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """`0:07`, `12:05`, `1:02:03`; a time before zero has a minus."""
    whole = abs(int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    sign = "-" if seconds <= -1 else ""
    if hours:
        return f"{sign}{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{sign}{minutes}:{whole % 60:02d}"


def left(began: float, minutes: float, now: float) -> str:
    """Of so many minutes, `3:20 left` or `1:05 over`; "" where there is no limit."""
    if not minutes:
        return ""
    remains = began + 60 * minutes - now
    return f"{clock(remains)} left" if remains >= 0 else f"{clock(-remains)} over"
