"""Training: what a recorded run wrote down, and short runs that are made on the spot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import PeepholeError, did_you_mean
from scenarios.lanes import Lane
from scenarios.measures.table import a_lane, measure, whole

if TYPE_CHECKING:
    from engine.learning.folder import RunFolder
    from engine.learning.metrics import Metrics
    from engine.training import Training

LONGEST = 50  # updates that a measure may train by itself


@measure("updates")
def run_length(lane: Lane) -> int:
    """How many updates a recorded run took in all; `updates` is the one that the lane shows."""
    return _metrics(lane)[1].last


@measure("length of a task")
def trained_length(lane: Lane) -> int:
    """At which length of its task a recorded run was trained."""
    task = _metrics(lane)[0].config.task
    assert task is not None  # a lane is of a run that has one
    return task.length


@measure("share right, or squared error")
def chance(lane: Lane) -> float:
    """What guessing reaches in the task of a recorded run."""
    from scenarios import tasks

    task = _metrics(lane)[0].config.task
    assert task is not None
    return tasks.load(task.name, task.length).chance


@measure("as the setting")
def setting(lane: Lane, name: str) -> float:
    """A number of the recipe that a recorded run began with: lr, clip, k1, k2, forget_bias ..."""
    recipe = _metrics(lane)[0].config.recipe
    found = recipe.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        known = [key for key, value in recipe.items() if type(value) in (int, float)]
        raise PeepholeError(f"no number {name!r} in a recipe", do=did_you_mean(name, known))
    return found


@measure("updates, 0 for never")
def learned_at(lane: Lane) -> int:
    """The update from which a recorded run had learned its task: 95 of 100 answers right, averaged over
    some twenty updates (for numbers: a squared error below 0.01)."""
    from engine.learning.derived import learned_at as found
    from scenarios import tasks

    folder, metrics = _metrics(lane)
    assert folder.config.task is not None
    task = tasks.load(folder.config.task.name, folder.config.task.length)
    value = task.loss == "value"
    scores = metrics.loss if value else metrics.accuracy
    return found(metrics.update, scores, task.learned, below=value) or 0


@measure("updates, 0 for never")
def diverged_at(lane: Lane) -> int:
    """The update at which a recorded run had no finite loss or gradient any more."""
    events = _metrics(lane)[1].events
    at = (e.details.get("at", e.update) for e in events if e.event == "diverged")
    return next(map(int, at), 0)


@measure("nats or squared error")
def run_loss(lane: Lane, update: int | None = None) -> float:
    """The loss of a recorded run at an update; without one, the mean of its last twenty."""
    return _at(lane, "loss", update)


@measure("share right")
def run_accuracy(lane: Lane, update: int | None = None) -> float:
    """The accuracy of a recorded run on the batch of an update; without one, the mean of its last
    twenty."""
    return _at(lane, "accuracy", update)


@measure("norm, before clipping")
def run_norm(lane: Lane, update: int | None = None) -> float:
    """The norm of all gradients of a recorded run at an update; without one, the largest of all."""
    if update is not None:
        return _at(lane, "norm", update)
    return float(np.nanmax(_metrics(lane)[1].norm))


@measure("updates, 0 for never")
def diverges_at(
    lane: Lane, task: str, lr: float = 0.5, clip: float = 0.0, updates: int = 10
) -> int:
    """Trains an untrained lane on the spot, by plain gradient descent on 32 sequences an update, and
    gives the update at which the loss or the gradient is no finite number any more."""
    return _short(a_lane(lane), task, float(lr), float(clip), whole(updates, 1, LONGEST))[0]


@measure("updates")
def survives(lane: Lane, task: str, lr: float = 0.5, clip: float = 0.0, updates: int = 10) -> int:
    """How many updates of that same short run gave finite numbers."""
    at = diverges_at(lane, task, lr, clip, updates)
    return at - 1 if at else whole(updates, 1, LONGEST)


@measure("list of norms, before clipping")
def norms(
    lane: Lane, task: str, lr: float = 0.5, clip: float = 0.0, updates: int = 10
) -> np.ndarray:
    """The norms of the gradient in that same short run, update by update."""
    found = _short(a_lane(lane), task, float(lr), float(clip), whole(updates, 1, LONGEST))[1]
    return np.array(found)


@measure("cosine: 1 for the same direction")
def clip_cosine(lane: Lane, task: str, clip: float = 1.0, by: str = "norm") -> float:
    """How far clipping turns the first gradient of that short run: by its whole `norm` (Pascanu and
    others 2013), or every `value` of it by itself."""
    from engine.optim import clip_by_norm

    if by not in ("norm", "value"):
        raise PeepholeError(f"no way to clip by {by!r}", do="Clip by 'norm' or by 'value'")
    grads = {name: np.asarray(g, float) for name, g in _first(a_lane(lane), task).items()}
    if by == "norm":
        clipped = clip_by_norm(grads, float(clip))[0]
    else:
        clipped = {name: np.clip(g, -clip, clip) for name, g in grads.items()}
    one, two = (np.concatenate([g.ravel() for g in each.values()]) for each in (grads, clipped))
    return float(one @ two / (np.linalg.norm(one) * np.linalg.norm(two)))


@measure("norm")
def weight_norm(lane: Lane) -> float:
    """The norm of all weights of a model together, to compare with that of a gradient."""
    from engine.optim import global_norm

    return global_norm(a_lane(lane).model.params)


def _at(lane: Lane, column: str, update: int | None) -> float:
    metrics = _metrics(lane)[1]
    values = getattr(metrics, column)
    if update is None:
        return float(np.nanmean(values[-20:]))
    place = np.flatnonzero(metrics.update == whole(update, 1, max(1, metrics.last)))
    if not place.size:
        raise PeepholeError(f"{lane.label} recorded no update {update}")
    return float(values[place[0]])


def _metrics(lane: Lane) -> tuple[RunFolder, Metrics]:
    if a_lane(lane).run is None:
        raise PeepholeError(f"{lane.label} is no recorded run", do="Give the lane a `run`")
    return _read(str(lane.run))


@lru_cache(maxsize=64)
def _read(path: str) -> tuple[RunFolder, Metrics]:
    from engine.learning.folder import RunFolder

    folder = RunFolder.open(path)
    return folder, folder.read()


@lru_cache(maxsize=64)
def _first(lane: Lane, task: str) -> Mapping[str, Any]:
    """The gradients of the first update, by parameter."""
    training = _training(lane, task, 0.0, 0.0, 1)
    with np.errstate(all="ignore"):
        list(training.run())
    return training.grads


@lru_cache(maxsize=64)
def _short(
    lane: Lane, task: str, lr: float, clip: float, updates: int
) -> tuple[int, Sequence[float]]:
    """Where it diverged (0: nowhere) and the gradient's norms until then."""
    from engine.training import Diverged

    seen = []
    with np.errstate(all="ignore"):  # to explode is what it may do
        try:
            for progress in _training(lane, task, lr, clip, updates).run():
                seen.append(progress.norm)
        except Diverged as error:
            seen.append(error.norm)
            return error.update, seen
    return 0, seen


def _training(lane: Lane, task: str, lr: float, clip: float, updates: int) -> Training:
    """Plain gradient descent from a lane's weights, 32 sequences an update."""
    from engine.arrays import NUMPY
    from engine.optim import optimiser
    from engine.training import Recipe, Training
    from scenarios.readers import task as find

    of = find(task)
    recipe = Recipe(
        steps=updates, batch=32, lr=lr, warmup=0, clip=clip, optimiser="sgd", schedule="constant",
        loss=of.loss,
    )  # fmt: skip
    params = NUMPY.params(lane.model.params)
    return Training(
        lane.model.architecture, recipe, NUMPY, lambda step: of.batch(0, step, 32), params,
        optimiser("sgd", params, 0.0),
    )  # fmt: skip
