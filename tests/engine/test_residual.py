"""The residual stream's norms and the logit lens against torch, and against the model's own logits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import engine
from engine import Backend, Hold, LanguageModel, PeepholeError, Trace, Vocabulary, lenses
from engine.models.encoder import EncoderTagger
from engine.models.seq2seq import Seq2SeqTransformer
from engine.text import SPECIAL
from tests.engine.build import CELLS, build, tokens
from tests.engine.reference import reference, tensor

PAIR = (*SPECIAL, "a", "b", "c")
ITEMS: tuple[list[Hold], ...] = (
    [],
    [Hold("h", 0.3, layer=0, units=(1,), start=2), Hold("m", 0.0, start=4)],
)


@pytest.mark.parametrize("items", ITEMS, ids=["free", "held"])
@pytest.mark.parametrize("layers", [1, 3])
def test_the_last_depth_is_the_model_s_own_prediction(layers: int, items: list[Hold]) -> None:
    model = build("transformer", layers=layers)
    trace = engine.run(model, tokens(8), items)
    np.testing.assert_allclose(
        lenses.layer_logits(model, trace, layers), trace["logits"], atol=1e-12
    )
    found, top = lenses.logit_lens(model, trace), lenses.top_k(trace, 1)
    assert {named.axes for named in found.values()} == {("time", "depth")}
    np.testing.assert_array_equal(found["rank"].array[:, -1], 1)
    np.testing.assert_array_equal(found["ids"].array[:, -1], top["ids"].array[:, 0])
    for name in ("p", "top"):
        np.testing.assert_allclose(found[name].array[:, -1], top["p"].array[:, 0], atol=1e-12)


def test_every_depth_equals_torchs_readout_of_torchs_stream() -> None:
    model = build("transformer", layers=3)
    words = tokens(7)
    trace = engine.run(model, words)
    theirs = reference(model)
    with torch.no_grad():
        final = theirs(tensor(np.array([model.vocabulary.encode(words)])))[0]
        streams = [theirs.seen["x"][0][0], *(h[0] for h in theirs.seen["h"])]
        readouts = [theirs.readout(theirs.norm(stream)) for stream in streams]
    found, answer = lenses.logit_lens(model, trace), final.argmax(-1)
    for depth, logits in enumerate(readouts):
        p = logits.softmax(-1)
        for row in range(7):
            own = float(p[row, answer[row]])
            assert found["p"].array[row, depth] == pytest.approx(own, abs=1e-12)
            better = sum(float(q) > own for q in p[row])
            assert found["rank"].array[row, depth] == 1 + better
        np.testing.assert_array_equal(found["ids"].array[:, depth], p.argmax(-1).numpy())
        np.testing.assert_allclose(found["top"].array[:, depth], p.max(-1)[0].numpy(), atol=1e-12)


def test_norms_and_cosines_are_the_trace_s() -> None:
    model = build("transformer", layers=2)
    trace = engine.run(model, tokens(6))
    found = lenses.residual_norms(model, trace)
    assert set(found) == {"stream", "a", "a.cosine", "m", "m.cosine"}
    for row, layer in np.ndindex(6, 2):
        r = tensor(trace["h"][row, layer - 1] if layer else trace["x"][row])
        a, m, h = (tensor(trace[name][row, layer]) for name in "amh")
        assert found["stream"].array[row, layer] == pytest.approx(math.sqrt(float(r @ r)))
        assert found["stream"].array[row, layer + 1] == pytest.approx(math.sqrt(float(h @ h)))
        for name, added, there in (("a", a, r), ("m", m, r + a)):
            assert found[name].array[row, layer] == pytest.approx(math.sqrt(float(added @ added)))
            cosine = float(F.cosine_similarity(added, there, dim=0))
            assert found[f"{name}.cosine"].array[row, layer] == pytest.approx(cosine, abs=1e-12)


def test_what_adds_nothing_has_cosine_0() -> None:
    model = build("transformer")
    found = lenses.residual_norms(model, engine.run(model, tokens(4), [Hold("a", 0.0)]))
    assert not found["a"].array.any()
    assert (found["a.cosine"].array == 0).all()


@pytest.mark.parametrize("family", CELLS)
def test_a_recurrent_net_has_no_residual_stream(family: str) -> None:
    model = build(family)
    trace = engine.run(model, tokens(3))
    for lens in (lenses.logit_lens, lenses.residual_norms):
        with pytest.raises(PeepholeError, match=f"{family} has no residual stream"):
            lens(model, trace)


def test_they_are_kept_with_a_trace() -> None:
    model = build("transformer")
    trace = lenses.record(model, engine.run(model, tokens(4)))
    wanted = lenses.logit_lens(model, trace)["p"].array
    np.testing.assert_array_equal(trace.lenses["logit_lens"]["p"].array, wanted)
    assert "stream" in trace.lenses["residual_norms"]


def pair(norm: str, seed: int = 0) -> tuple[LanguageModel, Trace]:
    """A random Seq2SeqTransformer and what it reads: 5 rows of a source, 4 of a target."""
    architecture = Seq2SeqTransformer(len(PAIR), 6, heads=2, layers=2, hidden=10, norm=norm)
    rng = np.random.default_rng(seed)
    params = {
        name: 2 * array + 0.1 * rng.normal(size=array.shape)
        for name, array in architecture.init(rng).items()
    }
    model = LanguageModel("pair", architecture, params, Vocabulary(PAIR))
    model = model.to(Backend(dtype="float64"))
    return model, engine.run(model, ["a", "b", "c", "b"], target=["b", "c", "a"])


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_only_a_target_s_rows_predict(norm: str) -> None:
    model, trace = pair(norm)
    np.testing.assert_allclose(
        lenses.layer_logits(model, trace, 2), trace["logits"][5:], atol=1e-12
    )
    found = lenses.logit_lens(model, trace)
    assert np.isnan(found["p"].array[:5]).all()
    assert (found["rank"].array[:5] == 0).all()
    assert (found["ids"].array[:5] == -1).all()
    assert (found["rank"].array[5:, -1] == 1).all()
    assert np.isfinite(found["p"].array[5:]).all()


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_each_side_s_stream_as_each_addition_finds_it(norm: str) -> None:
    model, trace = pair(norm)
    found = lenses.residual_norms(model, trace)
    assert np.isnan(found["b"].array[:5]).all()
    for row, layer in np.ndindex(len(trace), 2):
        side = "encoder" if row < 5 else "decoder"
        s = tensor(trace["h"][row, layer - 1] if layer else trace["x"][row])
        for name, ln in (("a", "ln_1"), ("b", "ln_x"), ("m", "ln_2")):
            if (name, side) == ("b", "encoder"):
                continue
            added = tensor(trace[name][row, layer])
            cosine = float(F.cosine_similarity(added, s, dim=0))
            assert found[f"{name}.cosine"].array[row, layer] == pytest.approx(cosine, abs=1e-12)
            s = s + added
            if norm == "post":
                gain, bias = (model.params[f"{side}.{layer}.{ln}.{of}"] for of in ("gain", "bias"))
                s = F.layer_norm(s, (6,), tensor(gain), tensor(bias))
        np.testing.assert_allclose(s.numpy(), trace["h"][row, layer], atol=1e-12)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_an_encoder_s_every_row_predicts(norm: str) -> None:
    architecture = EncoderTagger(len(PAIR), 6, heads=2, layers=2, hidden=10, norm=norm)
    params = architecture.init(np.random.default_rng(0))
    model = LanguageModel("tagger", architecture, params, Vocabulary(PAIR))
    model = model.to(Backend(dtype="float64"))
    trace = engine.run(model, ["a", "b", "c"])
    np.testing.assert_allclose(lenses.layer_logits(model, trace, 2), trace["logits"], atol=1e-12)
    assert (lenses.logit_lens(model, trace)["rank"].array[:, -1] == 1).all()
