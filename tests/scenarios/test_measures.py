"""Each measure is the lens that it names, at the row, layer, unit and head that it was asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import CutHead, Hold, fork, lenses, run
from engine.interventions import Interventions
from scenarios.evaluate import accuracy
from scenarios.expressions import evaluate, parse
from scenarios.lanes import Lane
from scenarios.measures import MEASURES, listed
from tests.scenarios.models import untrained

TEXT = "the cats that sat on the mat that was red were happy ."
W, OTHER = "were", "was"


def lane(name: str, *hand_set: Any) -> Lane:
    model = untrained(name)
    return Lane(name, model, run(model, TEXT, hand_set), hand_set)


LANES = {"lstm": lane("lstm"), "tf": lane("transformer"), "rnn": lane("rnn"),
         "held": lane("lstm", Hold("c", 0.0, None, (1, 2)))}  # fmt: skip
L, T = LANES["lstm"], LANES["tf"]
R = 11  # reads "were"


def measured(text: str) -> Any:
    names = {**LANES, "here": R}
    return evaluate(parse(text, MEASURES), MEASURES, names.__getitem__)


EXPECTED = {
    "surprisal(lstm, here)": lenses.surprisal(L.trace)["bits"].array[R],
    "max(surprisal(lstm))": np.nanmax(lenses.surprisal(L.trace)["bits"].array),
    "probability(lstm, here, 'was')": lenses.probability(L.trace, R, OTHER),
    "probability(lstm, rows(lstm), 'was')": lenses.probability(L.trace, len(L.trace), OTHER),
    "log_odds(lstm, 'were', 'were', 'was')": lenses.log_odds(L.trace, R, W, OTHER),
    "guess(lstm, here, 2)": L.model.vocabulary.words[
        lenses.top_k(L.trace, 2)["ids"].array[R - 1, 1]
    ],
    "value(lstm, 'c', 17, 'that#2')": float(L.trace["c"][8, 0, 17]),
    "min(value(lstm, 'c', 17))": float(L.trace["c"][:, 0, 17].min()),
    "value(tf, 'h', 3, 4, layer=0)": float(T.trace["h"][4, 0, 3]),
    "largest(lstm, 'c')": float(np.abs(L.trace["c"]).max()),
    "gate(lstm, 'f', here)": L.trace["f"][R, 0].mean(dtype=np.float64),
    "gate_shut(lstm, 'o', 3)": (L.trace["o"][3, 0] < 0.1).mean(),
    "gate_open(lstm, 'o', 3)": (L.trace["o"][3, 0] > 0.9).mean(),
    "jacobian(rnn, 4)": lenses.jacobian_norms(LANES["rnn"].model, LANES["rnn"].trace)[
        "state"
    ].array[4, 0],
    "gradient(lstm, here, 'cats')": lenses.gradient_flow(L.model, L.trace, R)["h"].array[2, 0],
    "gradient(lstm, here, 2, 'c', word='was')": lenses.gradient_flow(L.model, L.trace, R, OTHER)[
        "c"
    ].array[2, 0],
    "gradient(tf, here, 2, 'h', layer=0)": lenses.gradient_flow(T.model, T.trace, R)["h"].array[
        2, 0
    ],
    "argmax(gradient(tf, here, of='x'))": int(
        lenses.gradient_flow(T.model, T.trace, R)["x"].array.argmax()
    ),
    "occlusion(tf, here, 'were', 'was', 'cats')": lenses.occlusion(T.model, T.trace, R, W, OTHER)[
        "drop"
    ].array[2],
    "ablation(lstm, here, 'were', 'was', 5, 'c')": lenses.unit_ablation(
        L.model, L.trace, R, W, OTHER, "c"
    )["drop"].array[0, 5],
    "item(strongest(lstm, here, 'were', 'was', 3, of='c'), 0)": int(
        lenses.unit_ablation(L.model, L.trace, R, W, OTHER, "c")["drop"].array[0].argmax()
    ),
    "item(weakest(lstm, here, 'were', 'was', of='c'), 0)": int(
        np.abs(lenses.unit_ablation(L.model, L.trace, R, W, OTHER, "c")["drop"].array[0]).argmin()
    ),
    "attention(tf, here, 'mat', layer=0, head=2)": float(T.trace["weights"][R, 0, 2, 7]),
    "attention(tf, here, 'mat')": float(T.trace["weights"][R, 1, :, 7].mean()),
    "item(heads(tf, here, 'mat', layer=0), 2)": float(T.trace["weights"][R, 0, 2, 7]),
    "item(head_ablation(tf, here, 'were', 'was', layer=0), 1)": lenses.log_odds(
        T.trace, R, W, OTHER
    )
    - lenses.log_odds(fork(T.model, T.trace, CutHead(0, 1)), R, W, OTHER),
    "attention_entropy(tf, here, layer=0, head=1)": lenses.attention_entropy(T.trace)["bits"].array[
        0, 1, R
    ],
    "rollout(tf, here, 2)": lenses.rollout(T.trace)["weights"].array[-1, R, 2],
    "accuracy(lstm, 'agreement/attractors-1', n=20)": accuracy(
        L.model, "agreement/attractors-1", 20
    ),
    "accuracy(held, 'agreement/attractors-1', n=20, seed=2)": accuracy(
        L.model, "agreement/attractors-1", 20, 2, Interventions(LANES["held"].hand_set)
    ),
    "row(lstm, 'that#2')": 8,
    "rows(lstm)": 14,
    "token(lstm, 8)": "that",
    "size(lstm)": L.model.size,
    "width(lstm)": 64,
    "vocabulary(lstm)": len(L.model.vocabulary),
    "updates(lstm)": 6000,
    "min(3, 1, 2)": 1,
    "mean(1, 2)": 1.5,
    "sum(1, 2, 3)": 6,
    "argmax(surprisal(lstm), 1, 3)": 1 + int(lenses.surprisal(L.trace)["bits"].array[1:4].argmax()),
    "argmin(surprisal(lstm), 1, 3)": 1 + int(lenses.surprisal(L.trace)["bits"].array[1:4].argmin()),
    "abs(0 - 2)": 2,
    "round(2.345, 2)": 2.35,
    "log2(8)": 3,
    "-2 ** 2 + 7 / 2": -0.5,
    "1 < 2 and not 3 < 2": True,
}


@pytest.mark.parametrize("text", EXPECTED)
def test_a_measure_is_its_lens(text: str) -> None:
    value = measured(text)
    if isinstance(EXPECTED[text], str):
        assert value == EXPECTED[text]
    else:
        np.testing.assert_allclose(value, EXPECTED[text], rtol=1e-9, atol=1e-12)


def test_no_measure_is_left_out() -> None:
    files = Path(__file__).parent.glob(
        "test_measures_*.py"
    )  # each beside the measures that it tests
    called = " ".join([*EXPECTED, *(file.read_text(encoding="utf-8") for file in files)])
    words = set(re.findall(r"\w+", called))
    for measure in listed():
        assert measure.name in words
        assert measure.about
        assert measure.unit
        assert measure.group
