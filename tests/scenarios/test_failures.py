"""The famous failures as tasks: what is held out, what is right, and that the beginning does not tell."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from engine.arrays import Backend
from engine.text import SPECIAL
from engine.training import Training
from scenarios import corpora, zoo
from scenarios.failures import answer, bank, but, garden
from scenarios.failures.corpora import right
from scenarios.failures.item import Item

NAMES = ["bank", "but", "but-taught", "answer", "garden", "garden-tags"]
STEPS = (0, 250, 900, 1100, 1700, 2400, 5000)  # every phase of the curricula


def stream(name: str, batches: int = 12) -> list[Item]:
    """Training items of all phases."""
    draw = corpora.load(name).draw  # type: ignore[attr-defined]
    return [
        item
        for step in STEPS
        for n in range(batches)
        for item in draw(np.random.default_rng([3, step, n]), step, 16)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_made_of_its_seed_and_step_alone(name):
    corpus = corpora.load(name)
    one, same, other = (corpus.batch(4, step, 8) for step in (70, 70, 71))
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.inputs.shape != other.inputs.shape or (one.inputs != other.inputs).any()


@pytest.mark.parametrize("name", NAMES)
def test_items_of_a_batch_have_one_length_so_nothing_is_padded(name):
    corpus = corpora.load(name)
    words = corpus.vocabulary()
    assert words[:3] == SPECIAL
    assert len(set(words)) == len(words)
    for step in STEPS:
        batch = corpus.batch(0, step, 16)
        assert batch.inputs.shape == batch.targets.shape == batch.weights.shape
        assert batch.inputs[:, 1:].min() > 2
        assert batch.inputs.max() < len(words)
        assert ((batch.weights == 1).sum(1) >= 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_word_is_trained(name):
    corpus = corpora.load(name)
    seen = {word for item in stream(name, 40) for word in (*item.tokens, *item.wanted)}
    assert set(corpus.vocabulary()) - seen <= {"</s>", "<pad>", "<s>", *garden.LABELS}


def test_a_held_out_pair_is_in_no_training_text():
    for item in stream("bank"):
        here = set(item.tokens)
        for noun in here & set(bank.AMBIGUOUS):
            cues = [cue for cues in bank.CUES.values() for cue in cues if cue in here]
            assert not any(bank.held_out(noun, cue) for cue in cues)
    for item in stream("but") + stream("but-taught"):
        pairs = [(g, b) for g in but.GOOD for b in but.BAD if {g, b} <= set(item.tokens[:-4])]
        assert not any(but.held_out(*pair) for pair in pairs)
    for item in stream("answer"):
        pairs = re.findall(r"(\w+) is in the (\w+)", item.text)
        assert pairs
        assert not any(answer.held_out(*pair) for pair in pairs)
    for item in stream("garden"):
        words = [word for word in item.tokens[2:5] if word != "people"]
        first, second = words[:2]
        known = second in (*garden.HOMOGRAPHS, *garden.RACED)
        assert not known or not garden.held_out(first, second)


@pytest.mark.parametrize(
    ("name", "split"),
    [("bank", "after/held-out"), ("but", "held-out-tail-0"), ("answer", "held-out/facts-2/gap-24")],
)
def test_what_is_held_out_is_in_no_training_text(name, split):
    seen = {item.text for item in stream(name, 40)}
    held = corpora.load(name).sample(split, 100)  # type: ignore[attr-defined]
    assert not seen & {item.text for item in held}


def test_the_famous_sentences_are_held_out():
    assert garden.held_out("old", "man")
    assert garden.held_out("horse", "raced")
    famous = {words for kind in ("verb", "raced-fell") for words, _ in garden.listed(kind, True)}
    assert {"the old man the boats .", "the horse raced past the barn fell ."} <= famous


def test_the_sense_is_the_one_that_the_cue_tells():
    for item in stream("bank", 4) + corpora.load("bank").sample("after/far", 50):  # type: ignore[attr-defined]
        cue = {word: sense for sense, words in bank.CUES.items() for word in words}
        told = [cue[word] for word in item.tokens if word in cue]
        assert [item.answer] == told
        nouns = [
            n
            for n in item.tokens
            if n in bank.AMBIGUOUS or any(n in p for p in bank.PLAIN.values())
        ]
        assert [item.tokens[item.asked]] == nouns
        assert set(item.wanted) == {"-", item.answer}


def test_the_verdict_is_of_the_clause_with_was():
    for item in stream("but", 6) + stream("but-taught", 6):
        text = item.text.partition(" was it good ?")[0]
        said = re.search(r"(?:^the \w+|it) was (\w+)", text)
        assert said
        assert item.answer == ("yes" if said[1] in but.GOOD else "no")
        wished = re.search(r"would be (\w+)", text)
        assert not wished or (wished[1] in but.GOOD) != (item.answer == "yes")


def test_neither_order_nor_words_tell_the_verdict():
    """With both clauses: each adjective, first or last, goes with yes and no alike."""
    items = [
        item for item in stream("but", 40) + stream("but-taught", 40) if "would" in item.tokens
    ]
    first = [next(w for w in item.tokens if w in but.GOOD + but.BAD) in but.GOOD for item in items]
    told = [item.answer == "yes" for item in items]
    together = np.mean(np.array(first) == np.array(told))
    assert 0.47 < together < 0.53
    assert 0.47 < np.mean(told) < 0.53


def test_the_answer_is_the_place_of_the_name_that_is_asked():
    for item in stream("answer", 6) + corpora.load("answer").sample("first/facts-3/gap-40", 30):  # type: ignore[attr-defined]
        places = dict(re.findall(r"(\w+) is in the (\w+)", item.text))
        asked = re.search(r"where is (\w+) \?$", item.text)
        assert asked
        assert places[asked[1]] == item.answer
        assert item.tokens[item.asked] == "?"
        assert item.asked == len(item.tokens) - 1


def test_first_and_last_ask_for_what_they_say():
    for split, which in (("first/facts-3/gap-0", 0), ("last/facts-3/gap-24", -1)):
        for item in corpora.load("answer").sample(split, 20):  # type: ignore[attr-defined]
            assert re.findall(r"is in the (\w+)", item.text)[which] == item.answer


def parsed(words: list[str]) -> list[str]:
    """Parts of speech by rules of their own: from the right, where nothing is ambiguous any more."""
    known = {**dict.fromkeys(garden.ADJECTIVES, "adjective"), "the": "determiner", ".": "-"}
    known |= dict.fromkeys(
        (*garden.NOUNS, *garden.OBJECTS, *garden.ANIMALS, *garden.PLACES), "noun"
    )
    known |= dict.fromkeys((*garden.INTRANSITIVE, *garden.TRANSITIVE, *garden.FELL), "verb")
    known |= dict.fromkeys(garden.RIDDEN, "participle") | {"past": "preposition", "people": "noun"}
    tags = [known.get(word, "?") for word in words]
    for at in [n for n, tag in enumerate(tags) if tag == "?"]:
        if words[at] in garden.RACED:
            tags[at] = "participle" if "verb" in tags[at:] else "verb"
        else:  # a homograph is the verb where there is no other
            tags[at] = "noun" if "verb" in tags else "verb"
            if tags[at] == "verb" and words[at - 1] != "people":
                tags[at - 1] = "noun"  # "the old"
    return tags


def test_every_label_of_the_grammar_is_right():
    items, shares = garden.grammar()
    assert abs(shares.sum() - 1) < 1e-9
    for item in items:
        assert ["-", *parsed(list(item.tokens[1:]))] == list(item.wanted)
    for split in garden.SPLITS:
        for item in corpora.load("garden-tags").sample(split, 10):  # type: ignore[attr-defined]
            assert item.answer == parsed(list(item.tokens[1:]))[item.asked - 1]
            assert item.tokens[item.asked] in (*garden.HOMOGRAPHS, *garden.RACED, *garden.RIDDEN)


def test_what_is_to_be_expected_is_what_the_stream_has():
    seen: Counter[tuple[str, ...]] = Counter()
    rng = np.random.default_rng(5)
    for step in range(1500):
        for item in garden.draw(rng, step, 32):
            if item.tokens[2] == "young" and item.tokens[3] == "man":
                seen[item.tokens[4]] += 1
            if item.tokens[3] == "walked":
                seen["fell?", item.tokens[7]] += 1
    p = garden.expected(("the", "young", "man"), "the")
    total = sum(n for word, n in seen.items() if isinstance(word, str))
    assert abs(seen["the"] / total - p) < 4 * (p * (1 - p) / total) ** 0.5
    ended = sum(n for word, n in seen.items() if not isinstance(word, str))
    p = garden.expected(("the", "horse", "walked", "past", "the", "barn"), ".")
    assert abs(seen["fell?", "."] / ended - p) < 4 * (p * (1 - p) / ended) ** 0.5


def test_expectations_sum_to_one_and_nothing_follows_what_nobody_says():
    words = corpora.load("garden").vocabulary()
    prefix = ("the", "young", "man")
    assert abs(sum(garden.expected(prefix, word) for word in words) - 1) < 1e-12
    assert np.isnan(garden.expected(("man", "the"), "old"))


def test_a_few_updates_learn():
    entry = zoo.entry("bank-gru")
    training = Training.start(
        entry.architecture, entry.recipe, Backend("numpy"), lambda s: entry.corpus.batch(0, s, 16)
    )
    losses = [done.loss for done in training.run(until=80)]
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:5])


@pytest.mark.parametrize("name", ["bank-gru", "bank-encoder", "garden-tags-bidirectional"])
def test_a_card_says_what_the_weights_do(name):
    model = zoo.model(name)
    corpus = zoo.entry(name).corpus
    split = next(iter(corpus.splits))  # type: ignore[attr-defined]
    found = right(model, corpus.sample(split), corpus.ids())  # type: ignore[attr-defined]
    assert abs(found - model.card["scores"][split]) < 0.01
    assert model.card["ahead"] == 0
