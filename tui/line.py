"""A line to type in whose keys act in the order in which they come, however fast that is."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding
from textual.events import Key
from textual.widgets import Input


class Line(Input):
    """An input that acts on its own bindings where it meets their keys.

    Textual hands a key that is no letter up to the app first, which then looks for a binding: letters that
    came after it are typed meanwhile, so that Backspace removes a later letter.

    Attributes:
        MORE: further keys of this kind, with their actions.
    """

    MORE: ClassVar[dict[str, str]] = {}

    async def _on_key(self, event: Key) -> None:
        action = None if event.is_printable else self._actions().get(event.key)
        if action is not None:
            event.stop()
            event.prevent_default()
            await self.run_action(action)

    @classmethod
    def _actions(cls) -> dict[str, str]:
        found: dict[str, str] = {}
        for kind in reversed(cls.__mro__):
            for binding in vars(kind).get("BINDINGS", ()) if issubclass(kind, Input) else ():
                assert isinstance(binding, Binding)
                found |= dict.fromkeys(binding.key.split(","), binding.action)
        return found | cls.MORE
