"""The tagger equals torch's bidirectional stacks; each direction sees its side of the text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.interventions import Hold, Interventions
from engine.models import LanguageModel
from engine.models.bidirectional import BidirectionalTagger
from engine.recipe import Batch
from engine.runner import run
from engine.storage import load_model, load_trace, save_model, save_trace
from engine.text import BLANK, GO
from engine.training import Recipe, Training
from tests.engine.papers import WORDS, copied, ids, tagger
from tests.engine.reference import STACK

CELLS = ("elman", "relu", "lstm", "gru")


def theirs(model: LanguageModel, rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """h (T, H) and logits (T, V) by torch."""
    a: Any = model.architecture
    dtype = getattr(torch, model.backend.dtype)
    stack = STACK[a.cell](a.embed, a.width // 2, a.layers, bidirectional=True, dtype=dtype)
    copied(model.params, stack, "layers", "back")
    with torch.no_grad():
        h = stack(torch.tensor(model.params["E"][rows][:, None]))[0][:, 0].numpy()
    return h, h @ model.params["W_hy"] + model.params["b_y"]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_a_tagger_equals_torch(cell: str, layers: int) -> None:
    rows = [GO, *ids(6)]
    for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-12)):
        model = tagger(cell, layers, dtype, scale=1.0)
        h, logits = theirs(model, rows)
        for backend in ("numpy", "torch"):
            ours = model.to(Backend(backend, dtype))
            found = ours.architecture.logits(ours.params, np.array(rows))
            np.testing.assert_allclose(found, logits, atol=tolerance, rtol=tolerance)
        trace = run(model, [WORDS[i] for i in rows])
        assert trace.source == len(trace) == len(rows)
        np.testing.assert_allclose(trace["h"][:, -1], h, atol=tolerance, rtol=tolerance)
        np.testing.assert_allclose(trace["logits"], logits, atol=tolerance, rtol=tolerance)
        assert trace.names == tuple(model.architecture.axes)


def test_padding_changes_nothing() -> None:
    model = tagger("lstm", 2)
    texts = [[GO, *ids(n, n)] for n in (6, 2, 4)]
    batch = np.full((3, 7), BLANK)
    for row, text in zip(batch, texts, strict=True):
        row[: len(text)] = text
    together = model.architecture.logits(model.params, batch)
    for found, text in zip(together, texts, strict=True):
        np.testing.assert_allclose(found[: len(text)], theirs(model, text)[1], atol=1e-12)


def test_each_half_sees_its_own_side() -> None:
    model = tagger("gru")
    one, other = (run(model, ["a", *middle, "b"]) for middle in ("cd", "cf"))
    for name in model.architecture.states:
        same = (one[name] == other[name])[:, 0]  # (T, H)
        assert same[:3, :3].all()  # forward, before the change; row 0 is <s>
        assert not same[3:, :3].any()
        assert same[4:, 3:].all()  # backward, after it
        assert not same[:4, 3:].any()


@pytest.mark.parametrize("unit", [1, 4])
def test_a_held_unit_acts_on_its_direction(unit: int) -> None:
    model = tagger("lstm")
    rows = [GO, *ids(5)]
    words, held = [WORDS[i] for i in rows], Hold("c", 0.7, units=(unit,), start=3, stop=4)
    plain, trace = run(model, words), run(model, words, [held])
    assert trace["c"][3, 0, unit] == 0.7
    changed = (trace["h"] != plain["h"]).any(-1)[:, 0]
    forward = [False, False, False, True, True, True]
    assert changed.tolist() == (forward if unit < 3 else [True] * 4 + [False] * 2)
    shot = model.architecture.logits(model.params, np.array(rows), Interventions([held]))
    np.testing.assert_array_equal(shot, trace["logits"])


def test_a_tagger_and_its_run_are_saved(tmp_path: Path) -> None:
    model = tagger("gru", dtype="float32")
    trace = run(model, "a b c")
    save_trace(trace, tmp_path / "t.safetensors")
    save_model(model, tmp_path / "m.safetensors")
    np.testing.assert_array_equal(load_trace(tmp_path / "t.safetensors")["h"], trace["h"])
    again = run(load_model(tmp_path / "m.safetensors"), "a b c")
    np.testing.assert_array_equal(again["logits"], trace["logits"])


def following(step: int) -> Batch:
    """Every row's label is the word after it, the last row's <s>."""
    rows = np.random.default_rng([2, step]).integers(3, 7, (32, 5))
    labels = np.hstack([rows[:, 1:], np.full((32, 1), GO)])
    return Batch(rows, labels, np.ones(rows.shape))


def test_what_comes_later_can_be_learned() -> None:
    a = BidirectionalTagger("gru", 7, width=24, embed=12)
    recipe = Recipe(steps=120, batch=32, lr=2e-2, warmup=10)
    *_, last = Training.start(a, recipe, Backend("torch"), following).run()
    assert last.accuracy == 1.0


def test_an_update_is_the_same_on_both_libraries() -> None:
    runs = []
    for library in ("numpy", "torch"):
        a = BidirectionalTagger("lstm", 7, width=6, embed=5)
        backend = Backend(library, "float64")
        training = Training.start(a, Recipe(batch=32, forget_bias=1.0), backend, following)
        runs.append((training.update(), training.params))
    assert runs[0][0].loss == pytest.approx(runs[1][0].loss, abs=1e-12)
    for name, array in runs[0][1].items():
        np.testing.assert_allclose(array, runs[1][1][name], atol=1e-10)


def test_what_it_cannot_do_is_one_message() -> None:
    with pytest.raises(PeepholeError, match="two directions"):
        BidirectionalTagger("gru", 9, width=5)
    model = tagger("gru")
    with pytest.raises(PeepholeError, match="as a whole"):
        model.architecture.step(model.params, model.architecture.start(model.params), np.array(3))
