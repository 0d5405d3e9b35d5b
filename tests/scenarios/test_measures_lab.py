"""The measures of gradients and training against their lenses, or against a few lines done by hand."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import lenses, run
from engine.arrays import NUMPY
from engine.errors import PeepholeError
from engine.learning.config import Config, ModelSpec, TaskSpec
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event, Update
from engine.training import Recipe, Training
from scenarios.evaluate import on_task
from scenarios.expressions import evaluate, parse
from scenarios.lanes import Lane
from scenarios.measures import MEASURES
from scenarios.readers import find, task
from scenarios.script import Reading, Untrained
from tests.scenarios.models import untrained

TEXT = "the cats that sat on the mat that was red were happy ."
R = 11  # reads "were"


def lane(name: str) -> Lane:
    model = untrained(name)
    return Lane(name, model, run(model, TEXT))


def fresh(cell: str, of: str, **drawn: Any) -> Lane:
    model = find(Untrained(cell, **drawn), Reading(task=of), Path(), untrained).model
    return Lane(cell, model, run(model, task(of).probe_tokens()))


def recorded() -> Lane:
    """A run of three updates that did not end well."""
    model = FRESH.model
    path = Path(tempfile.mkdtemp()) / "a-run"
    config = Config(
        "a-run", task=TaskSpec("recall", 3), model=ModelSpec("gru", 8), recipe=asdict(Recipe())
    )
    folder = RunFolder.create(path, config)
    folder.append(
        Update(1, 2.0, 0.25, 3.0, 0.1, 0.0),
        Update(2, 1.0, 0.5, 7.0, 0.1, 0.1),
        Update(3, np.nan, np.nan, np.nan, 0.1, 0.2),
        Event(3, "diverged", "gone"),
    )
    return Lane("recorded", model, FRESH.trace, run=path)


def truncated() -> Lane:
    """Trained, it says, in pieces of three rows."""
    model = replace(FRESH.model, card={"recipe": {"k1": 3, "k2": 3}})
    return Lane("cut_off", model, run(model, [*FRESH.trace.tokens, "?"]))


RECALL = task("recall 3")
FRESH = fresh("gru", "recall 3", width=8)
LANES = {
    "lstm": lane("lstm"), "rnn": lane("rnn"), "gru": lane("gru"), "fresh": FRESH,
    "tf": lane("transformer"), "cut_off": truncated(),
    "relu": fresh("relu", "recall 20", init="orthogonal", gain=1.5), "recorded": recorded(),
}  # fmt: skip
L, RNN, GRU = LANES["lstm"], LANES["rnn"], LANES["gru"]


def by_hand() -> list[float]:
    """Gradient norms of two updates of plain gradient descent, written out."""
    params, norms = dict(FRESH.model.params), []
    recipe = Recipe(steps=1, batch=32, lr=1.0, warmup=0, clip=0.0)
    for step in range(2):
        batch = RECALL.batch(0, step, 32)
        training = Training.start(FRESH.model.architecture, recipe, NUMPY, {0: batch}.__getitem__)
        training.params = params  # its own step number is 0 for both
        norms.append(training.update().norm)
        params = {name: w - 0.1 * training.grads[name] for name, w in params.items()}
    return norms


EXPECTED = {
    "product(rnn, 'cats', here)": lenses.jacobian_product(RNN.model, RNN.trace, 2, R)["norm"].array[
        0
    ],
    "product(lstm, 9)": lenses.jacobian_product(L.model, L.trace, 9, 13)["norm"].array[0],
    "product(lstm, 9, here, of='c')": L.trace["f"][10:12, 0].astype(float).prod(0).max(),
    "factor(lstm, 9)": lenses.jacobian_product(L.model, L.trace, 9, 13)["norm"].array[0] ** 0.25,
    "radius(rnn, here)": lenses.spectrum(RNN.model, RNN.trace, R)["radius"].array[0],
    "lag_share(rnn, here, 9)": lenses.lag_shares(RNN.model, RNN.trace, R)["share"].array[9, 0],
    "sum(lag_share(rnn, here))": 1,
    "saturated(rnn, here)": (np.abs(RNN.trace["h"][R, 0]) > np.sqrt(0.81)).mean(),
    "share_within(rnn, here, 11)": 1,
    "share_within(rnn, here, 2)": lenses.lag_shares(RNN.model, RNN.trace, R)["share"]
    .array[9:11]
    .sum(),
    "cut(lstm, here)": 0,
    "cut(cut_off, 6)": 3,
    "slope(rnn, here)": (1 - RNN.trace["h"][R, 0].astype(float) ** 2).mean(),
    "kept(lstm, 3, here, 17)": float(L.trace["f"][4:12, 0, 17].astype(float).prod()),
    "mean(kept(gru, 3, here, gate='z'))": GRU.trace["z"][4:12, 0].astype(float).prod(0).mean(),
    "half_life(0.5 ** 0.1)": 10,
    "window(0.9)": 10,
    "item(average(gru, here, 5), here)": 1 - GRU.trace["z"][R, 0, 5],
    "item(average(gru, here, 5), 9)": (1 - GRU.trace["z"][9, 0, 5])
    * GRU.trace["z"][10:12, 0, 5].astype(float).prod(),
    "average_error(gru) < 1e-12": True,
    "power(1.1, 3)": 1.331,
    "tanh_slope(0.8)": 0.36,
    "log10(0.001)": -3,
    "accuracy(fresh, 'recall 3', n=40, seed=2)": on_task(FRESH.model, RECALL, 40, 2),
    "diverges_at(relu, 'recall 20', clip=1)": 0,
    "diverges_at(relu, 'recall 20', lr=9, updates=5)": 2,
    "survives(relu, 'recall 20', lr=9, updates=5)": 1,
    "survives(relu, 'recall 20', clip=1, updates=7)": 7,
    "item(norms(fresh, 'recall 3', lr=0.1, updates=2), 1)": by_hand()[1],
    "clip_cosine(fresh, 'recall 3', clip=0.01)": 1,
    "clip_cosine(fresh, 'recall 3', clip=0.01, by='value') < 0.99": True,
    "weight_norm(fresh)": np.sqrt(
        sum((w.astype(float) ** 2).sum() for w in FRESH.model.params.values())
    ),
    "run_length(recorded)": 3,
    "trained_length(recorded)": 3,
    "setting(recorded, 'lr')": 3e-3,
    "chance(recorded)": 0.1,
    "learned_at(recorded)": 0,
    "diverged_at(recorded)": 3,
    "run_loss(recorded)": 1.5,
    "run_loss(recorded, 2)": 1.0,
    "run_accuracy(recorded, 1)": 0.25,
    "run_norm(recorded)": 7.0,
}


def measured(text: str) -> Any:
    return evaluate(parse(text, MEASURES), MEASURES, {**LANES, "here": R}.__getitem__)


@pytest.mark.parametrize("text", EXPECTED)
def test_a_measure_is_its_lens(text: str) -> None:
    np.testing.assert_allclose(measured(text), EXPECTED[text], rtol=1e-5, atol=1e-12)


REFUSED = {
    "product(lstm, 9, 3)": "row 9 is not before row 3",
    "average(lstm, 3, 0)": "lstm is no GRU",
    "kept(lstm, 9, 3)": "row 9 is not before row 3",
    "half_life(1)": "lies between 0 and 1, not at 1",
    "window(1)": "lies between 0 and 1, not at 1",
    "tanh_slope(2)": "not 2",
    "log10(0)": "no logarithm of 0",
    "factor(lstm, 3, 3)": "an earlier and a later row",
    "saturated(tf)": "has nothing that saturates",
    "setting(recorded, 'forget')": "Did you mean 'forget_bias'",
    "learned_at(lstm)": "lstm is no recorded run. Give the lane a `run`",
    "run_loss(recorded, 9)": "9 is not a whole number from 1 to 3",
    "accuracy(lstm, 'recall 3')": "lstm does not know the words of recall",
    "accuracy(lstm, 'recal 3')": "Did you mean 'recall'",
    "clip_cosine(relu, 'recall 20', by='valu')": "no way to clip by 'valu'",
    "diverges_at(relu, 'recall 20', updates=51)": "51 is not a whole number from 1 to 50",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_measured_is_refused(text: str) -> None:
    with pytest.raises(PeepholeError) as caught:
        measured(text)
    assert REFUSED[text] in str(caught.value)
