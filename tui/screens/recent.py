"""The sentences typed lately, kept from one session to the next."""

from __future__ import annotations

import json
from pathlib import Path

from platformdirs import user_state_path

from tui.guest import visitor

MOST = 5


def _file() -> Path:
    return user_state_path("peephole") / "recent.json"


def recent() -> list[str]:
    """The last sentences, the newest first; none where there is no such file, or a foreign one, or for
    guests."""
    if visitor() is not None:
        return []
    try:
        texts = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [t for t in texts if isinstance(t, str)][:MOST] if isinstance(texts, list) else []


def remember(text: str) -> None:
    """Put a sentence first; a home that cannot be written to is no reason to stop. Guests leave none."""
    if visitor() is not None:
        return
    texts = [text, *(other for other in recent() if other != text)][:MOST]
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    except OSError:
        return
