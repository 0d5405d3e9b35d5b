"""Bundled models: listed without being loaded, trained by name, and described by cards that are true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine.arrays import Backend
from engine.errors import PeepholeError
from scenarios import card, corpora, zoo
from scenarios.pairs import spelling
from scenarios.train import score, train

WITH_WEIGHTS = tuple(
    seed for name in zoo.names() for seed in zoo.seeds(name) if zoo.size(seed)
)  # what others have not trained yet has no card to check


def test_a_list_of_models_loads_neither_corpora_nor_architectures() -> None:
    code = (
        "import sys; from scenarios import zoo; [zoo.size(n) for n in zoo.names()]\n"
        "print([m for m in sys.modules if m.startswith(('torch', 'autograd', 'engine.models.',"
        " 'engine.training', 'scenarios.pairs', 'scenarios.corpus', 'scenarios.english'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_seeds_are_numbered_from_the_name() -> None:
    assert zoo.seeds("copy-gru") == ("copy-gru", "copy-gru+1", "copy-gru+2")
    assert zoo.seeds("lstm") == ("lstm",)
    assert [zoo.entry(name).recipe.seed for name in zoo.seeds("copy-gru")] == [0, 1, 2]
    assert zoo.entry("copy-gru+1").architecture == zoo.entry("copy-gru").architecture


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("copy-gru+x", "no seed 'x' of copy-gru"),
        ("copy-gru+", "no seed '' of copy-gru"),
        ("copy-grru+1", "no model 'copy-grru'"),
        ("copy-gru+99", "no weights of copy-gru"),
    ],
)
def test_a_seed_that_is_not_there_gets_one_message(name: str, says: str) -> None:
    with pytest.raises(PeepholeError, match=says.replace("+", r"\+")):
        zoo.model(name)


def test_every_entry_names_a_corpus_and_an_architecture_that_fit() -> None:
    for name, entry in zoo.entries().items():
        assert entry.reads in corpora.CORPORA, name
        assert entry.corpus.name == entry.reads, name
        assert entry.architecture.kind == entry.kind, name
        assert name in zoo.names(entry.reads)


def test_the_four_that_spell_are_of_equal_size_and_equal_training() -> None:
    names = zoo.names("spelling")
    assert len(names) == 4
    shapes = [zoo.entry(name).architecture.shapes() for name in names]
    sizes = [sum(int(np.prod(shape)) for shape in each.values()) for each in shapes]
    assert max(sizes) / min(sizes) < 1.05
    assert len({zoo.entry(name).recipe for name in names}) == 1


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_card_beside_the_weights_is_what_they_say(name: str) -> None:
    model = zoo.model(name)
    assert model.name == name
    assert (zoo.WEIGHTS / f"{name}.md").read_text(encoding="utf-8") == card.as_markdown(model)
    assert f"`peephole card {name} --measure`" in card.as_markdown(model)
    assert model.architecture == zoo.entry(name).architecture
    assert model.vocabulary.words == zoo.entry(name).corpus.vocabulary()
    assert model.size == zoo.size(name)


@pytest.mark.parametrize("name", ["copy-luong", "reverse-on", "spell-transformer"])
def test_every_kind_of_entry_is_trained_scored_and_described(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {"scored": spelling.Words({"city": ["S IH1 T IY0"], "aged": ["EY1 JH D"]})}
    monkeypatch.setattr(spelling, "bundled", lambda: few)
    losses: list[float] = []
    path = train(
        f"{name}+3",
        out=tmp_path,
        steps=2,
        backend=Backend("numpy"),
        progress=lambda done: losses.append(done.loss),
    )
    assert path == tmp_path / f"{name}+3.safetensors"
    model = zoo.model(str(path))
    entry = zoo.entry(name)
    assert len(losses) == 2
    assert np.isfinite(losses).all()
    assert model.card["recipe"]["seed"] == 3
    assert model.card["command"] == f"peephole train {name}+3 --steps 2"
    stored = {array.dtype for array in load_file(path).values()}
    assert stored == {np.dtype("float16" if entry.half else "float32")}
    assert card.scores(model) == score(model)  # as anybody measures it again
    text = path.with_suffix(".md").read_text(encoding="utf-8")
    assert entry.title in text
    assert entry.corpus.about in text
    assert all(line in text for line in entry.corpus.measured.splitlines())
    for title, prefix in entry.corpus.groups.items():
        assert (f"{title}:" in text) == any(key.startswith(prefix) for key in card.scores(model))


def test_a_card_of_another_corpus_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    model = replace(zoo.model("gru"), card={**zoo.model("gru").card, "reads": "englsh"})
    with pytest.raises(PeepholeError, match="no corpus 'englsh'"):
        card.as_markdown(model)


def test_all_bundled_weights_are_below_25_mb() -> None:
    assert sum(path.stat().st_size for path in zoo.WEIGHTS.glob("*.safetensors")) < 25e6
