"""Lanes that no bundled model reads: untrained cells, checkpoints of runs, and tasks in place of a text."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from engine.arrays import NUMPY
from engine.inits import initialise
from engine.learning.config import Config, ModelSpec, TaskSpec
from engine.learning.folder import RunFolder
from engine.recipe import Recipe
from engine.training import Training
from scenarios import readers, tasks
from scenarios.play import Play
from scenarios.reader import read
from scenarios.source import ScriptError
from tests.scenarios.models import untrained
from tests.scenarios.scripts import play, refused, written

FRESH = """title = "A test"
task = "recall 8"

[lanes]
rnn = { cell = "rnn", init = "orthogonal", gain = 1.5, seed = 4 }
lstm = { cell = "lstm", forget-bias = 2, width = 16, layers = 2 }
words = { cell = "gru", text = "the cat was happy ." }
short = { cell = "gru", task = "recall 3" }
shut = { cell = "lstm", hand-set = ["f = 0"] }
bundled = { model = "lstm", steps = 600, text = "the cat was happy ." }

[[beats]]
title = "Untrained"
lanes = ["rnn", "lstm"]
say = "Nothing is learned."
expect = ["rows(rnn) == 11", "rows(words) == 6", "width(lstm) == 16", "rows(short) == 6"]

[[beats]]
title = "Longer"
task = "recall 9"
say = "Still nothing."
expect = ["rows(rnn) == 12", "rows(shut) == 12", "rows(bundled) == 6"]
"""


def test_an_untrained_lane_is_what_training_would_start_from(tmp_path: Path) -> None:
    played = Play(read(written(tmp_path, FRESH)), untrained)
    assert all(verdict.passed for i in (0, 1) for verdict in played.verdicts(i))
    task = tasks.load("recall", 8)
    lane = played.lane("lstm", 0)
    recipe = Recipe(forget_bias=2.0)
    expected = initialise(task.architecture("lstm", width=16, layers=2), recipe)
    assert expected.keys() == lane.model.params.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(lane.model.params[name], array)
    assert lane.model.params["layers.1.b_xh"][16:32].mean() > 1.5
    assert lane.trace.tokens == task.probe_tokens()
    rnn = played.lane("rnn", 0).model.params["layers.0.W_hh"]
    np.testing.assert_allclose(rnn @ rnn.T, 2.25 * np.eye(64), atol=1e-5)


def test_what_is_not_learned_is_said_on_the_screen(tmp_path: Path) -> None:
    played = Play(read(written(tmp_path, FRESH)), untrained)
    notes = {label: played.lane(label, 0).note for label in played.scenario.lanes}
    assert notes == {
        "rnn": "untrained, orthogonal x1.5",
        "lstm": "untrained, forget bias 2",
        "words": "untrained",
        "short": "untrained",
        "shut": "untrained · hand-set",
        "bundled": "",
    }


def test_seeds_differ_and_the_same_seed_does_not(tmp_path: Path) -> None:
    one, again, other = (
        Play(read(written(tmp_path, FRESH.replace("seed = 4", f"seed = {seed}")))).lane("rnn", 0)
        for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(one.trace["h"], again.trace["h"])
    assert (one.trace["h"] != other.trace["h"]).any()


def run_of(folder: Path) -> Training:
    """Two updates of a small run, with a checkpoint before and after them."""
    task, recipe = tasks.load("recall", 3), Recipe(steps=2, batch=8, warmup=1)
    architecture = task.architecture("gru", width=8)
    config = Config(
        folder.name, task=TaskSpec("recall", 3), model=ModelSpec("gru", 8), recipe=asdict(recipe)
    )
    written = RunFolder.create(folder, config)
    training = Training.start(architecture, recipe, NUMPY, lambda step: task.batch(0, step, 8))
    training.save(written.checkpoint(0))
    list(training.run())
    training.save(written.checkpoint(2))
    return training


def test_a_checkpoint_of_a_run_is_read(tmp_path: Path) -> None:
    training = run_of(tmp_path / "mine")
    old = '{ cell = "gru", task = "recall 3" }'
    for said, update in (("", 2), (", update = 2", 2), (", update = 0", 0)):
        text = FRESH.replace(old, f'{{ run = "./mine"{said}, task = "recall 3" }}')
        played = Play(read(written(tmp_path, text)), untrained)
        lane = played.lane("short", 0)
        assert lane.note == f"update {update} of mine"
        assert lane.run == tmp_path / "mine"
        same = np.array_equal(lane.model.params["W_hy"], training.params["W_hy"])
        assert same == (update == 2)
        assert played.verdicts(0)[-1].passed
    text = FRESH.replace(old, '{ run = "./mine", update = 1 }')
    with pytest.raises(ScriptError, match=r"no checkpoint of update 1\. There are: 0, 2"):
        play(written(tmp_path, text))


def test_a_path_of_a_run_counts_from_the_scenario(tmp_path: Path) -> None:
    assert readers.place("recall-lstm", tmp_path) == readers.RUNS / "recall-lstm"
    assert readers.place("./recall-lstm", tmp_path) == tmp_path / "recall-lstm"
    assert readers.place("runs/a", tmp_path) == tmp_path / "runs" / "a"
    assert readers.place(str(tmp_path / "b"), Path("/elsewhere")) == tmp_path / "b"


MISTAKES = [
    ('cell = "rnn"', 'cell = "rrn"', "no cell 'rrn'. Did you mean 'rnn'", "rrn"),
    ('cell = "rnn"', 'cel = "rnn"', "no key 'cel'. Did you mean 'cell'", "cel"),
    ('cell = "rnn", ', "", "a lane needs the key 'model', 'cell' or 'run'", "rnn"),
    ('cell = "rnn"', 'cell = "rnn", model = "rnn"', "either 'model' or 'cell', not both", "cell"),
    ('cell = "rnn"', "cell = 3", "'cell' must be text, not 3", "cell"),
    ("orthogonal", "ortogonal", "no init 'ortogonal'. Did you mean 'orthogonal'", "ortogonal"),
    ("gain = 1.5", "gian = 1.5", "no key 'gian'. Did you mean 'gain'", "gian"),
    ("gain = 1.5", 'gain = "big"', "'gain' must be a number, not 'big'", "gain"),
    ("gain = 1.5", "gain = true", "'gain' must be a number, not True", "gain"),
    ("gain = 1.5", "gain = -1", "'gain' is from 0 to 100, not -1", "-1"),
    ("gain = 1.5", "gain = nan", "'gain' is from 0 to 100, not nan", "nan"),
    ("gain = 1.5", "forget-bias = 1", "the cell 'rnn' has no forget gate", "forget-bias"),
    ("gain = 1.5", "steps = 600", "a lane with 'cell' has no key 'steps'", "steps"),
    ("width = 16", "width = 0", "'width' is from 1 to 1024, not 0", "0"),
    ("width = 16", "width = 1.5", "'width' must be a whole number, not 1.5", "width"),
    ("seed = 4", "seed = -4", "'seed' is from 0 to 2.14748e+09, not -4", "-4"),
    ("steps = 600, ", "seed = 1, ", "a lane with 'model' has no key 'seed'", "seed"),
    ('task = "recall 8"\n', "", "a scenario needs the key 'text' or 'task'", None),
    ('task = "recall 8"\n', 'task = "recall 8"\ntext = "a"\n', "either 'text' or 'task'", "task"),
    ('"recall 8"', '"recal 8"', "no task 'recal'. Did you mean 'recall'", "recal 8"),
    ('"recall 8"', '"recall eight"', "'eight' is no length of a task", "recall eight"),
    ('"recall 8"', '"recall 999999"', "recall has a length of", "recall 999999"),
    ('"recall 9"', '"recall 0"', "recall has a length of", "recall 0"),
    ('task = "recall 9"', 'task = "recall 9"\ntext = "a"', "either 'text' or 'task'", "task"),
    ('steps = 600, text = "the cat was happy ."', "steps = 600", "the model does not know", None),
    ('cell = "rnn"', 'run = "nothing"', "a lane with 'run' has no key 'init'", "init"),
    ('{ cell = "gru", task = "recall 3" }', '{ run = "no-such" }', "no recorded run", "no-such"),
    ('{ cell = "gru", task = "recall 3" }', '{ run = "./none" }', "none", "./none"),
    ('{ cell = "gru", task = "recall 3" }', '{ run = "a", update = -1 }', "at least 0", "-1"),
    ("the cat was", "the catz was", "not know: 'catz' (nearest: cat", "catz"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says", "word"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_shown_where_it_is(
    tmp_path: Path, old: str, new: str, says: str, word: str | None
) -> None:
    text = FRESH.replace(old, new, 1)
    assert text != FRESH
    path = written(tmp_path, text)
    refused(lambda: play(path), path, says, word)
