"""Where to save a trace or a picture."""

from __future__ import annotations

import os
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input

from engine import PeepholeError
from tui.dialogs.base import Dialog


def place(text: str, suffix: str) -> Path:
    """The file that a typed path stands for; `suffix` is added where it has none.

    Raises:
        PeepholeError: nothing can be written there.
    """
    if not text.strip():
        raise PeepholeError("no file named yet", do=f"Type a path, such as trace{suffix}")
    if not text.isprintable():
        raise PeepholeError("no path: it has characters that cannot be seen", do="Type it anew")
    try:
        return _checked(Path(text.strip()).expanduser(), text.rstrip().endswith("/"), suffix)
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such home, a NUL in it
        raise PeepholeError(f"no path ({error})", where=text.strip()[:60]) from None


def _checked(path: Path, folder: bool, suffix: str) -> Path:
    if path.is_dir() or folder:
        raise PeepholeError("that is a folder", where=str(path), do="Add a file name")
    if not path.suffix:
        path = path.with_name(path.name + suffix)
    if path.suffix != suffix:
        raise PeepholeError(f"the file would not be {suffix}", where=path.name, do=f"Use {suffix}")
    if not path.parent.is_dir():
        raise PeepholeError(
            "no such folder", where=str(path.parent), do="Make it first, or choose another"
        )
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise PeepholeError("not allowed to write there", where=str(path), do="Choose another")
    return path


class SaveAsDialog(Dialog[Path]):
    """Where to save; the answer is a path that can be written to."""

    HINT = "A path; ~ is your home"

    def __init__(self, what: str, suggestion: str, suffix: str) -> None:
        """`what` is saved, e.g. "the trace"; `suffix` is its ending, e.g. ".safetensors"."""
        self.QUESTION = f"Save {what} as"
        super().__init__()
        self.suggestion, self.suffix = suggestion, suffix

    def fields(self) -> ComposeResult:
        yield Input(self.suggestion, id="path")

    def answer(self) -> Path:
        return place(self.query_one("#path", Input).value, self.suffix)

    def explain(self, answer: Path) -> str:
        verb = "replaces" if answer.exists() else "writes"
        return f"{verb} {answer.absolute()}"
