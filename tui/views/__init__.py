"""Full-size views of a trace, one file each; the screen mounts one and calls `show`.

Adding a view is one file here and one line below.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from engine.errors import PeepholeError, did_you_mean

if TYPE_CHECKING:
    from tui.views.base import View

VIEWS: dict[str, str] = {
    "attention": "tui.views.attention:AttentionView",
    "gradient": "tui.views.gradient:GradientView",
    "equation": "tui.views.equation:EquationView",
    "unit": "tui.views.unit:UnitView",
    "jacobian": "tui.views.jacobian:JacobianView",
    "training": "tui.views.training:TrainingView",
    "alignment": "tui.views.alignment:AlignmentView",
    "decoding": "tui.views.decoding:DecodingView",
    "residual": "tui.views.residual:ResidualView",
    "patching": "tui.views.patching:PatchingView",
}


def load(name: str) -> type[View]:
    """The class of a view, imported when it is first asked for.

    Raises:
        PeepholeError: there is no view of that name; the message names those there are.
    """
    if name not in VIEWS:
        raise PeepholeError(f"no view {name!r}", do=did_you_mean(name, VIEWS))
    module, _, attribute = VIEWS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
