"""Saving something in a file that the user names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine import PeepholeError
from tui.guest import visitor

if TYPE_CHECKING:
    from tui.learning.core import Core as LearningCore
    from tui.screens.core import Core


def save_as(
    screen: Core | LearningCore, what: str, name: str, save: Callable[[Path], object]
) -> None:
    """Ask where to, beginning with `name`; then `save` writes it, beside the interface."""
    if visitor() is not None:
        screen.complain(PeepholeError("a guest saves nothing"))
        return
    from tui.dialogs.save_as import SaveAsDialog

    def work(path: Path) -> None:
        try:
            save(path)
        except OSError as error:
            reason = error.strerror or str(error)
            mistake = PeepholeError(
                f"cannot be written ({reason})", where=path.name, do="Choose another place"
            )
            screen.app.call_from_thread(screen.complain, mistake)
        except PeepholeError as error:
            screen.app.call_from_thread(screen.complain, error)
        else:
            said = f"Saved {what}: {path.name}"  # where it is was typed a moment ago
            screen.app.call_from_thread(screen.notify, said, markup=False)

    def answer(path: Path | None) -> None:
        if path is not None:
            screen.run_worker(lambda: work(path), thread=True, group="save")

    screen.app.push_screen(SaveAsDialog(what, name, Path(name).suffix), answer)


def save_picture(screen: Core | LearningCore, name: str) -> None:
    """Save what is on the screen now as an SVG."""
    picture = screen.app.export_screenshot(title="peephole")
    save_as(screen, "the picture", name, lambda path: path.write_text(picture, encoding="utf-8"))
