"""New run folders from what a dialog answered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import PeepholeError
from engine.learning.folder import RunFolder
from tui.learning.live import LiveRun

if TYPE_CHECKING:
    from tui.app import PeepholeApp
    from tui.learning.dialogs.setting import Setting


def begin(app: PeepholeApp, task: str) -> None:
    """Ask for a setting, begin with good values for the task, and show the run that comes of it."""
    from tui.learning.dialogs.setting import SettingDialog, usual
    from tui.learning.screen import RunScreen

    def answer(setting: Setting | None) -> None:
        if setting is None:
            return
        try:
            app.push_screen(RunScreen([LiveRun(create(setting))], drive=True))
        except PeepholeError as error:
            app.notify(str(error), severity="error", timeout=8, markup=False)

    app.push_screen(SettingDialog(usual(task)), answer)


def setting_of(run: LiveRun) -> Setting:
    """What a run was started with."""
    from tui.learning.dialogs.setting import Setting

    config = run.folder.config
    assert config.task is not None
    assert config.model is not None
    spec, model = config.task, config.model
    return Setting(spec.name, spec.length, model.cell, model.width, dict(config.recipe))


def create(setting: Setting, like: RunFolder | None = None) -> RunFolder:
    """A new run; `like` another one in all that a dialog does not ask for.

    Raises:
        PeepholeError: what was asked for does not go together, or the place cannot be written.
    """
    from scenarios.learning.plan import KNOBS, begin, plan

    knobs: dict[str, Any] = {k: v for k, v in setting.recipe.items() if k in KNOBS}
    if like is not None and like.config.model is not None:
        model, backend = like.config.model, like.config.backend
        if "transformer" not in (model.cell, setting.cell):
            knobs |= {"embed": model.embed, "layers": model.layers, "residual": model.residual}
        knobs |= {
            "every": like.config.every,
            "backend": backend["name"],
            "device": backend["device"],
        }
    planned = plan(setting.task, setting.cell, length=setting.length, width=setting.width, **knobs)
    return begin(
        planned, free(like.path.parent, f"{setting.task}-{setting.cell}-1") if like else None
    )


def branch(run: LiveRun, update: int, new: dict[str, Any]) -> RunFolder:
    """A run of its own that begins as `run` was after `update`, with other knobs from there on.

    Raises:
        PeepholeError: no such checkpoint, or the place cannot be written.
    """
    from engine.learning.branch import branched
    from scenarios.learning import worker

    path = free(run.path.parent, f"{run.name}-at-{update}")
    return branched(run.folder, path, worker.task_of(run.folder), update, **new)


def free(folder: Path, name: str) -> Path:
    """NAME in a folder, or the first of NAME-2, NAME-3 ... that nothing is at; 2, 3 ... if it has a 1."""
    stem = name.removesuffix("-1")
    path, number = folder / name, 2
    while path.exists():
        path, number = folder / f"{stem}-{number}", number + 1
    return path
