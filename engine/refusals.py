"""Interventions that a model cannot undergo, refused before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from engine.edits import CROSS, SAID
from engine.errors import PeepholeError
from engine.interventions import CutEdge, CutHead, EditAttention, Hold, Intervention
from engine.models import LanguageModel, reads


def check(model: LanguageModel, interventions: Sequence[Intervention]) -> None:
    """Refuse an intervention on something that the model does not have.

    Raises:
        PeepholeError: naming the value, layer, unit or head, and what there is.
    """
    architecture = model.architecture
    axes = architecture.axes
    for item in interventions:
        name = getattr(item, "name", None)
        if name is not None and (name not in axes or name == "logits"):
            known = ", ".join(n for n in axes if n != "logits")
            raise PeepholeError(
                f"{model.name} has no value {name!r} to hold", do=f"It has: {known}"
            )
        layer, head = getattr(item, "layer", None), getattr(item, "head", None)
        if layer is not None and not 0 <= layer < architecture.layers:
            raise PeepholeError(
                f"{model.name} has layers 0 to {architecture.layers - 1}, not {layer}"
            )
        if isinstance(item, EditAttention) and item.of not in axes:
            other = next((said for of, said in SAID.items() if of in axes and of != item.of), "")
            raise PeepholeError(
                f"{model.name} has no {SAID[item.of]}", do=other and f"It has {other}"
            )
        if hasattr(item, "head"):
            of = item.of if isinstance(item, CutHead | EditAttention) else ""
            heads = _heads(model, of)
            if not 0 <= (head or 0) < heads:
                has = f"heads 0 to {heads - 1}" if heads else "no attention heads"
                raise PeepholeError(
                    f"{model.name} has {has}{' of cross-attention' * ('cross' in of)}"
                )
        if isinstance(item, CutEdge) and item.key > item.query and _causal(model):
            raise PeepholeError(
                f"row {item.query} cannot be cut from row {item.key}",
                do="Only an edge to an earlier row can be cut: no row sees a later one",
            )
        if isinstance(item, Hold):
            _fits(model, item)
        token = getattr(item, "token", None)
        if token is not None:
            model.vocabulary.encode([token])


def _heads(model: LanguageModel, of: str) -> int:
    """How many heads look, of all attention or of that which `of` says; a cell that attends has one."""
    axes = model.architecture.axes
    attends = of in axes if of else "weights" in axes or CROSS in axes
    return getattr(model.architecture, "heads", 1) if attends else 0


def _causal(model: LanguageModel) -> bool:
    return reads(model.architecture) == "tokens"


def _fits(model: LanguageModel, hold: Hold) -> None:
    """Refuse units that a value does not have, or another number of values than of units."""
    axis = model.architecture.axes[hold.name][-1]
    if axis == "key":
        raise PeepholeError(
            f"{hold.name!r} cannot be held, it grows with the text",
            do="Cut an edge or a head instead",
        )
    width = model.architecture.width
    sizes = {"unit": width, "input": model.params["E"].shape[-1]}
    size = sizes[axis] if axis in sizes else width // getattr(model.architecture, "heads", 1)
    if any(unit >= size for unit in hold.units):
        raise PeepholeError(
            f"{hold.name} of {model.name} has units 0 to {size - 1}, not {max(hold.units)}"
        )
    given = hold.value if isinstance(hold.value, tuple) else ()
    if given and not hold.units and len(given) != size:
        raise PeepholeError(f"{len(given)} values for {size} units of {hold.name}")
