"""Attention put in by hand: what the weights become, what follows from them, and how it is said."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import CutEdge, CutHead, EditAttention, LanguageModel, PeepholeError, Trace
from engine.arrays import Backend
from engine.edits import HOWS, SAID
from engine.interventions import Intervention, Interventions, from_record, to_record
from engine.models.encoder_decoder import EncoderDecoder
from engine.phrases import intervention
from engine.text import SPECIAL, Vocabulary
from tests.engine import twins
from tests.engine.build import build, tokens

WORDS = (*SPECIAL, "a", "b", "c", "d")
SOURCE, TARGET = ["a", "c", "b", "d"], ["b", "a", "d"]
S = len(SOURCE) + 1
FAMILIES = ("bahdanau", "dot", "general", "concat", "local", "transformer")


@cache
def pair(family: str) -> LanguageModel:
    """A random pair model with attention, in float64, over words that hold WORDS or twins.WORDS."""
    if family == "transformer":
        return twins.pair_model()
    sizes: dict[str, Any] = {"attention": family}
    if family == "local":
        sizes = {"attention": "general", "local": "predictive", "window": 2}
    architecture = EncoderDecoder("gru", len(WORDS), 6, 5, **sizes)
    rng = np.random.default_rng(0)
    params = {name: 2 * array for name, array in architecture.init(rng).items()}
    model = LanguageModel(family, architecture, params, Vocabulary(WORDS), digest="0" * 12)
    return model.to(Backend(dtype="float64"))


def read(model: LanguageModel, *items: Intervention) -> Trace:
    own = {word: word for word in WORDS}
    if "a" not in model.vocabulary:
        own = {word: f"w{n}" for n, word in enumerate("abcd")}
    source, target = ([own[word] for word in words] for words in (SOURCE, TARGET))
    return engine.run(model, source, items, target=target)


def one_shot(model: LanguageModel, trace: Trace, *items: Intervention) -> np.ndarray:
    ids = np.array(model.vocabulary.encode(trace.tokens))
    return model.architecture.logits(model.params, ids, Interventions(items))


EDITS = [
    EditAttention("uniform"),
    EditAttention("uniform", start=S + 1, stop=S + 2),
    EditAttention("argmax", start=S + 2),
    EditAttention("permuted", seed=3),
    EditAttention("only", 1, start=S, stop=S + 2),
]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_the_rows_that_are_meant_get_the_weights_that_are_meant(
    family: str, edit: EditAttention
) -> None:
    model = pair(family)
    free, trace = read(model), read(model, edit)
    looks = getattr(model.architecture, "looks", 0)  # the first layer that attends
    was, now = (t["cross_weights"][:, looks, :, :S] for t in (free, trace))
    rows = range(max(S, edit.start), min(len(trace), edit.stop or len(trace)))
    np.testing.assert_array_equal(
        trace["cross_weights"][S : rows[0]], free["cross_weights"][S : rows[0]]
    )
    sees = np.isfinite(trace["cross_scores"][:, looks, :, :S])
    for row in rows:
        for head in range(now.shape[1]):
            weights, keys = now[row, head], sees[row, head]
            if edit.how == "uniform":
                np.testing.assert_allclose(weights, keys / keys.sum())
            elif edit.how == "argmax":
                assert weights.max() == weights.sum() == 1.0
                if row == rows[0]:  # what comes later depends on what came before
                    assert weights.argmax() == was[row, head].argmax()
            elif edit.how == "permuted":
                assert not weights[~keys].any()
                if row == S:
                    np.testing.assert_allclose(sorted(weights), sorted(was[row, head]))
            elif keys[1]:
                np.testing.assert_array_equal(weights, np.eye(S)[1])
    np.testing.assert_allclose(trace["logits"][S:], one_shot(model, trace, edit)[S:], atol=1e-12)
    if edit.how != "permuted" and not (family == "local" and edit.how == "only"):
        assert not np.allclose(trace["logits"][S:], free["logits"][S:])


@pytest.mark.parametrize("family", ["bahdanau", "transformer"])
@pytest.mark.parametrize("how", ["uniform", "permuted", "argmax"])
def test_torch_and_derivatives_see_the_new_weights_too(family: str, how: str) -> None:
    model, edit = pair(family), EditAttention(how)
    trace = read(model, edit)
    for name in ("numpy", "torch"):
        there = model.to(Backend(name, "float64"))
        np.testing.assert_allclose(read(there, edit)["logits"][S:], trace["logits"][S:], atol=1e-9)
        ids = np.array(model.vocabulary.encode(trace.tokens))

        def loss(params: Any, ids: Any = ids, there: LanguageModel = there) -> Any:
            return there.architecture.logits(params, ids, Interventions([edit]))[S + 1, 3]

        value, grads = there.backend.value_and_grad(loss, there.params)
        assert float(value) == pytest.approx(trace["logits"][S + 1, 3], abs=1e-9)
        asks = "attention.W_a" if family == "bahdanau" else "decoder.0.cross_W_q"
        asked = next(grads[key] for key in grads if key == asks)
        assert bool((asked != 0).any()) == (how == "permuted")  # other weights ask nobody


@pytest.mark.parametrize("family", FAMILIES)
def test_what_follows_is_computed_with_the_new_weights(family: str) -> None:
    model = pair(family)
    trace = read(model, EditAttention("uniform"))
    if family == "transformer":
        values = trace["cross_v"][:S]  # (S, layer, head, dim)
        wanted = np.einsum("tlhk,klhd->tlhd", trace["cross_weights"][S:, ..., :S], values)
    else:
        wanted = np.einsum("tlhk,kd->tlhd", trace["cross_weights"][S:, ..., :S], trace["h"][:S, -1])
    np.testing.assert_allclose(trace["cross_context"][S:], wanted, atol=1e-12)


@pytest.mark.parametrize("of", ["self", "cross"])
def test_only_the_head_and_layer_that_are_meant_are_changed(of: str) -> None:
    model = pair("transformer")
    name = "weights" if of == "self" else "cross_weights"
    free, trace = read(model), read(model, EditAttention("uniform", None, 1, 0, name, start=S))
    np.testing.assert_array_equal(trace[name][:, 0], free[name][:, 0])
    np.testing.assert_array_equal(trace[name][:, 1, 1], free[name][:, 1, 1])
    for row in range(S, len(trace)):
        first, stop = (S, row + 1) if of == "self" else (0, S)
        np.testing.assert_allclose(trace[name][row, 1, 0, first:stop], 1 / (stop - first))


def test_a_causal_model_attends_uniformly_to_what_it_has_read() -> None:
    model = build("transformer")
    edit = EditAttention("uniform", of="weights", start=2)
    trace = engine.run(model, tokens(7), [edit])
    for row in range(2, 7):
        np.testing.assert_allclose(trace["weights"][row, :, :, : row + 1], 1 / (row + 1))
    np.testing.assert_allclose(trace["logits"], one_shot(model, trace, edit), atol=1e-12)
    to = EditAttention("only", 3, of="weights", start=2)
    trace = engine.run(model, tokens(7), [to])
    free = engine.run(model, tokens(7))
    np.testing.assert_array_equal(trace["weights"][2], free["weights"][2])  # it sees no row 3
    assert (trace["weights"][3:, :, :, 3] == 1).all()
    np.testing.assert_allclose(trace["logits"], one_shot(model, trace, to), atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_permutation_comes_from_its_seed(family: str) -> None:
    model = pair(family)
    found = [
        read(model, EditAttention("permuted", seed=seed))["cross_weights"] for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


# Edges and heads of models that read pairs ----------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cut_edge_across_is_a_weight_that_the_others_share(family: str) -> None:
    model = pair(family)
    cut = CutEdge(S + 1, 2)
    free, trace = read(model), read(model, cut)
    looks = getattr(model.architecture, "looks", 0)
    was, now = (t["cross_weights"][S + 1, looks, :, :S] for t in (free, trace))
    assert not now[:, 2].any()
    np.testing.assert_array_equal(trace["logits"][S], free["logits"][S])
    if family != "local":  # a window's weights do not sum to 1
        rest = np.delete(was, 2, -1)
        np.testing.assert_allclose(np.delete(now, 2, -1), rest / rest.sum(-1, keepdims=True))
    np.testing.assert_allclose(trace["logits"][S:], one_shot(model, trace, cut)[S:], atol=1e-12)


@pytest.mark.parametrize(
    "cut", [CutEdge(S + 2, S), CutEdge(S + 2, S + 1, 0, 1), CutEdge(1, 3)], ids=str
)
def test_a_cut_edge_within_a_half_is_of_that_half(cut: CutEdge) -> None:
    model = pair("transformer")
    free, trace = read(model), read(model, cut)
    was, now = (t["weights"][cut.query, 0] for t in (free, trace))
    assert was[1, cut.key] > 0 == now[1, cut.key]
    assert (now[0, cut.key] > 0) == (cut.head == 1)
    if cut.query >= S:
        np.testing.assert_array_equal(trace["weights"][: cut.query], free["weights"][: cut.query])
    np.testing.assert_allclose(trace["logits"][S:], one_shot(model, trace, cut)[S:], atol=1e-12)


@pytest.mark.parametrize("family", ["bahdanau", "dot", "transformer"])
def test_a_cut_head_across_adds_nothing(family: str) -> None:
    model = pair(family)
    trace = read(model, CutHead(0, 0, "cross_context"))
    assert not trace["cross_context"][S:, 0, 0].any()
    if family == "transformer":
        assert trace["context"][S:, 0, 0].all()
        assert trace["cross_context"][S:, 0, 1].all()
    np.testing.assert_allclose(
        trace["logits"][S:], one_shot(model, trace, CutHead(0, 0, "cross_context"))[S:], atol=1e-12
    )


REFUSED: list[tuple[Any, Any, str]] = [
    ("bahdanau", lambda: EditAttention("loud"), "Known: uniform, permuted, argmax, only"),
    ("bahdanau", lambda: EditAttention("only"), "needs a row to look at"),
    ("bahdanau", lambda: EditAttention("uniform", 3), "takes no row"),
    ("bahdanau", lambda: EditAttention("argmax", seed=3), "draws nothing"),
    ("bahdanau", lambda: EditAttention("uniform", of="scores"), "no weights"),
    ("bahdanau", lambda: EditAttention("uniform", start=3, stop=3), "no row from 3 to 2"),
    ("bahdanau", lambda: EditAttention("uniform", of="weights"), "no self-attention. It has cross"),
    ("bahdanau", lambda: EditAttention("uniform", head=1), "heads 0 to 0"),
    ("bahdanau", lambda: EditAttention("uniform", layer=1), "layers 0 to 0"),
    ("bahdanau", lambda: EditAttention("only", S + 1, start=S, stop=S + 1), "cannot look at row 6"),
    ("bahdanau", lambda: CutHead(0, 0), "no attention heads"),
    ("bahdanau", lambda: CutHead(0, 0, "h"), "cannot be cut"),
    ("lm", lambda: EditAttention("uniform"), "no cross-attention. It has self-attention"),
    ("lm", lambda: CutHead(0, 0, "cross_context"), "no attention heads of cross-attention"),
    ("lm", lambda: CutEdge(2, 4), "no row sees a later one"),
    ("lm", lambda: EditAttention("only", 5, of="weights", start=3, stop=4), "row 3 cannot look at row 5"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "make", "message"), REFUSED)
def test_a_mistake_is_named(family: str, make: Any, message: str) -> None:
    model = build("transformer") if family == "lm" else pair(family)
    with pytest.raises(PeepholeError, match=message):
        _ = engine.run(model, tokens(6), [make()]) if family == "lm" else read(model, make())


def test_nobody_is_left_with_nothing_to_look_at() -> None:
    cuts = [CutEdge(S + 1, key) for key in range(S)]
    with pytest.raises(PeepholeError, match="nothing left to look at"):
        read(pair("bahdanau"), *cuts)


# Records and words ----------------------------------------------------------------------------

rows = st.integers(0, 99)


@st.composite
def edits(draw: st.DrawFn) -> EditAttention:
    how = draw(st.sampled_from(HOWS))
    start = draw(rows)
    return EditAttention(
        how,
        draw(rows) if how == "only" else None,
        draw(st.none() | st.integers(0, 9)),
        draw(st.none() | st.integers(0, 9)),
        draw(st.sampled_from(sorted(SAID))),
        draw(st.integers(0, 99)) if how == "permuted" else 0,
        start,
        draw(st.none() | st.integers(start + 1, 120)),
    )


@given(edits() | st.builds(CutHead, rows, rows, st.sampled_from(["context", "cross_context"])))
def test_what_it_prints_and_records_is_what_it_is(item: Intervention) -> None:
    assert intervention(str(item)) == item
    assert from_record(json.loads(json.dumps(to_record(item)))) == item


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("attention uniform", EditAttention("uniform")),
        ("cross-attention argmax from 9", EditAttention("argmax", start=9)),
        ("attention only 3 at 10", EditAttention("only", 3, start=10, stop=11)),
        ("attention permuted seed 2 from row 3 to row 5", EditAttention("permuted", seed=2, start=3, stop=6)),
        ("self-attention uniform in layer 0 head 1", EditAttention("uniform", None, 0, 1, "weights")),
        ("self uniform", EditAttention("uniform", of="weights")),
        ("cut cross head 1 of layer 0", CutHead(0, 1, "cross_context")),
        ("cut edge 9->2", CutEdge(9, 2)),
    ],
)  # fmt: skip
def test_as_a_person_writes_it(text: str, meant: Intervention) -> None:
    assert intervention(text) == meant
