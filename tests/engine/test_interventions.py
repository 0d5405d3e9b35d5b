"""Interventions do in our engine what they do to torch's own modules, and forks say so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import engine
from engine import CutEdge, CutHead, Hold, LanguageModel, PeepholeError, Replace, Trace
from engine.interventions import Intervention, from_record, to_record
from tests.engine.build import FAMILIES, build, tokens
from tests.engine.reference import act_of, leave, masks_of, reference, tensor, without_heads

LENGTH = 8


def logits_by_torch(model: LanguageModel, trace: Trace, items: list[Intervention]) -> Any:
    """The logits of the intervened run from torch.where, masks and zeroed columns of W_o."""
    theirs = reference(without_heads(model, items), act_of(items))
    heads = getattr(model.architecture, "heads", 0)
    masks = [masks_of(items, model.architecture.layers, heads, len(trace))] if heads else []
    ids = tensor(np.array([model.vocabulary.encode(trace.tokens)]))
    with torch.no_grad():
        return theirs(ids, *masks)[0].numpy()


HOLDS = [
    ("elman", Hold("h", 0.5, units=(2,), start=3)),
    ("elman", Hold("x", tuple(np.linspace(-1, 1, 5)), start=2, stop=4)),
    ("lstm", Hold("i", 0.0, start=4)),
    ("lstm", Hold("f", 1.0)),
    ("lstm", Hold("g", -1.0, layer=1, units=(0, 5), stop=3)),
    ("lstm", Hold("o", 0.5, units=(1,), start=1)),
    ("lstm", Hold("c", (1.0, -2.0), layer=0, units=(4, 1), start=2, stop=3)),
    ("lstm", Hold("h", tuple(np.linspace(-1, 1, 6)), start=5)),
    ("gru", Hold("r", 0.0)),
    ("gru", Hold("z", 1.0, layer=0, start=2)),
    ("gru", Hold("n", 0.3, units=(0,), start=1, stop=6)),
    ("transformer", Hold("h", 0.0, layer=0, start=2, stop=3)),
    ("transformer", Hold("x", 1.5, units=(3,))),
    ("transformer", Hold("h", 0.7, units=(0, 1), start=6)),
]


@pytest.mark.parametrize(("family", "hold"), HOLDS, ids=[f"{f} {h}" for f, h in HOLDS])
def test_a_held_value_equals_torch_with_the_value_put_there(family: str, hold: Hold) -> None:
    model = build(family)
    before = engine.run(model, tokens(LENGTH))
    trace = engine.fork(model, before, hold)
    wanted = logits_by_torch(model, trace, [hold])
    np.testing.assert_allclose(trace["logits"], wanted, atol=1e-12)
    assert not np.allclose(trace["logits"], before["logits"])
    np.testing.assert_array_equal(
        trace["logits"][: hold.start], before["logits"][: hold.start], "the past is left alone"
    )
    held = trace[hold.name][hold.start : hold.stop]
    if hold.name != "x" and hold.layer is not None:
        held = held[:, hold.layer]
    held = held[..., list(hold.units) or slice(None)]
    np.testing.assert_array_equal(held, np.broadcast_to(hold.value, held.shape))


@pytest.mark.parametrize("head", [0, 1])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_cut_head_equals_zero_columns_of_w_o(layer: int, head: int) -> None:
    model, cut = build("transformer"), CutHead(layer, head)
    trace = engine.run(model, tokens(LENGTH), [cut])
    np.testing.assert_allclose(trace["logits"], logits_by_torch(model, trace, [cut]), atol=1e-12)
    assert not trace["context"][:, layer, head].any()
    assert trace["context"][:, layer, 1 - head].all()
    assert not np.allclose(trace["logits"], engine.run(model, tokens(LENGTH))["logits"])


CUTS = [
    CutEdge(1, 0),
    CutEdge(LENGTH - 1, LENGTH - 2),
    CutEdge(5, 2, layer=0),
    CutEdge(6, 3, head=1),
    CutEdge(7, 0, layer=1, head=0),
]


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_a_cut_edge_equals_a_mask(cut: CutEdge) -> None:
    model = build("transformer")
    trace = engine.run(model, tokens(LENGTH), [cut])
    wanted = logits_by_torch(model, trace, [cut])
    np.testing.assert_allclose(trace["logits"], wanted, atol=1e-12)
    free = engine.run(model, tokens(LENGTH))
    assert not np.allclose(trace["logits"], free["logits"])
    weights = trace.array("weights", "layer", "head", "time", "key")
    layers = slice(None) if cut.layer is None else slice(cut.layer, cut.layer + 1)
    heads = slice(None) if cut.head is None else slice(cut.head, cut.head + 1)
    assert not weights[layers, heads, cut.query, cut.key].any()
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_several_interventions_act_together(family: str) -> None:
    model = build(family)
    items: list[Intervention] = [Hold("h", 0.2, 0, (1,), 1), Hold("x", 0.1, units=(0,), stop=4)]
    if family == "transformer":
        items += [CutHead(0, 1), CutHead(1, 0), CutEdge(6, 1), CutEdge(6, 2), CutEdge(5, 0, 1, 1)]
    trace = engine.run(model, tokens(LENGTH), items)
    np.testing.assert_allclose(trace["logits"], logits_by_torch(model, trace, items), atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_replaced_token_equals_running_the_other_text(family: str) -> None:
    model, words = build(family), tokens(LENGTH)
    fork = engine.fork(model, engine.run(model, words), Replace(3, "w7"), Replace(0, "w1"))
    other = ["w1", *words[1:3], "w7", *words[4:]]
    assert fork.tokens == other
    state, logits = model.architecture.start(model.params), []
    for row, token in enumerate(model.vocabulary.encode(other)):
        state, values = model.architecture.step(model.params, state, np.asarray(token), row=row)
        logits.append(values["logits"])
    np.testing.assert_array_equal(fork["logits"], np.stack(logits))


def test_a_replaced_start_token_stays_replaced_in_a_fork() -> None:
    model = build("gru")
    child = engine.run(model, tokens(4), [Replace(0, "w1")])
    again = engine.fork(model, child, Hold("h", 0.0, 1))
    assert again.tokens == child.tokens == ["w1", *tokens(4)[1:]]


def test_a_hold_on_a_held_state_wins_by_order() -> None:
    model = build("gru")
    first, second = Hold("h", 0.1, units=(0, 1)), Hold("h", 0.9, units=(1, 2))
    h = engine.run(model, tokens(3), [first, second])["h"]
    assert (h[..., :3] == [0.1, 0.9, 0.9]).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fork_records_its_parent_and_its_cut(family: str) -> None:
    model = build(family)
    trace = engine.run(model, tokens(5))
    assert trace.header.parent == ""
    child = engine.fork(model, trace, Hold("h", 0.0, 0, (1,)))
    grandchild = engine.fork(model, child, Replace(2, "w5"))
    assert child.header.parent == trace.id
    assert grandchild.header.parent == child.id
    assert [r["kind"] for r in grandchild.header.interventions] == ["hold", "replace"]
    assert len({trace.id, child.id, grandchild.id}) == 3
    assert engine.run(model, tokens(5)).id == trace.id, "the same run has the same id"
    assert not trace["h"].flags.owndata
    again = engine.fork(model, child)
    np.testing.assert_array_equal(again["h"], child["h"])


ITEMS = [
    Hold("f", 0.5),
    Hold("c", (1.0, 2.0), 1, (0, 3), 2, 9),
    CutHead(0, 1),
    CutEdge(4, 2),
    CutEdge(4, 2, 1, 0),
    Replace(3, "cats"),
]


@pytest.mark.parametrize("item", ITEMS, ids=str)
def test_a_record_is_read_back(item: Intervention) -> None:
    import json

    assert from_record(json.loads(json.dumps(to_record(item)))) == item


def test_an_intervention_says_what_it_does() -> None:
    assert [str(item) for item in ITEMS] == [
        "f = 0.5",
        "c[0,3] of layer 1 = given values from row 2 to 8",
        "head 1 of layer 0 cut",
        "edge 4→2 cut",
        "edge 4→2 cut in layer 1 head 0",
        "row 3 reads 'cats'",
    ]


def test_a_state_from_another_run_is_transplanted() -> None:
    model = build("lstm")
    donor, words = engine.run(model, tokens(6, seed=1)), tokens(6, seed=2)
    holds = [Hold(n, donor[n][3, layer], layer, (), 3, 4) for n in "hc" for layer in (0, 1)]
    patient = engine.run(model, words, holds)
    np.testing.assert_allclose(patient["logits"][3], donor["logits"][3], atol=1e-12)
    rest = engine.run(model, [*donor.tokens[:4], *words[4:]])
    np.testing.assert_allclose(patient["logits"][3:], rest["logits"][3:], atol=1e-12)
    assert isinstance(holds[0].value, tuple)
    assert patient.id != rest.id


def test_numpys_numbers_are_numbers() -> None:
    hold = Hold("h", np.float32(0.5), np.int64(1), tuple(np.arange(2)), np.int8(1))  # type: ignore[arg-type]
    assert hold == Hold("h", 0.5, 1, (0, 1), 1)
    assert Hold("h", 0.5, units=[1, 2]) == Hold("h", 0.5, units=(1, 2))  # type: ignore[arg-type]


REFUSED: list[tuple[str, Any, str]] = [
    ("lstm", lambda: Hold("z"), "no value 'z' to hold.*It has: x, i, f, g, o, c, h"),
    ("lstm", lambda: Hold("logits"), "no value 'logits'"),
    ("lstm", lambda: Hold("h", layer=2), "layers 0 to 1, not 2"),
    ("lstm", lambda: Hold("h", layer=-1), "layer = -1 is not"),
    ("lstm", lambda: Hold("h", units=(6,)), "units 0 to 5"),
    ("lstm", lambda: Hold("h", units=(-1,)), "not units"),
    ("lstm", lambda: Hold("x", units=(5,)), "0 to 4"),
    ("transformer", lambda: Hold("q", units=(3,)), "0 to 2"),
    ("transformer", lambda: Hold("weights", 0.0), "Cut an edge"),
    ("transformer", lambda: Hold("scores", 0.0), "Cut an edge"),
    ("lstm", lambda: Hold("h", (1.0, 2.0)), "2 values for 6 units"),
    ("lstm", lambda: Hold("h", (1.0, 2.0), units=(1, 2, 3)), "2 values for 3 units"),
    ("lstm", lambda: Hold("h", float("nan")), "Give a finite"),
    ("lstm", lambda: Hold("h", "loud"), "cannot be held"),  # type: ignore[arg-type]
    ("lstm", lambda: Hold("h", start=-1), "start = -1 is not"),
    ("lstm", lambda: Hold("h", start=3, stop=3), "no row from 3"),
    ("lstm", lambda: CutHead(0, 0), "no attention heads"),
    ("lstm", lambda: CutEdge(2, 1), "no attention heads"),
    ("transformer", lambda: CutHead(0, 2), "heads 0 to 1"),
    ("transformer", lambda: CutHead(5, 0), "layers 0 to 1"),
    ("transformer", lambda: CutEdge(3, 1, head=2), "heads 0 to 1"),
    ("transformer", lambda: CutEdge(3, 3), "always sees itself"),
    ("transformer", lambda: CutEdge(3, 4), "cannot be cut"),
    ("transformer", lambda: CutEdge(3, -1), "key = -1"),
    ("gru", lambda: Replace(-1, "w1"), "row = -1"),
    ("gru", lambda: Replace(1, "hippo"), "not know: 'hippo'"),
]


@pytest.mark.parametrize(("family", "make", "message"), REFUSED)
def test_a_mistake_is_named(family: str, make: Any, message: str) -> None:
    model = build(family)
    with pytest.raises(PeepholeError, match=rf"(?s){message}"):
        engine.run(model, tokens(4), [make()])


@pytest.mark.parametrize(
    "record",
    [
        None, [], "hold", {}, {"kind": "explode"}, {"kind": ["hold"]}, {"kind": "hold"},
        {"kind": "hold", "name": 5}, {"kind": "hold", "name": "h", "value": "x"},
        {"kind": "hold", "name": "h", "value": [1, "x"]}, {"kind": "hold", "name": "h", "value": None},
        {"kind": "hold", "name": "h", "value": [[1.0]]}, {"kind": "hold", "name": "h", "value": []},
        {"kind": "hold", "name": "h", "layer": 0.5}, {"kind": "hold", "name": "h", "units": 3},
        {"kind": "hold", "name": "h", "units": [0.5]}, {"kind": "hold", "name": "h", "start": "a"},
        {"kind": "hold", "name": "h", "loudness": 3}, {"kind": "cut_head", "layer": "0", "head": 0},
        {"kind": "cut_head", "layer": 0, "head": None}, {"kind": "cut_head", "layer": None, "head": 0},
        {"kind": "cut_edge", "query": "a", "key": 0}, {"kind": "cut_edge", "query": 2, "key": 1.5},
        {"kind": "replace", "row": 1, "token": 5}, {"kind": "replace", "row": None, "token": "w1"},
        {"kind": "replace", "row": 1e300, "token": "w1"},
    ],
)  # fmt: skip
def test_a_hostile_record_is_refused(record: Any) -> None:
    with pytest.raises(PeepholeError):
        from_record(record)


def test_leave_leaves() -> None:
    """The oracle itself: an `act` that changes nothing gives torch's plain model."""
    model = build("transformer")
    ids = tensor(np.array([model.vocabulary.encode(tokens(5))]))
    with torch.no_grad():
        assert torch.equal(reference(model, leave)(ids), reference(model)(ids))
