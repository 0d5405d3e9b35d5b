"""Measures of blocks, positions and steps: by hand, by torch, and on models whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engine import Hold, LanguageModel, PeepholeError, run
from engine.models import layer_params
from engine.models.encoder import EncoderTagger
from engine.text import Vocabulary
from engine.ticks import work
from scenarios.expressions import evaluate, parse
from scenarios.lanes import Lane
from scenarios.measures import MEASURES
from tests.scenarios.models import untrained

TEXT = "the cats that sat on the mat that was red were happy ."
R = 11  # reads "were"


def lane(model: LanguageModel, *hand_set: Any, text: str = TEXT) -> Lane:
    return Lane(model.name, model, run(model, text, hand_set), hand_set)


def tagger() -> LanguageModel:
    base = untrained("transformer")
    architecture = EncoderTagger(len(base.vocabulary), 16, 2, 2, 24)
    params = architecture.init(np.random.default_rng(0))
    return LanguageModel(
        "tagger", architecture, {k: 3 * v for k, v in params.items()}, base.vocabulary
    )


T = lane(untrained("transformer"))
LANES = {
    "tf": T,
    "lstm": lane(untrained("lstm")),
    "deaf": lane(untrained("transformer"), Hold("a", 0.0)),
    "other": lane(untrained("transformer"), text=TEXT.replace("cats", "dogs")),
    "deaf_other": lane(untrained("transformer"), Hold("a", 0.0), text=TEXT.replace("cats", "dogs")),
    "tagger": lane(tagger()),
}


def measured(text: str) -> Any:
    return evaluate(parse(text, MEASURES), MEASURES, {**LANES, "here": R}.__getitem__)


def test_scores_and_heads_are_what_the_equations_say() -> None:
    q, k = T.trace["q"][R, 1, 2].astype(float), T.trace["k"][2, 1, 2].astype(float)
    assert measured("dot(tf, here, 'cats', 1, 2)") == pytest.approx(q @ k)
    assert measured("score(tf, here, 'cats', 1, 2)") == pytest.approx(q @ k / 4, rel=1e-5)
    assert measured("score(tf, 'cats', here, 1, 2)") == -np.inf
    assert measured("head_width(tf)") == 16
    top = T.trace.tokens[int(T.trace["weights"][R, 0, 3].argmax())]
    assert measured("top_key(tf, here, 0, 3)") == top
    p = layer_params(T.model.params, 1)
    part = T.trace["context"][R, 1, 2] @ p["W_o"][32:48]
    assert measured("head_adds(tf, here, 2)") == pytest.approx(np.linalg.norm(part), rel=1e-5)
    assert measured("mixing_error(tf)") < 1e-5
    assert measured("heads_error(tf, here)") < 1e-5
    assert measured("heads_error(deaf, here)") > 1e-3  # what was held is not the sum of its heads
    assert measured("size_with(tf, 1)") == measured("size(tf)")
    with pytest.raises(PeepholeError, match="3 heads do not divide"):
        measured("size_with(tf, 3)")


def test_the_stream_and_its_feed_forward() -> None:
    assert measured("length(tf, 'x', 3)") == pytest.approx(np.linalg.norm(T.trace["x"][3]))
    found = measured("length(tf, 'm', 3, layer=0)")
    assert found == pytest.approx(np.linalg.norm(T.trace["m"][3, 0]), rel=1e-6)
    assert measured("stream_error(tf)") < 1e-4
    p = {k: torch.tensor(v) for k, v in layer_params(T.model.params, 1).items()}
    s = torch.tensor(T.trace["h"][:, 0] + T.trace["a"][:, 1])
    hidden = F.layer_norm(s, (64,), p["ln_2.gain"], p["ln_2.bias"]) @ p["W_1"] + p["b_1"]
    off = (torch.relu(hidden) == 0).float().mean(-1).numpy()
    assert measured("silent(tf, here)") == pytest.approx(off[R], abs=1e-6)
    assert measured("silent(tf)") == pytest.approx(off.mean(), abs=1e-6)
    assert measured("guess_at_depth(tf, here, 2)") == measured("guess(tf, here)")
    assert measured("p_at_depth(tf, here, 2)") == pytest.approx(
        measured("probability(tf, here, guess(tf, here))"), rel=1e-4
    )
    assert measured("apart(deaf, deaf_other, here)") == 0
    wanted = np.abs(T.trace["logits"][R] - LANES["other"].trace["logits"][R]).max()
    assert measured("apart(tf, other, here)") == pytest.approx(wanted)


def test_softmax_of_random_scores_is_sharp_unless_it_is_scaled() -> None:
    np.testing.assert_allclose(measured("shares(2.1, 0.2, 0.1)"), [0.778, 0.116, 0.105], atol=5e-4)
    assert measured("dot_spread(64)") == pytest.approx(8, rel=0.1)
    assert measured("peak(256, divide=0)") > 0.9
    assert 0.2 < measured("peak(256)") < 0.4
    flat = measured("last_gradient('post', 2)"), measured("last_gradient('post', 8)")
    falls = measured("last_gradient('pre', 2)"), measured("last_gradient('pre', 8)")
    assert flat[1] > 0.8 * flat[0]
    assert falls[1] < 0.7 * falls[0]  # the square root of a quarter is a half


def test_order_is_seen_only_where_it_is_told() -> None:
    assert measured("unordered(tagger, 'none')") < 1e-5
    assert measured("unordered(tagger)") > 1e-3
    with pytest.raises(PeepholeError, match="tf is no Transformer encoder"):
        evaluate(
            parse("unordered(tf)", MEASURES), MEASURES, {"tf": replace(T, label="tf")}.__getitem__
        )
    assert measured("swap_effect(tf, 2, 7)") > 1e-3
    assert measured("swap_effect(deaf, 2, 7)") == 0
    assert measured("sines_alike(64, 5)") == pytest.approx(measured("sines_alike(64, 5, 300)"))
    assert measured("sine(4, 1, 2)") == pytest.approx(0.009999833334166664)
    assert measured("positions_known(tf)") == 160
    p = np.linalg.norm(T.model.params["P"], axis=1)
    wanted = p[20:].mean() / p[:20].mean()
    assert measured("unused_positions(tf, 20)") == pytest.approx(wanted, rel=1e-5)
    with pytest.raises(PeepholeError, match="has no table of positions"):
        measured("positions_known(lstm)")


def test_steps_and_work() -> None:
    assert measured("ticks(lstm)") == measured("rows(lstm)") == 14
    assert measured("ticks(tf)") == measured("ticks(tagger)") == 2
    assert measured("multiply_adds(tf, 30)") == work(T.model.architecture, 30)
    assert measured("slower(tf, 64, 64)") == 1
    with pytest.raises(PeepholeError, match="reads a source first"):
        measured("slower(tagger, 8, 4)")


def test_what_copies_is_told_by_writing_on() -> None:
    from scenarios.positions import WORDS, copied

    class Echo:
        """Copies without a fault: the token at row r is that of row r - L - 1."""

        def start(self, params: Any, batch: Any = ()) -> list[Any]:
            return []

        def step(self, params: Any, state: Any, ids: Any, do: Any = None, row: int = 0) -> Any:
            state = [*state, ids]
            length = next((r for r, seen in enumerate(state) if seen[0] == WORDS.index("=")), 0) - 1
            done = length >= 0 and row == 2 * length + 1
            wanted = np.full(len(ids), 1) if done else state[row - length] if length >= 0 else ids
            return state, {"logits": np.eye(len(WORDS))[wanted]}

    model: Any = LanguageModel("echo", Echo(), {}, Vocabulary(WORDS))  # type: ignore[arg-type]
    for length in (1, 3, 9):
        assert copied(model, length, 20).all()
    with pytest.raises(PeepholeError, match="says no letters again"):
        measured("copies(tf, 3)")
