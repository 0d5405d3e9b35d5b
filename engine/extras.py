"""How to add what the base install leaves out, in words that work for the installation at hand."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]  # of a clone; of an installed package, its site-packages


def install(extra: str, root: Path = ROOT) -> str:
    """The command that adds an extra: `serve`, `video`, `torch`, `data` ...

    Peephole is on no index, so its bare name is no help to anybody who runs a clone: there the clone is
    installed again, editable as it was, and by `run.py` where that made the environment.
    """
    if not ((root / "run.py").is_file() and (root / "pyproject.toml").is_file()):
        return f"pip install 'peephole[{extra}]', from where peephole itself came"
    where = os.path.relpath(root)
    if Path(sys.prefix).resolve() == (root / ".venv").resolve():
        return f"python3 {shlex.quote(os.path.normpath(os.path.join(where, 'run.py')))} install {extra}"
    return f"{shlex.quote(sys.executable)} -m pip install -e {shlex.quote(f'{where}/[{extra}]')}"
