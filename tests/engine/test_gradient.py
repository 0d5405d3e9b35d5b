"""Every gradient lens equals torch autograd on torch's own modules, and central differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import engine
from engine import CutEdge, CutHead, Hold, LanguageModel, Replace, Trace
from engine.arrays import Backend
from engine.interventions import Intervention
from engine.lenses.batch import ids_of, in_float64
from engine.lenses.gradient import by_autograd, closed_form
from engine.models.recurrent import RecurrentLM
from engine.text import START, Numbers
from tests.engine.build import CELLS, FAMILIES, build, tokens
from tests.engine.reference import act_of, masks_of, reference, tensor, without_heads

Norms = dict[str, np.ndarray]
LENGTH = 7


def by_torch(
    model: LanguageModel,
    trace: Trace,
    row: int,
    target: int,
    items: Sequence[Intervention] = (),
) -> Norms:
    """|dL_row/d name| of each (source, layer) from .grad of torch's own tensors.

    Under interventions, torch gets them as torch.where, as masks and as zero columns of W_o.
    """
    model = in_float64(without_heads(model, items))
    theirs = reference(model, act_of(items) if items else None)
    ids = tensor(ids_of(model, trace))[None]
    heads = getattr(model.architecture, "heads", 0)
    masks = [masks_of(items, model.architecture.layers, heads, len(trace))] if heads else []
    logits = theirs(ids, *masks)
    F.cross_entropy(logits[0, row - 1][None], torch.tensor([target])).backward()
    norms = {}
    values: Any
    for name in ("x", *(model.architecture.states or ("h",))):
        layers = [theirs.seen[name][0]] if name == "x" else theirs.seen[name]
        table = np.zeros((len(trace), len(layers)))
        for layer, values in enumerate(layers):
            for t in range(len(trace)):
                if not isinstance(values, list):  # (1, T, d) of a Transformer
                    table[t, layer] = values.grad[0, t].norm()
                elif values[t].grad is not None:
                    table[t, layer] = values[t].grad[0].norm()
        norms[name] = table[:, 0] if name == "x" else table
    return norms


def check(got: dict[str, engine.Named], wanted: Norms, rtol: float) -> None:
    assert got.keys() == wanted.keys()
    for name, named in got.items():
        np.testing.assert_allclose(named.array, wanted[name], rtol=rtol, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("exact", [False, True], ids=["closed", "autograd"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_row_equals_torch_autograd(family: str, layers: int, exact: bool) -> None:
    model = build(family, layers=layers)
    trace = engine.run(model, tokens(LENGTH))
    ids = ids_of(model, trace)
    for row in range(1, LENGTH):
        wanted = by_torch(model, trace, row, ids[row])
        got = engine.lenses.gradient_flow(model, trace, row, exact=exact)
        check(got, wanted, 1e-10)
        for name, named in got.items():
            assert named.axes == (("source",) if name == "x" else ("source", "layer"))
            if name == "x" or family != "transformer":  # its top layer feeds only its own row
                assert (named.array[:row] > 0).all(), "every earlier row has a way to the loss"
            assert (named.array[row:] == 0).all(), "the loss of a row is decided before it is read"


@pytest.mark.parametrize("exact", [False, True], ids=["closed", "autograd"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_full_map_equals_torch_autograd(family: str, layers: int, exact: bool) -> None:
    model = build(family, layers=layers)
    trace = engine.run(model, tokens(LENGTH))
    ids = ids_of(model, trace)
    got = engine.lenses.gradient_map(model, trace, exact=exact)
    rows = [by_torch(model, trace, row, ids[row]) for row in range(1, LENGTH)]
    for name, named in got.items():
        wanted = np.stack([np.zeros_like(rows[0][name]), *(row[name] for row in rows)])
        np.testing.assert_allclose(named.array, wanted, rtol=1e-10, atol=1e-15)
        assert named.axes == ("time", "source") + (() if name == "x" else ("layer",))


@pytest.mark.parametrize("exact", [False, True], ids=["closed", "autograd"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_picked_word_equals_torch_autograd(family: str, exact: bool) -> None:
    model = build(family)
    trace = engine.run(model, tokens(LENGTH))
    for row, word in ((1, "w3"), (4, "w9"), (LENGTH, "w0")):  # the last: nothing is read there yet
        wanted = by_torch(model, trace, row, model.vocabulary.ids[word])
        check(engine.lenses.gradient_flow(model, trace, row, word, exact=exact), wanted, 1e-10)
    read = engine.lenses.gradient_flow(model, trace, 4)
    same = engine.lenses.gradient_flow(model, trace, 4, trace.tokens[4])
    np.testing.assert_array_equal(read["h"].array, same["h"].array)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_float32_model_is_differentiated_in_float64(family: str) -> None:
    model = build(family, dtype="float32")
    trace = engine.run(model, tokens(LENGTH))
    wanted = by_torch(model, trace, 5, ids_of(model, trace)[5])
    check(engine.lenses.gradient_flow(model, trace, 5), wanted, 1e-10)


def loss_with(
    model: LanguageModel, words: list[str], row: int, target: int, items: list[Intervention]
) -> float:
    logits = engine.run(model, words, items)["logits"][row - 1]
    if isinstance(model.vocabulary, Numbers):
        return float(logits[0] - model.vocabulary.encode(words)[row][0]) ** 2
    return float(np.logaddexp.reduce(logits) - logits[target])


def by_differences(
    model: LanguageModel, trace: Trace, row: int, items: list[Intervention], eps: float = 1e-5
) -> Norms:
    """The same norms from forks in which one unit of one state at one row is held a little off.

    Holding h leaves c alone, holding c sets h through tanh(c): that is what dL/dh and dL/dc mean.
    """
    numbers = isinstance(model.vocabulary, Numbers)
    target = 0 if numbers else model.vocabulary.ids[trace.tokens[row]]
    norms = {}
    for name in ("x", *(model.architecture.states or ("h",))):
        values = trace[name][:, None] if name == "x" else trace[name]
        time, layers, units = values.shape
        gradient = np.zeros((time, layers, units))
        for k, layer, unit in np.ndindex(row, layers, units):
            ends = []
            for sign in (1, -1):
                moved = float(values[k, layer, unit] + sign * eps)
                hold = Hold(name, moved, layer, (unit,), k, k + 1)
                ends.append(loss_with(model, trace.tokens, row, target, [*items, hold]))
            gradient[k, layer, unit] = (ends[0] - ends[1]) / (2 * eps)
        table = np.linalg.norm(gradient, axis=-1)
        norms[name] = table[:, 0] if name == "x" else table
    return norms


HELD: dict[str, list[Intervention]] = {
    **{cell: [Hold("h", 0.25, layer=0, units=(1, 3), start=2, stop=4)]
       for cell in ("elman", "relu", "linear")},
    "lstm": [
        Hold("f", 0.9, units=(0, 2), start=1),
        Hold("c", 0.5, layer=1, units=(4,), start=2, stop=3),
        Hold("x", 0.0, units=(3,), start=3),
    ],
    "gru": [Hold("z", 0.8, layer=1, start=1), Hold("r", 1.0, units=(5,))],
    "transformer": [Hold("h", 0.3, layer=0, units=(2,), start=1, stop=3), CutHead(1, 0),
                    CutEdge(4, 1), CutEdge(3, 0, layer=0, head=1)],
}  # fmt: skip


@pytest.mark.parametrize("exact", [False, True], ids=["closed", "autograd"])
@pytest.mark.parametrize("numbers", [False, True], ids=["words", "numbers"])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_residual_layers_and_numbers_equal_central_differences(
    cell: str, numbers: bool, exact: bool
) -> None:
    model, words = build(cell, layers=3, residual=True), tokens(6)
    if numbers:
        architecture = RecurrentLM(cell, 2, 6, 5, 3, outputs=1, residual=True)
        params = architecture.init(np.random.default_rng(0))
        model = engine.LanguageModel(cell, architecture, params, Numbers())  # type: ignore[arg-type]
        model, words = model.to(Backend(dtype="float64")), [START, "0.37", "0.81+", "0.20", "1.40"]
    trace = engine.run(model, words)
    got = engine.lenses.gradient_flow(model, trace, 4, exact=exact)
    check(got, by_differences(model, trace, 4, []), 1e-6)
    assert all(("squared" in named.unit) == numbers for named in got.values())


@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_equals_central_differences(family: str, held: bool) -> None:
    model = build(family)
    items = HELD[family] if held else []
    trace = engine.run(model, tokens(6), items)
    got = engine.lenses.gradient_flow(model, trace, 5)
    check(got, by_differences(model, trace, 5, items), 1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_map_under_interventions_equals_torch_autograd(family: str) -> None:
    model, items = build(family), HELD[family]
    trace = engine.run(model, tokens(LENGTH), items)
    ids = ids_of(model, trace)
    got = engine.lenses.gradient_map(model, trace)
    free = engine.lenses.gradient_map(model, engine.run(model, trace.tokens))
    assert not np.allclose(got["h"].array, free["h"].array), "the interventions did nothing"
    for row in range(1, LENGTH):
        wanted = by_torch(model, trace, row, ids[row], items)
        check({k: v._replace(array=v.array[row]) for k, v in got.items()}, wanted, 1e-10)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_replaced_token_is_differentiated_as_the_token_that_was_read(family: str) -> None:
    model = build(family)
    trace = engine.run(model, tokens(LENGTH), [Replace(3, "w9")])
    assert trace.tokens[3] == "w9"
    check(
        engine.lenses.gradient_flow(model, trace, 3),
        by_torch(model, trace, 3, model.vocabulary.ids["w9"]),
        1e-10,
    )


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("name", CELLS)
def test_closed_form_equals_autograd(name: str, layers: int) -> None:
    """Rows in any order, also the same row twice, with any words."""
    model = build(name, layers=layers, width=8)
    trace = engine.run(model, tokens(12))
    rows = np.array([5, 12, 1, 5, 9])
    targets = np.array([3, 1, 0, 7, 10])
    closed = closed_form(model, ids_of(model, trace), rows, targets)
    exact = by_autograd(model, trace, rows, targets)
    assert closed.keys() == exact.keys()
    for key in closed:
        np.testing.assert_allclose(closed[key], exact[key], rtol=1e-10, atol=1e-15)


def test_dl_dc_goes_through_h_and_dl_dh_leaves_c_alone() -> None:
    """One LSTM step decides the loss: dL/dc = dL/dh ⊙ o ⊙ (1 - tanh²c), by the equation h = o tanh c."""
    model = build("lstm", layers=1)
    trace = engine.run(model, tokens(4))
    logits = trace["logits"][2]
    p = np.exp(logits - np.logaddexp.reduce(logits))
    p[model.vocabulary.ids[trace.tokens[3]]] -= 1
    dh = model.params["W_hy"] @ p
    dc = dh * trace["o"][2, 0] * (1 - np.tanh(trace["c"][2, 0]) ** 2)
    got = engine.lenses.gradient_flow(model, trace, 3)
    assert got["h"].array[2, 0] == pytest.approx(np.linalg.norm(dh), rel=1e-12)
    assert got["c"].array[2, 0] == pytest.approx(np.linalg.norm(dc), rel=1e-12)


def test_a_forget_gate_held_at_one_carries_the_cell_gradient_unchanged() -> None:
    """The constant error carousel (Hochreiter & Schmidhuber 1997, section 3.2): no factor per tick."""
    model = build("lstm", layers=1)
    cut = dict(model.params)
    cut["layers.0.W_hh"] = np.zeros_like(cut["layers.0.W_hh"])  # the cell's own road only
    alone = LanguageModel("lstm", model.architecture, cut, model.vocabulary, backend=model.backend)
    trace = engine.run(alone, tokens(9), [Hold("f", 1.0)])
    flow = engine.lenses.gradient_flow(alone, trace, 8)["c"].array[:8, 0]
    tail = flow[:-1]  # row 7 decides the loss; before it only the cell's road is left
    np.testing.assert_allclose(tail, tail[0], rtol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_without_a_loss_are_refused(family: str) -> None:
    model = build(family)
    trace = engine.run(model, tokens(4))
    for row in (0, -1, 4, 5):
        with pytest.raises(engine.PeepholeError, match=f"no loss at row {row}"):
            engine.lenses.gradient_flow(model, trace, row)
    with pytest.raises(engine.PeepholeError, match="no loss at row 5"):
        engine.lenses.gradient_flow(model, trace, 5, "w1")
    with pytest.raises(engine.UnknownWords):
        engine.lenses.gradient_flow(model, trace, 2, "hippopotamus")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_map_longer_than_a_chunk_is_whole(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(family, layers=1)
    trace = engine.run(model, tokens(9))
    whole = engine.lenses.gradient_map(model, trace, exact=True)
    monkeypatch.setattr("engine.lenses.gradient._CHUNK", 3)
    parts = engine.lenses.gradient_map(model, trace, exact=True)
    for name in whole:
        np.testing.assert_allclose(parts[name].array, whole[name].array, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_map_of_the_start_token_alone_is_empty_of_losses(family: str) -> None:
    model = build(family)
    got = engine.lenses.gradient_map(model, engine.run(model, []))
    full = engine.lenses.gradient_map(model, engine.run(model, ["w1"]))
    assert got.keys() == full.keys()
    for name, named in got.items():
        assert named.axes == full[name].axes
        assert named.array.shape == (1, 1, *full[name].array.shape[2:])
        assert not named.array.any()
