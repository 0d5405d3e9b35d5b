"""Models that others trained, read from where their own packages lie. Nothing of them is bundled or run.

A module has `ABOUT`, one line, `INSTALL`, how to get its package, `checkpoint()`, where its weights lie
(PeepholeError: nowhere), and `load() -> LanguageModel`.
"""

from __future__ import annotations

from engine import registry
from engine.errors import PeepholeError
from engine.models import LanguageModel

FOREIGN = {"g2p-en": "engine.foreign.g2p_en"}


def load(name: str) -> LanguageModel:
    """A foreign model.

    Raises:
        PeepholeError: there is no such model, or its package is not installed or not what it was.
    """
    loaded: LanguageModel = registry.load(FOREIGN, name, "foreign model").load()
    return loaded


def about(name: str) -> str:
    """What a foreign model is, in one line, and how to get it where it is not here."""
    module = registry.load(FOREIGN, name, "foreign model")
    try:
        module.checkpoint()
    except PeepholeError:
        return f"{module.ABOUT}  [{module.INSTALL}]"
    return f"{module.ABOUT}  [{name}]"
