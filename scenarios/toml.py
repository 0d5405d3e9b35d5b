"""Values as a TOML file has them; `tomllib` only reads."""

from __future__ import annotations

import json
from typing import Any


def written(value: Any) -> str:
    """A text, a number, a truth, a list or an inline table."""
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {written(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    # a text of JSON is one of TOML, but for the one control character that JSON leaves bare
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
