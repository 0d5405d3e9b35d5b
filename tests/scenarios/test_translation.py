"""English and French: pyrealb as the oracle of both, and what training never sees."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.text import BLANK, GO, SPECIAL, STOP
from scenarios import corpora, translation
from scenarios.translation import build
from scenarios.translation.corpus import held_out, vocabulary
from scenarios.translation.draw import KINDS, draw, sentence
from scenarios.translation.forms import forms

HERE = Path(translation.__file__).parent
CORPUS = corpora.load("english-french")


@cache
def training(n: int = 6000) -> list:
    rng = np.random.default_rng(9)
    return [draw(rng, held=False) for _ in range(n)]


def test_our_sentences_are_those_that_pyrealb_made():
    realised = tomllib.loads((HERE / "realised.toml").read_text(encoding="utf-8"))
    rng = np.random.default_rng(build.SEED)
    ours = {said.english: said.french for said in (sentence(rng) for _ in range(build.REALISED))}
    assert ours == realised
    assert len(ours) > 250


def test_pyrealb_says_the_same_of_other_sentences_and_wrote_the_forms():
    pytest.importorskip("pyrealb")
    rng = np.random.default_rng(77)
    for _ in range(40):
        said = sentence(rng)
        assert build.realised(said) == (said.english, said.french)
    assert build.text(build.forms()) == (HERE / "forms.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("english", "french"),
    [
        (r"the red (\w+)", r"l(a|e|es) (\w+) rouge"),
        (r"the small (\w+)", r"l(a|e|es) petit"),
        (r"she sees him \.", r"elle le voit \."),
        (r"they do not sell", r"ils ne (le |la |les )?vendent pas"),
        (r"and she \w+ it \.", r"et elle l[ea] \w+ \."),
    ],
)
def test_the_order_of_words_differs(english, french):
    found = [said.french for said in training() if re.search(english, said.english)]
    assert found
    assert all(re.search(french, said) for said in found)


def test_no_word_would_be_elided():
    known = forms()
    french = [w for noun in known.nouns for w in noun.fr] + [
        w for a in known.adjectives for w in a.fr
    ]
    french += [w for verb in known.verbs for w in verb.fr]
    assert not [word for word in french if re.match(r"[aeiouyhéèêâîô]", word)]


def english_pairs(text: str) -> set[tuple[str, str]]:
    """(adjective, noun) and (verb, object) that a sentence puts together, read off its English words."""
    known = forms()
    nouns = {form: noun.en[0] for noun in known.nouns for form in noun.en}
    adjectives = {adjective.en for adjective in known.adjectives}
    verbs = {form.split()[0]: verb.en[1] for verb in known.verbs for form in verb.en}
    first, _, rest = text.rpartition(" and ")
    pairs, words = set(), text.split()
    for at, word in enumerate(words):
        if word in nouns:
            back = at - 1
            while back >= 0 and words[back] in adjectives:
                pairs.add((words[back], nouns[word]))
                back -= 1
            if (
                at + 2 < len(words)
                and words[at + 1] in ("is", "are")
                and words[at + 2] in adjectives
            ):
                pairs.add((words[at + 2], nouns[word]))
    doing = next(n for n, word in enumerate(rest.split()) if word in verbs)
    verb, after = verbs[rest.split()[doing]], rest.split()[doing + 1 :]
    objects = [nouns[word] for word in (first or " ".join(after)).split() if word in nouns]
    said = [word for word in after if word in ("him", "her", "them") and not first]
    if objects:
        pairs.add((verb, objects[0]))
    elif said:
        pairs.add((verb, said[-1]))
    return pairs


def test_every_held_out_sentence_has_a_pair_that_no_training_sentence_has():
    seen = {pair for said in training() for pair in english_pairs(said.english)}
    texts = {said.english for said in training()}
    held = held_out()
    assert len(held) == 5 * 200
    assert len({said.english for said in held}) == len(held)
    for said in held:
        assert english_pairs(said.english) - seen, said.english
        assert said.english not in texts
    words = {word for said in training() for word in f"{said.english} {said.french}".split()}
    assert {word for said in held for word in f"{said.english} {said.french}".split()} <= words


def test_all_constructions_are_drawn_and_named():
    assert {said.construction for said in training(500)} == set(KINDS)
    rng = np.random.default_rng(2)
    for kind in KINDS:
        assert all(
            draw(rng, held, kind).construction == kind for held in (True, False) for _ in range(20)
        )


def test_a_batch_reads_a_source_and_writes_its_translation():
    batch, same = CORPUS.batch(1, 5, 16), CORPUS.batch(1, 5, 16)
    np.testing.assert_array_equal(batch.inputs, same.inputs)
    words = vocabulary()
    assert words[:3] == SPECIAL
    assert len(set(words)) == len(words) < 300
    for row, wanted in zip(batch.inputs, batch.targets, strict=True):
        go = list(row).index(GO)
        source = [words[i] for i in row[:go] if i not in (BLANK, STOP)]
        target = [words[i] for i in wanted[go:] if i not in (BLANK, STOP)]
        assert [words[i] for i in row[go + 1 :] if i != BLANK] == target
        assert source[-1] == target[-1] == "."
        negated, kept = "not" in source, "pas" in target
        assert negated == kept
