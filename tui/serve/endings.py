"""Why a visit is over: one table, from which come the word in the log and the line that the visitor reads."""

from __future__ import annotations

import signal

ENDINGS = {
    "quit": "",
    "idle": "You have pressed no key for {} s.",
    "total": "Your time here is over: {} s.",
    "closing": "The server is closing. Come back later.",
    "failed": "peephole has failed here. It is not your fault, and it has been noted.",
    "memory": "This visit has used all the memory that it may.",
    "cpu": "This visit has used all the processor time that it may.",
    "killed": "peephole was stopped here.",
    "gone": "",
    "stalled": "",
}  # by reason; "" is for who has left, or reads nothing. docs/serving.md says when each comes
_CODES = {0: "quit", 70: "failed", 71: "memory", 72: "gone", -signal.SIGXCPU: "cpu"}


def reason(code: int) -> str:
    """Why an app ended by itself, with this exit code (or the negative number of a signal)."""
    return _CODES.get(code, "killed")


def line(reason: str, seconds: int = 0) -> str:
    """What the visitor reads; `seconds` is the limit that was reached, where it was one of time."""
    return ENDINGS[reason].format(seconds)
