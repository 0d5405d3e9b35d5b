"""Small random models of pairs, and what they read: a source of letters, a target of sounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import LanguageModel, Vocabulary, run
from engine.models.encoder import EncoderTagger
from engine.models.encoder_decoder import EncoderDecoder
from engine.models.seq2seq import Seq2SeqTransformer
from engine.text import SPECIAL
from tui.app import PeepholeApp
from tui.lane import Lane
from tui.session import Session

WORDS = (*SPECIAL, *"through", "TH", "R", "UW1")
SOURCE = "t h r o u g h"
TARGET = "TH R UW1"
S = 8  # rows of the source: t h r o u g h </s>
SIZES = {"width": 8, "layers": 2}


def pair_model(kind: str, seed: int = 0, **sizes: Any) -> LanguageModel:
    """`seq2seq`, `encoder`, or an encoder-decoder (GRU) with a kind of attention, or `none`."""
    n = len(WORDS)
    architecture: Any
    if kind in ("seq2seq", "encoder"):
        family = Seq2SeqTransformer if kind == "seq2seq" else EncoderTagger
        architecture = family(n, **{**SIZES, "heads": 2, "hidden": 10, **sizes})
    else:
        architecture = EncoderDecoder("gru", n, **{**SIZES, "embed": 5, "attention": kind, **sizes})
    rng = np.random.default_rng(seed)
    params = {
        k: (2 * v + 0.1 * rng.normal(size=v.shape)) for k, v in architecture.init(rng).items()
    }
    params = {k: v.astype(np.float32) for k, v in params.items()}
    return LanguageModel(kind, architecture, params, Vocabulary(WORDS), digest="0" * 12)


def pair_lane(kind: str, **sizes: Any) -> Lane:
    """What such a model reads."""
    model = pair_model(kind, **sizes)
    target = None if kind == "encoder" else TARGET
    return Lane(kind, run(model, SOURCE.split(), target=target), model)


def pair_app(*kinds: str, free: bool = False, **sizes: Any) -> PeepholeApp:
    """The app with one such lane a kind; `free` has them write by themselves."""
    target = None if free or kinds == ("encoder",) else TARGET
    lanes = []
    for seed, kind in enumerate(kinds):
        model = pair_model(kind, seed, **sizes)
        lanes.append(Lane(model.name, run(model, SOURCE.split(), target=target, most=5), model))
    return PeepholeApp(Session(lanes))
