"""What the attention view says above and below its map."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from engine import Trace
from tui.views.axis import label
from tui.views.multiples import Panel
from tui.views.scale import ADDS_UP, Scale
from tui.views.sight import ROLLOUT, Sight, Spot, share


def title(parts: Sequence[str], row: int, entropy: str, width: int) -> Text:
    """What is shown, and the entropy of a row in as many words as there is room for."""
    text = " · ".join(parts)
    for words in (f" · entropy of row {row}: ", " · entropy: ", " · "):
        if entropy and len(text + words + entropy) <= width:
            return Text(text + words + entropy, no_wrap=True)
    return Text(text, no_wrap=True)


def readout(tokens: Sequence[str], panel: Panel, seen: Sight, at: Spot | None, cursor: int) -> Text:
    """The number under the cursor, and the heaviest that could stand there instead."""
    if at is None:
        words = f"{tokens[cursor]!r}({cursor}): nothing of the target is read yet"
        return Text(words, "bold", no_wrap=True)
    verb = "is made of" if panel.name == ROLLOUT else "looks at"
    text = f"{tokens[at.row]!r}({at.row}) {verb} {tokens[at.key]!r}({at.key}): "
    text += f"{share(seen, panel.values, at.row, at.key):.4f}"
    if at.best != at.chosen:
        row, key = (at.best, at.key) if at.across else (at.row, at.best)
        most = share(seen, panel.values, row, key)
        text += f"   most: {label(at.best, tokens)} {most:.4f}"
    return Text(text, "bold", no_wrap=True)


def legend(trace: Trace, scale: Scale) -> Text:
    """The scale, and whether a row is whole."""
    text = scale.legend()
    if trace.header.architecture.get("local") == "predictive":  # Luong et al. 2015, eq. 10
        text.right_crop(len(ADDS_UP))
        text.append(" · a window takes a part off")
    return text


def without(trace: Trace, called: str) -> str:
    """What a model without attention has instead."""
    has = "only its encoder's last state crosses" if trace.source else "it carries a state"
    if trace.source == len(trace):
        has = "it carries a state each way"
    return f"{called} has no attention: {has} instead."
