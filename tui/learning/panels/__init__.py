"""The panels of the learning screen, one file each. Adding one is one file here and one line below."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.learning.panels.base import Panel

PANELS: dict[str, str] = {
    "loss": "tui.learning.panels.loss:LossPanel",
    "params": "tui.learning.panels.params:ParamsPanel",
    "time": "tui.learning.panels.through_time:ThroughTimePanel",
    "inside": "tui.learning.panels.inside:InsidePanel",
    "score": "tui.learning.panels.reading:ReadingPanel",
    "findings": "tui.learning.panels.findings:FindingsPanel",
}
"""By name; the keys 1 to 6 show them in full size, in this order."""


def load(name: str) -> type[Panel]:
    """The class of a panel, imported when it is first asked for."""
    module, _, attribute = PANELS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
