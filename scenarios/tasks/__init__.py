"""Tasks to learn, each at any length: what the texts on gradients train their networks on.

TASKS              name -> module, loaded when asked for
load(name, length) the task

Adding a task is: one file with `DEFAULT`, `LIMITS`, `UNIT` and `task(length)`, one line here,
and one test that recomputes its answers.
"""

from __future__ import annotations

import importlib

from engine.errors import PeepholeError, did_you_mean, shown
from scenarios.tasks.task import Task

__all__ = ["TASKS", "Task", "load"]

TASKS = {
    "recall": "scenarios.tasks.recall",
    "adding": "scenarios.tasks.adding",
    "copy": "scenarios.tasks.copy",
    "parity": "scenarios.tasks.parity",
    "dyck": "scenarios.tasks.dyck",
    "order": "scenarios.tasks.order",
    "agreement": "scenarios.tasks.agreement",
    "coreference": "scenarios.tasks.coreference",
}


def load(name: str, length: int | None = None) -> Task:
    """The task of this name, at `length` or at the length that it is usually shown at.

    Raises:
        PeepholeError: no such task (the message names the nearest), or a length it cannot have.
    """
    if name not in TASKS:
        raise PeepholeError(f"no task {shown(name)}", do=did_you_mean(name, TASKS))
    module = importlib.import_module(TASKS[name])
    length = module.DEFAULT if length is None else length
    shortest, longest = module.LIMITS
    every = getattr(module, "EVERY", 1)
    if not shortest <= length <= longest or length % every:
        kind = {1: "", 2: "an even number "}[every]
        raise PeepholeError(
            f"{name} has a length of {kind}from {shortest} to {longest} {module.UNIT}, not {length}",
            do=f"`{name} {module.DEFAULT}` is a good beginning",
        )
    task: Task = module.task(length)
    return task
