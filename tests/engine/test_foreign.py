"""g2p-en opens as it is: the same phonemes as torch's GRU with the package's own arrays gives."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine import foreign
from engine.errors import PeepholeError
from engine.foreign import g2p_en
from engine.runner import run
from engine.text import STOP

installed = pytest.mark.skipif(
    importlib.util.find_spec("g2p_en") is None, reason="the extra g2p is not installed"
)
KNOWN = {  # from the package's own documentation, and words that are in no dictionary of ours
    "activationist": "AE2 K T IH0 V EY1 SH AH0 N IH0 S T",
    "through": "TH R UW1",
    "peephole": "P IY1 F OW2 L",
}


def words(count: int) -> list[str]:
    """Random words of 1 to 12 letters."""
    rng = np.random.default_rng(5)
    return ["".join(rng.choice(list(g2p_en.LETTERS), rng.integers(1, 13))) for _ in range(count)]


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    """Random arrays of the shapes that the checkpoint has."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"enc_emb": (29, 256), "dec_emb": (74, 256)}
    for side in ("enc", "dec"):
        shapes |= {f"{side}_w_{part}": (768, 256) for part in ("ih", "hh")}
        shapes |= {f"{side}_b_{part}": (768,) for part in ("ih", "hh")}
    shapes |= {"fc_w": (74, 256), "fc_b": (74,)}
    return {name: rng.normal(size=shape).astype(np.float32) / 8 for name, shape in shapes.items()}


class Oracle:
    """The package's network of torch's modules, with its own two vocabularies."""

    def __init__(self, found: dict[str, Any]) -> None:
        a = {name: torch.tensor(array) for name, array in found.items()}
        self.read, self.written = (
            nn.Embedding.from_pretrained(a[f"{s}_emb"]) for s in ("enc", "dec")
        )
        self.encoder, self.decoder = (nn.GRU(256, 256, batch_first=True) for _ in range(2))
        for side, gru in (("enc", self.encoder), ("dec", self.decoder)):
            gru.load_state_dict(
                {f"{kind}_{part}_l0": a[f"{side}_{kind[0]}_{part}"]
                 for kind in ("weight", "bias") for part in ("ih", "hh")}
            )  # fmt: skip
        self.weight, self.bias = a["fc_w"], a["fc_b"]

    @torch.no_grad()
    def __call__(self, word: str, most: int = 20) -> tuple[list[str], np.ndarray]:
        """What it writes, and the logits (U, 74) of its own phonemes."""
        letters = torch.tensor([[3 + ord(letter) - ord("a") for letter in word] + [2]])
        _, h = self.encoder(self.read(letters))
        token, said, logits = 2, [], []  # 2 is <s>, 3 is </s>
        for _ in range(most):
            out, h = self.decoder(self.written(torch.tensor([[token]])), h)
            logits.append(nn.functional.linear(out[0, 0], self.weight, self.bias).numpy())
            token = int(logits[-1].argmax())
            if token == 3:
                break
            said.append(g2p_en.WRITTEN[token])
        return said, np.stack(logits)


@installed
def test_two_hundred_words_are_said_as_torch_says_them() -> None:
    with np.load(g2p_en.checkpoint(), allow_pickle=False) as file:
        oracle = Oracle({name: file[name] for name in file.files})
    model = foreign.load("g2p-en")
    columns = model.vocabulary.encode(g2p_en.WRITTEN)
    for word in [*words(200), *KNOWN]:
        said, logits = oracle(word)
        trace = run(model, word, most=20)
        assert list(trace.tokens[trace.source + 1 :]) == said, word
        found = trace["logits"][trace.source :, columns][: len(logits)]
        np.testing.assert_allclose(found, logits, atol=2e-4)  # float32, up to 20 ticks on


@installed
@pytest.mark.parametrize("word", KNOWN)
def test_known_words(word: str) -> None:
    trace = run(foreign.load("g2p-en"), word)
    assert " ".join(trace.tokens[trace.source + 1 :]) == KNOWN[word]


@installed
def test_the_package_is_never_imported() -> None:
    model = foreign.load("g2p-en")
    assert "g2p_en" not in sys.modules
    assert "nltk" not in sys.modules
    assert model.card["license"] == "Apache-2.0"


def test_random_weights_are_read_alike() -> None:
    """Without the package: every array has its place."""
    found = arrays()
    model, oracle = g2p_en.converted(found), Oracle(found)
    columns = model.vocabulary.encode(g2p_en.WRITTEN)
    for word in words(10):
        said, logits = oracle(word, 6)
        trace = run(model, word, target=said[:5])
        got = trace["logits"][trace.source :, columns][: len(logits)]
        np.testing.assert_allclose(got, logits[: len(got)], atol=1e-5)


def test_letters_are_never_written() -> None:
    model = g2p_en.converted(arrays())
    logits = run(model, "abc", target=["K", "AE1"])["logits"][4:].astype(np.float64)
    p = np.exp(logits - logits.max(-1, keepdims=True))
    letters = model.vocabulary.encode([*g2p_en.LETTERS, "<unk>"])
    assert (p[:, letters] == 0).all()
    assert p[:, STOP].min() > 0
    assert len(set(model.vocabulary.words)) == len(model.vocabulary) == 3 + 26 + 70 + 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"fc_b": np.zeros(73, np.float32)},
        {"enc_emb": np.zeros((29, 64), np.float32)},
        {"dec_w_hh": np.full((768, 256), np.nan, np.float32)},
        {"enc_b_ih": np.zeros(768, int)},
        {"fc_w": None},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_other_arrays_are_one_message(wrong: dict[str, Any]) -> None:
    changed = {name: a for name, a in (arrays() | wrong).items() if a is not None}
    with pytest.raises(PeepholeError, match="weights"):
        g2p_en.converted(changed)


@pytest.mark.parametrize("content", ["pickle", "text", "half", "none"])
def test_a_damaged_or_missing_file_is_one_message(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / g2p_en.FILE
    if content == "pickle":
        np.savez(path, enc_emb=np.array([{"run": "me"}], dtype=object))
    elif content == "text":
        path.write_text("weights")
    elif content == "half":
        np.savez(path, **arrays())
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    spec = importlib.util.spec_from_loader("g2p_en", None, is_package=True)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    spec.submodule_search_locations.append(str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(PeepholeError) as told:
        foreign.load("g2p-en")
    assert told.value.do == g2p_en.INSTALL


def test_without_the_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PeepholeError, match="not installed") as told:
        foreign.load("g2p-en")
    assert told.value.do == g2p_en.INSTALL
    with pytest.raises(PeepholeError, match="no foreign model"):
        foreign.load("g2p")
