"""The trace: rows appended in constant time, arrays that are views, padded attention, named axes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from engine import PeepholeError, Run, Trace
from tests.engine.build import FAMILIES, build, tokens


@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_are_what_the_axes_say(family: str) -> None:
    model = build(family, layers=3)
    trace = engine.run(model, tokens(5))
    sizes = {"time": 5, "layer": 3, "unit": 6, "input": trace["x"].shape[1], "word": 11}
    sizes |= {"head": 2, "key": 5, "dim": 3}
    assert trace.names == tuple(model.architecture.axes)
    for name in trace.names:
        assert trace[name].shape == tuple(sizes[axis] for axis in trace.axes(name))
        assert trace.axes(name)[0] == "time"
    last = trace.axes("h")[::-1]
    np.testing.assert_array_equal(trace.array("h", *last), trace["h"].T)


def test_reading_copies_nothing() -> None:
    trace = engine.run(build("transformer"), tokens(6))
    for name in trace.names:
        view = trace[name]
        assert not view.flags.owndata
        assert np.shares_memory(view, trace[name])
    assert np.shares_memory(
        trace.array("weights", "head", "key", "layer", "time"), trace["weights"]
    )


def allocations(family: str, rows: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the arrays that the trace itself allocates while `rows` are appended."""
    sizes: list[int] = []
    full = np.full

    def counting(shape: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        made = full(shape, *args, **kwargs)
        sizes.append(made.size)
        return made

    model = build(family, layers=1, context=4096) if family == "transformer" else build(family)
    stepper = Run(model)
    with monkeypatch.context() as patch:
        patch.setattr("engine.trace.np.full", counting)
        for token in tokens(rows):
            stepper.feed(token)
    return sizes


def test_appending_is_constant_amortised(monkeypatch: pytest.MonkeyPatch) -> None:
    values = len(build("lstm").architecture.axes)
    for rows, growths in ((16, 1), (17, 2), (1000, 7)):  # buffers of 16, 32, ... 1024 rows
        sizes = allocations("lstm", rows, monkeypatch)
        assert len(sizes) == growths * values
    per_row = (2 * 6 * 6) + 5 + 11  # six values of two layers, x, logits
    assert sum(sizes) <= 4 * 1000 * per_row, "all buffers together stay linear in the rows"


def test_old_rows_survive_growth() -> None:
    model = build("transformer", context=100)
    stepper, seen = Run(model), []
    for token in tokens(70):
        row = stepper.feed(token)
        seen.append({name: stepper.trace[name][row].copy() for name in ("h", "weights", "scores")})
    for row, values in enumerate(seen):
        np.testing.assert_array_equal(stepper.trace["h"][row], values["h"])
        for name in ("weights", "scores"):
            now = stepper.trace[name][row]
            np.testing.assert_array_equal(now[..., : row + 1], values[name])
            padding = now[..., row + 1 :]
            assert (padding == (0 if name == "weights" else -np.inf)).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_feeding_one_by_one_equals_run(family: str) -> None:
    model, words = build(family), tokens(40)
    stepper = Run(model)
    assert [stepper.feed(word) for word in words] == list(range(40))
    whole = engine.run(model, words)
    assert stepper.trace.id == whole.id
    for name in whole.names:
        np.testing.assert_array_equal(stepper.trace[name], whole[name])


def test_an_unknown_word_records_nothing_and_the_run_goes_on() -> None:
    model = build("lstm")
    stepper = Run(model)
    stepper.feed("<s>")
    with pytest.raises(engine.UnknownWords) as caught:
        stepper.feed("w11")
    assert caught.value.nearest["w11"][0] == "w1"
    assert len(stepper.trace) == 1
    assert stepper.feed("w1") == 1
    np.testing.assert_array_equal(stepper.trace["h"], engine.run(model, ["w1"])["h"])
    with pytest.raises(
        engine.UnknownWords, match="words that the model does not know: 'cat', 'dog'"
    ):
        engine.run(model, ["cat", "w1", "dog"])


def test_the_start_token_is_added_once() -> None:
    model = build("elman")
    assert (
        engine.run(model, ["w1"]).tokens == engine.run(model, ["<s>", "w1"]).tokens == ["<s>", "w1"]
    )
    assert engine.run(model, "W1 w2").tokens == ["<s>", "w1", "w2"]
    assert engine.run(model, "").tokens == ["<s>"]


def test_a_value_that_is_not_there_is_named() -> None:
    trace = engine.run(build("gru"), tokens(2))
    with pytest.raises(PeepholeError, match=r"gru has no value 'f'.*Known: h, logits, n, r, x, z"):
        trace["f"]
    with pytest.raises(PeepholeError, match="h has the axes time, layer, unit, not time, unit"):
        trace.array("h", "time", "unit")
    assert "f" not in trace
    assert "z" in trace


def test_the_id_depends_on_what_was_run() -> None:
    model = build("gru")
    one = engine.run(model, tokens(4))
    ids = {
        one.id,
        engine.run(model, tokens(5)).id,
        engine.fork(model, one, engine.Hold("z", 1.0)).id,
    }
    other = engine.LanguageModel(
        "gru", model.architecture, model.params, model.vocabulary, digest="1"
    )
    ids.add(engine.run(other, tokens(4)).id)
    assert len(ids) == 4


def test_an_empty_trace_has_no_values_yet() -> None:
    trace: Trace = Run(build("lstm")).trace
    assert (len(trace), trace.names) == (0, ())
    assert trace.id != engine.run(build("lstm"), []).id


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        ({"k1": 2, "k2": 5}, (2, 5)),
        ({"k1": 0, "k2": 0}, ()),
        ({"k1": 5, "k2": 2}, ()),
        ({"k1": True, "k2": 3}, ()),
        ({}, ()),
        ("adam", ()),
        (None, ()),
    ],
)
def test_a_trace_says_how_far_its_model_learned_back(
    tmp_path: Path, recipe: Any, wanted: tuple[int, ...]
) -> None:
    model = replace(build("lstm"), card={"recipe": recipe})
    trace = engine.run(model, tokens(4))
    assert trace.header.truncation == wanted
    assert engine.fork(model, trace).header.truncation == wanted
    path = engine.save_trace(trace, tmp_path / "a.safetensors")
    assert engine.load_trace(path).header.truncation == wanted


@pytest.mark.parametrize("said", [5, [1], [3, 2], [0, 0], ["1", "2"], [1, 10**9], {"k1": 1}])
def test_a_truncation_that_cannot_be_is_refused(tmp_path: Path, said: Any) -> None:
    trace = engine.run(build("lstm"), tokens(4))
    trace.header = replace(trace.header, truncation=said)
    path = engine.save_trace(trace, tmp_path / "a.safetensors")
    with pytest.raises(PeepholeError, match="truncation"):
        engine.load_trace(path)
