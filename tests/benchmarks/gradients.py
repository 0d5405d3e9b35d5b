"""The T x T gradient map of an LSTM (H = 64, T = 200) against T torch backward passes."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

import engine
from engine.models.recurrent import RecurrentLM
from engine.text import START, Vocabulary
from tests.benchmarks.timing import Figure, versus
from tests.engine.reference import Recurrent

LENGTH, WIDTH, WORDS = 200, 64, 300


def main() -> list[Figure]:
    """Our whole lens, from the trace on, against torch from the recorded graph on; one thread each.

    Ours gives |dL_t/dh_k|, |dL_t/dc_k| and |dL_t/dx_k|, in float64. torch is asked for h alone, and for all
    three, in float32 as it would be by habit.
    """
    torch.set_num_threads(1)
    vocabulary = Vocabulary((START, *(f"w{i}" for i in range(1, WORDS))))
    architecture = RecurrentLM("lstm", WORDS, WIDTH, WIDTH)
    params = architecture.init(np.random.default_rng(0))
    model = engine.LanguageModel("lstm", architecture, params, vocabulary)
    ids = np.random.default_rng(1).integers(1, WORDS, LENGTH)
    ids[0] = 0
    trace = engine.run(model, [vocabulary.words[i] for i in ids])
    theirs, tokens = Recurrent(model), torch.tensor(ids)[None]
    logits = theirs(tokens)[0]

    def passes(*names: str) -> np.ndarray:
        norms = np.zeros((len(names), LENGTH, LENGTH))
        for t in range(1, LENGTH):
            loss = F.cross_entropy(logits[t - 1 : t], tokens[0, t : t + 1])
            states = [state for name in names for state in theirs.seen[name][0][:t]]
            grads = torch.autograd.grad(loss, states, retain_graph=True)
            norms[:, t, :t] = torch.stack(grads).norm(dim=-1).view(len(names), t).numpy()
        return norms

    def ours() -> dict[str, engine.Named]:
        return engine.lenses.gradient_map(model, trace)

    wanted = passes("h", "c", "x")
    for name, map_ in zip("hcx", wanted, strict=True):
        np.testing.assert_allclose(ours()[name].array.reshape(map_.shape), map_, atol=1e-5)
    figures = []
    for names in (("h",), ("h", "c", "x")):
        mine, torchs = versus(ours, lambda names=names: passes(*names), 5, each=9)  # type: ignore[misc]
        figures.append(
            Figure(
                f"gradient map h c x, T = 200 / torch, {' '.join(names)}",
                f"{mine * 1e3:.0f} ms",
                f"{torchs * 1e3:.0f} ms",
                torchs / mine,
                80,
                more=True,
            )
        )
    return figures
