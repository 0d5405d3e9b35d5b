"""Tasks: every answer recomputed from the words alone, and batches that depend on seed and step only."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import PeepholeError
from engine.registry import NETWORKS
from engine.text import START, Numbers, tokenize
from engine.training import Batch
from scenarios import tasks
from scenarios.corpus.lexicon import lexicon
from scenarios.learning.plan import plan

WORDS = [name for name in tasks.TASKS if name != "adding"]
SEEDS, STEPS = st.integers(0, 2**32), st.integers(0, 10_000)


def sequences(task: tasks.Task, batch: Batch) -> list[tuple[list[str], list[int]]]:
    """The words of each item, its last answer included, and where its answers stand among them."""
    found = []
    for inputs, targets, weights in zip(*batch, strict=True):
        answers = np.flatnonzero(weights)
        last = int(answers[-1])
        ids = [*inputs[: last + 1], targets[last]]
        assert (targets[:last] == inputs[1 : last + 1]).all(), "a target is the word that follows"
        found.append(([task.words[i] for i in ids], [int(a) + 1 for a in answers]))
    return found


def recall(words: list[str], asked: list[int], length: int) -> None:
    assert words[0] == START
    assert words[-2] == "?"
    assert len(words) == length + 3
    assert words[-1] == words[1]
    assert asked == [len(words) - 1]
    assert set(words[1:-2]) <= set("0123456789")


def copy(words: list[str], asked: list[int], length: int) -> None:
    assert words[6:-5] == ["."] * length + ["?"]
    assert words[-5:] == words[1:6]
    assert [words[i] for i in asked] == words[1:6]


def parity(words: list[str], asked: list[int], length: int) -> None:
    bits = words[1:-2]
    assert words[-2] == "?"
    assert 1 <= len(bits) <= length
    assert words[-1] == ("odd" if bits.count("1") % 2 else "even")
    assert len(bits) == bits.count("0") + bits.count("1")
    assert asked == [len(words) - 1]


def dyck(words: list[str], asked: list[int], length: int) -> None:
    open_, partner, deepest = [], {"(": ")", "[": "]"}, 0
    assert len(words) == length + 1
    assert asked == [i for i, word in enumerate(words) if word in (")", "]")]
    for word in words[1:]:
        if word in partner:
            open_.append(word)
        else:
            assert partner[open_.pop()] == word
        deepest = max(deepest, len(open_))
    assert not open_
    assert deepest <= 4


def order(words: list[str], asked: list[int], length: int) -> None:
    signals = [word for word in words if word in ("x", "y")]
    assert words[-1] == {"xx": "q", "xy": "r", "yx": "s", "yy": "u"}["".join(signals)]
    assert len(words) == length + 3
    assert asked == [len(words) - 1]
    first, second = (i for i, word in enumerate(words) if word in ("x", "y"))
    assert 0.1 * (length - 9) < first <= 0.2 * length
    assert 0.5 * (length - 9) < second <= 0.6 * length


def agreement(words: list[str], asked: list[int], length: int) -> None:
    nouns = lexicon().animate + lexicon().object
    (plural,) = {word == n.plural for word in words[2:3] for n in nouns if word in vars(n).values()}
    assert words[-1] == ("are" if plural else "is")
    assert asked == [len(words) - 1]
    assert sum(w in (n.singular, n.plural) for w in words for n in nouns) <= length + 1


def coreference(words: list[str], asked: list[int], length: int) -> None:
    clause, _, rest = " ".join(words).partition(" because ")
    one, other = words[2], r" the (\w+)"
    if into := re.search(rf"(?:fit in|go into|held by){other}", clause):
        small, big = into[1], one
    elif there := re.search(rf"room in{other}.* for{other}", clause):
        small, big = there[1], there[2]
    else:
        held = re.search(rf"(?:hold|room for){other}", clause)
        assert held
        small, big = one, held[1]
    (cue,) = set(re.findall(r" too (\w+)", rest))
    assert words[-1] == (big if cue in lexicon().large else small)
    assert words[-4:-2] == [cue, "?"]
    assert 4 * length <= rest.split().index("what") - 5 <= 7 * length
    assert asked == [len(words) - 1]


ORACLES = {f.__name__: f for f in (recall, copy, parity, dyck, order, agreement, coreference)}


def lengths(name: str) -> st.SearchStrategy[int]:
    shortest, longest = {"order": (10, 90), "dyck": (1, 30)}.get(name, (0, 8))
    return st.integers(shortest, longest).map(
        lambda n: {"dyck": 2 * n, "recall": n + 1}.get(name, n)
    )


@pytest.mark.parametrize("name", WORDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_answer_is_what_the_words_say(name: str, data: st.DataObject) -> None:
    length = data.draw(lengths(name).map(lambda n: max(n, 1) if name == "parity" else n))
    task = tasks.load(name, length)
    seed, step = data.draw(SEEDS), data.draw(STEPS)
    for batch in (task.batch(seed, step, 7), task.probe(seed, 3)):
        assert batch.inputs.shape[1] <= task.rows
        for words, asked in sequences(task, batch):
            ORACLES[name](words, asked, length)


@settings(max_examples=40, deadline=None)
@given(length=st.integers(2, 80), seed=SEEDS, step=STEPS)
def test_the_two_marked_numbers_are_summed(length: int, seed: int, step: int) -> None:
    inputs, targets, weights = tasks.load("adding", length).batch(seed, step, 5)
    assert inputs.shape == (5, length + 1, 2)
    assert (weights.nonzero()[1] == length).all()
    for item, answer in zip(inputs, targets[:, -1], strict=True):
        assert not item[0].any()
        tokens = Numbers().decode(item[1:])
        marked = [i for i, token in enumerate(tokens) if token.endswith("+")]
        assert len(marked) == 2
        assert marked[0] < length // 2 <= marked[1]
        assert sum(float(tokens[i][:-1]) for i in marked) == pytest.approx(answer, abs=1e-6)
        assert (np.array(Numbers().encode([START, *tokens]), np.float32) == item).all()


@pytest.mark.parametrize("name", tasks.TASKS)
def test_a_batch_depends_on_its_seed_and_step_alone(name: str) -> None:
    task, again = tasks.load(name), tasks.load(name)
    task.batch(3, 0, 8)
    here, there = task.batch(3, 5, 8), again.batch(3, 5, 8)
    for one, other in zip(here, there, strict=True):
        assert one.dtype == other.dtype
        assert (one == other).all()
    for seed, step in ((3, 6), (4, 5)):
        apart = task.batch(seed, step, 8).inputs
        assert apart.shape != here.inputs.shape or (apart != here.inputs).any()


@pytest.mark.parametrize("name", [name for name in tasks.TASKS if name != "copy"])
def test_training_never_shows_the_probe(name: str) -> None:
    """Of five symbols to copy there are only 32,768: there, a stream of its own is all we can have."""
    task = tasks.load(name, {"parity": 40, "dyck": 40, "agreement": 8}.get(name))

    def items(batch: Batch) -> set[bytes]:
        kept = [(x, w) for x, w in zip(batch.inputs, batch.weights, strict=True)]
        return {x[: np.flatnonzero(w)[-1] + 1].tobytes() for x, w in kept}

    shown = set().union(*(items(task.batch(0, step, 64)) for step in range(30)))
    probe = items(task.probe(0, 64))
    assert len(shown) > 1000
    assert not shown & probe


@pytest.mark.parametrize("name", tasks.TASKS)
def test_the_shown_sequence_is_the_first_of_the_probe(name: str) -> None:
    task = tasks.load(name)
    tokens, vocabulary = task.probe_tokens(), task.vocabulary()
    assert tokens[0] == START
    assert tokenize(" ".join(tokens)) == tokens
    read = np.asarray(vocabulary.encode(tokens[:-1]), dtype=task.probe().inputs.dtype)
    assert (read == task.probe().inputs[0, : len(read)]).all()
    last = len(read) - 1
    assert task.probe().weights[0, last] == 1
    answer = task.probe().targets[0, last]
    if task.words:
        assert vocabulary.encode(tokens[-1:]) == [answer]
    else:
        assert float(tokens[-1]) == pytest.approx(answer, abs=1e-6)


@pytest.mark.parametrize("name", tasks.TASKS)
def test_chance_is_what_guessing_scores(name: str) -> None:
    """The best constant guess: one answer for every item."""
    task = tasks.load(name)
    if name == "coreference":  # a guess there is one of the two nouns that were named
        assert task.chance == 0.5
        return
    batches = [task.batch(0, step, 200) for step in range(20)]
    answers = np.concatenate([b.targets[b.weights > 0] for b in batches])
    if task.loss == "value":
        assert np.mean((answers - answers.mean()) ** 2) == pytest.approx(task.chance, rel=0.05)
    else:
        assert np.bincount(answers).max() / answers.size == pytest.approx(task.chance, abs=0.03)


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("cell", NETWORKS)
def test_every_cell_reads_every_task(name: str, cell: str) -> None:
    task = tasks.load(name)
    architecture = task.architecture(cell, width=8)
    params = architecture.init(np.random.default_rng(0))
    batch = task.batch(0, 0, 2)
    assert architecture.logits(params, batch.inputs).shape == (*batch.inputs.shape, len(task.words))


@pytest.mark.parametrize("cell", [cell for cell in NETWORKS if cell != "transformer"])
def test_every_recurrent_cell_reads_numbers(cell: str) -> None:
    task = tasks.load("adding", 6)
    architecture = task.architecture(cell, width=8)
    params = architecture.init(np.random.default_rng(0))
    assert architecture.logits(params, task.batch(0, 0, 2).inputs).shape == (2, 7, 1)


@pytest.mark.parametrize("name", tasks.TASKS)
def test_the_usual_settings_make_a_plan(name: str) -> None:
    for cell in ("rnn", "gru"):
        task = tasks.load(name)
        planned = plan(name, cell)
        assert planned.recipe["loss"] == task.loss
        for knob, value in task.usual(cell).items():
            if knob in planned.recipe:
                assert planned.recipe[knob] == value
    assert plan("recall", "gru").recipe["lr"] != plan("recall", "lstm").recipe["lr"]


@pytest.mark.parametrize("name", tasks.TASKS)
def test_a_length_that_cannot_be_is_refused_in_one_sentence(name: str) -> None:
    module = __import__(tasks.TASKS[name], fromlist=["LIMITS"])
    shortest, longest = module.LIMITS
    for length in (shortest, longest):
        assert tasks.load(name, length).batch(0, 0, 2).inputs.shape[0] == 2
    for length in (shortest - 1, longest + 1, -5):
        with pytest.raises(PeepholeError, match=f"from {shortest} to {longest} {module.UNIT}"):
            tasks.load(name, length)


def test_an_odd_number_of_brackets_cannot_be_closed() -> None:
    with pytest.raises(PeepholeError, match="an even number from 2 to 500 brackets, not 7"):
        tasks.load("dyck", 7)


def test_a_name_that_is_no_task_is_met_with_the_nearest() -> None:
    with pytest.raises(PeepholeError, match="Did you mean 'recall'"):
        tasks.load("recal")
    with pytest.raises(PeepholeError, match="Did you mean 'lstm'"):
        tasks.load("recall").architecture("lsmt")


def test_the_transformer_has_no_way_to_read_numbers() -> None:
    with pytest.raises(PeepholeError, match="task of numbers"):
        tasks.load("adding").architecture("transformer")


def test_numbers_refuses_what_is_no_number() -> None:
    with pytest.raises(PeepholeError, match=r"'0.8x' \(nearest: 0\.\d+"):
        Numbers().encode(["0.50", "0.8x"])
    assert np.allclose(Numbers().encode(["<s>", "1.98", "0.07+"]), [(0, 0), (1.98, 0), (0.07, 1)])
