"""The Transformer tick by tick: equal to one shot, blind to what it may not see, open to every hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from engine import Hold, PeepholeError
from engine.arrays import Backend, log_softmax, namespace, stack
from engine.inits import initialise
from engine.interventions import NOTHING
from engine.models import LanguageModel
from engine.recipe import Recipe
from engine.text import BLANK, END
from engine.trace import Trace
from tests.engine.twins import WORDS, pair_model, pairs

BOTH = pytest.mark.parametrize("norm", ["post", "pre"])
KINDS = pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])
SOURCE, TARGET = ["w1", "w5", "w2", "w7"], ["w3", "w0", "w8"]


def whole(model: LanguageModel) -> np.ndarray:
    """Ids of SOURCE and TARGET as one row of a batch."""
    return np.array(model.vocabulary.encode([*SOURCE, END, "<s>", *TARGET]))


def stepped(model: LanguageModel, ids: np.ndarray, source: int, do: Any = NOTHING) -> Any:
    """Logits (..., U, V) of a target, tick by tick."""
    architecture: Any = model.architecture
    state, _ = architecture.read(model.params, ids[..., :source], do)
    found = []
    for row in range(source, ids.shape[-1]):
        state, values = architecture.step(model.params, state, ids[..., row], do, row)
        found.append(values["logits"])
    return stack(found, -2)


@BOTH
@KINDS
def test_tick_by_tick_equals_one_shot(norm: str, positions: str) -> None:
    model = pair_model(norm=norm, positions=positions)
    source, target = pairs()
    for ids in (whole(model), np.concatenate((source, target), 1)):
        one = model.architecture.logits(model.params, ids)
        np.testing.assert_allclose(stepped(model, ids, 5), one[..., 5:, :], rtol=0, atol=1e-12)
        assert (one[..., :5, :] == 0).all()


@BOTH
def test_numpy_equals_torch(norm: str) -> None:
    model = pair_model(norm=norm)
    theirs = model.to(Backend("torch", "float64"))
    ids = np.concatenate(pairs(), 1)
    wanted = model.architecture.logits(model.params, ids)
    one = theirs.architecture.logits(theirs.params, ids)
    np.testing.assert_allclose(one.numpy(), wanted, rtol=0, atol=1e-12)
    np.testing.assert_allclose(stepped(theirs, ids, 5).numpy(), wanted[:, 5:], rtol=0, atol=1e-12)


@BOTH
@pytest.mark.parametrize("family", ["pair", "encoder"])
def test_padding_changes_nothing(family: str, norm: str) -> None:
    """Each item of a padded batch equals the same item alone; so padding is seen by nobody."""
    model = pair_model(family, norm=norm)
    source, target = pairs()
    batch = np.concatenate((source, target), 1) if family == "pair" else source
    together = model.architecture.logits(model.params, batch)
    for item in range(3):
        real = batch[item] != BLANK
        alone = model.architecture.logits(model.params, batch[item][real])
        np.testing.assert_allclose(together[item][real], alone, rtol=0, atol=1e-12)


@BOTH
def test_no_row_of_the_target_sees_a_later_one_and_every_row_sees_the_source(norm: str) -> None:
    model = pair_model(norm=norm)
    ids = whole(model)
    logits = model.architecture.logits(model.params, ids)
    for row in [*range(5), *range(6, len(ids))]:
        changed = ids.copy()
        changed[row] = 3 + (ids[row] - 2) % 9
        other = model.architecture.logits(model.params, changed)
        first = max(row, 5)
        np.testing.assert_array_equal(other[:first], logits[:first])
        assert (abs(other[first:] - logits[first:]).max(-1) > 1e-6).all()


def test_an_encoder_sees_both_ways() -> None:
    model = pair_model("encoder")
    ids = pairs()[0][0]
    logits = model.architecture.logits(model.params, ids)
    for row in range(len(ids)):
        changed = ids.copy()
        changed[row] = 3 + (ids[row] - 2) % 9
        other = model.architecture.logits(model.params, changed)
        assert (abs(other - logits).max(-1) > 1e-6).all()


@pytest.mark.parametrize("family", ["pair", "encoder"])
def test_without_positions_order_is_not_seen(family: str) -> None:
    """Self-attention is permutation-equivariant; a decoder that reads a permuted memory sees no change."""
    order = np.array([2, 0, 3, 1, 4])
    for positions, blind in (("none", True), ("sinusoidal", False)):
        model = pair_model(family, positions=positions)
        ids = whole(model) if family == "pair" else whole(model)[:5]
        permuted = np.concatenate((ids[:5][order], ids[5:]))
        wanted = model.architecture.logits(model.params, ids)
        wanted = wanted if family == "pair" else wanted[order]
        found = model.architecture.logits(model.params, permuted)
        assert (abs(found - wanted).max() < 1e-12) == blind


def read(model: LanguageModel, *items: Any) -> Trace:
    return engine.run(model, SOURCE, items, target=TARGET)


@BOTH
def test_a_trace_names_source_and_target(norm: str) -> None:
    """Every value of the trace, recomputed from its neighbours by the equations alone."""
    model = pair_model(norm=norm)
    trace = read(model)
    p, s, dims = model.params, 5, 4
    assert trace.tokens == [*SOURCE, END, "<s>", *TARGET]
    assert trace.names == tuple(model.architecture.axes)
    one = model.architecture.logits(p, whole(model))
    np.testing.assert_allclose(trace["logits"][s:], one[s:], rtol=0, atol=1e-12)
    assert np.isnan(trace["logits"][:s]).all()
    for layer, head in np.ndindex(2, 2):
        for t in range(s, len(trace)):  # the target: its own rows so far, and the source
            own, crossed = slice(s, t + 1), slice(0, s)
            for prefix, keys in (("", own), ("cross_", crossed)):
                q = trace[f"{prefix}q"][t, layer, head]
                wanted = trace[f"{prefix}k"][keys, layer, head] @ q / np.sqrt(dims)
                scores = trace[f"{prefix}scores"][t, layer, head]
                np.testing.assert_allclose(scores[keys], wanted, rtol=0, atol=1e-12)
                assert np.isneginf(np.delete(scores, np.r_[keys])).all()
                weights = trace[f"{prefix}weights"][t, layer, head]
                share = np.exp(wanted) / np.exp(wanted).sum()
                np.testing.assert_allclose(weights[keys], share, rtol=0, atol=1e-12)
                assert (np.delete(weights, np.r_[keys]) == 0).all()
                context = weights[keys] @ trace[f"{prefix}v"][keys, layer, head]
                found = trace[f"{prefix}context"][t, layer, head]
                np.testing.assert_allclose(found, context, rtol=0, atol=1e-12)
        weights = trace["weights"][:s, layer, head]  # the source: both ways, itself alone
        np.testing.assert_allclose(weights[:, :s].sum(-1), 1, rtol=0, atol=1e-12)
        assert (weights[:, :s] > 0).all()
        assert (weights[:, s:] == 0).all()
    if norm == "pre":  # the residual stream is a sum of contributions; a source's row has no b
        before = trace["x"]
        for layer in range(2):
            b = np.nan_to_num(trace["b"][:, layer])
            h = before + trace["a"][:, layer] + b + trace["m"][:, layer]
            np.testing.assert_allclose(trace["h"][:, layer], h, rtol=0, atol=1e-12)
            before = trace["h"][:, layer]
    assert np.isnan(trace["b"][:s]).all()
    assert np.isnan(trace["cross_k"][s:]).all()


@BOTH
@pytest.mark.parametrize("family", ["pair", "encoder"])
def test_every_value_can_be_held(family: str, norm: str) -> None:
    """A value that `do` changes is recorded as changed, and the output follows; one shot agrees."""
    model = pair_model(family, norm=norm)
    ids = whole(model) if family == "pair" else whole(model)[:5]

    class Acting:
        """Doubles one unit (or key) of one value everywhere."""

        def __init__(self, which: str) -> None:
            self.which = which

        def at(self, layer: int, rows: Any) -> Any:
            def do(name: str, value: np.ndarray) -> np.ndarray:
                if name != self.which:
                    return value
                changed = value.copy()
                changed[..., 0] *= 2.0
                return changed

            return do

    plain = model.architecture.logits(model.params, ids)
    for name in model.architecture.axes:
        if name == "logits":
            continue
        found = model.architecture.logits(model.params, ids, Acting(name))
        assert abs(found - plain).max() > 1e-4, name
        if family == "pair":
            ticks = stepped(model, ids, 5, Acting(name))
            np.testing.assert_allclose(ticks, found[5:], rtol=0, atol=1e-12)
    trace = (
        read(model, Hold("b", 0.25))
        if family == "pair"
        else engine.run(model, SOURCE, [Hold("a", 0.25)])
    )
    held = trace["b"][5:] if family == "pair" else trace["a"]
    assert (held == 0.25).all()


@BOTH
@pytest.mark.parametrize("family", ["pair", "encoder"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_the_loss_has_the_derivative_that_finite_differences_find(
    family: str, norm: str, library: str
) -> None:
    """Central differences along a random direction of each parameter, in float64, over a padded batch."""
    model = pair_model(family, norm=norm, positions="learned").to(Backend(library, "float64"))
    source, target = pairs()
    ids = np.concatenate((source, target), 1) if family == "pair" else source
    rng = np.random.default_rng(2)
    words = rng.integers(0, len(WORDS), ids.shape)
    share = model.backend.asarray((ids != BLANK) / (ids != BLANK).sum())

    def loss(params: Any) -> Any:
        log_p = log_softmax(model.architecture.logits(params, ids))
        rows, columns = np.indices(ids.shape)
        return -namespace(log_p).sum(log_p[rows, columns, words] * share)

    _, grads = model.backend.value_and_grad(loss, model.params)
    for name, array in model.params.items():
        direction = model.backend.asarray(rng.normal(size=tuple(array.shape)))
        ends = [float(loss({**model.params, name: array + e * direction})) for e in (1e-6, -1e-6)]
        found = float((grads[name] * direction).sum())
        assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-8), name
        assert found != 0 or name.endswith(".b_k"), (
            name
        )  # a key's bias moves all scores of a query alike


def test_a_longer_text_than_the_positions_is_refused() -> None:
    model = pair_model(positions="learned", context=6)
    assert len(read(model)) == 9  # 5 rows of source and 4 of target: each side counts from 0
    with pytest.raises(PeepholeError, match=r"7 tokens are more than .* 6 positions"):
        engine.run(model, ["w1"] * 6, target=TARGET)
    with pytest.raises(PeepholeError, match=r"7 tokens are more than .* 6 positions"):
        engine.run(model, SOURCE, target=["w1"] * 6)
    with pytest.raises(PeepholeError, match=r"7 tokens are more than .* 6 positions"):
        engine.run(pair_model("encoder", positions="learned", context=6), ["w1"] * 6)


def test_what_cannot_be_done_is_said() -> None:
    encoder = pair_model("encoder")
    with pytest.raises(PeepholeError, match="reads a text as a whole"):
        encoder.architecture.step(encoder.params, None, np.array(3))
    pair = pair_model()
    with pytest.raises(PeepholeError, match="a target begins after its source"):
        pair.architecture.start(pair.params)


def test_tables_of_positions_are_no_matrices_to_draw_anew() -> None:
    architecture: Any = pair_model(positions="learned").architecture
    fresh = architecture.init(np.random.default_rng(5))
    drawn = initialise(architecture, Recipe(init="xavier", seed=5))
    for name in fresh:
        kept = name in ("E", "encoder.P", "decoder.P") or name.endswith("gain")
        assert np.array_equal(drawn[name], fresh[name]) == kept or not fresh[name].any(), name


@pytest.mark.parametrize("family", ["pair", "encoder"])
def test_a_model_and_its_trace_come_back_from_their_files(family: str, tmp_path: Path) -> None:
    model = pair_model(family, dtype="float32", norm="post", positions="learned")
    engine.save_model(model, tmp_path / "model.safetensors")
    again = engine.load_model(tmp_path / "model.safetensors")
    assert again.architecture == model.architecture
    trace = read(again) if family == "pair" else engine.run(again, SOURCE)
    engine.save_trace(trace, tmp_path / "trace.safetensors")
    kept = engine.load_trace(tmp_path / "trace.safetensors")
    assert (kept.source, kept.header.ahead) == (trace.source, trace.header.ahead)
    for name in trace.names:
        np.testing.assert_array_equal(kept[name], trace[name])
