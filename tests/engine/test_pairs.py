"""Pairs as rows and as batches: what goes in comes out, and what is no pair is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PeepholeError
from engine.pairs import columns, pair_batch, source_tokens
from engine.text import BLANK, GO, STOP
from tests.engine.papers import pair_model

WORDS = st.integers(3, 10)
PAIRS = st.lists(
    st.tuples(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6)), min_size=1, max_size=5
)


@given(PAIRS)
def test_a_batch_holds_its_pairs(pairs: list[tuple[list[int], list[int]]]) -> None:
    batch = pair_batch([[*source, STOP] for source, _ in pairs], [target for _, target in pairs])
    source, target, real = columns(batch.inputs)
    assert batch.inputs.shape == batch.targets.shape == batch.weights.shape
    assert source.shape[1] == 1 + max(len(s) for s, _ in pairs)
    assert target.shape[1] == 1 + max(len(t) for _, t in pairs)
    for i, (given_source, given_target) in enumerate(pairs):
        kept = source[i] if real is None else source[i][real[i]]
        assert kept.tolist() == [*given_source, STOP]
        assert (
            source[i, : len(given_source) + 1].tolist() == kept.tolist()
        )  # padding is on the right
        assert (source[i, len(kept) :] == BLANK).all()
        counted = batch.weights[i] == 1
        assert batch.inputs[i][counted].tolist() == [GO, *given_target]
        assert batch.targets[i][counted].tolist() == [*given_target, STOP]
        assert set(batch.weights[i].tolist()) <= {0.0, 1.0}
        assert (batch.inputs[i, source.shape[1] + 1 + len(given_target) :] == BLANK).all()


@given(st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=3), st.data())
def test_what_is_no_pair_is_refused(sources: list[list[int]], data: st.DataObject) -> None:
    word = st.integers(0, 5)
    targets = data.draw(st.lists(st.lists(word, max_size=3), max_size=3))
    special = {GO, STOP, BLANK}
    fine = len(sources) == len(targets) > 0
    fine = fine and all(s and s[-1] == STOP and not special & set(s[:-1]) for s in sources)
    fine = fine and not any(special & set(target) for target in targets)
    if fine:
        pair_batch(sources, targets)
    else:
        with pytest.raises(PeepholeError):
            pair_batch(sources, targets)


@pytest.mark.parametrize(
    "ids",
    [[[3, STOP, 4]], [[GO, 3]], [[3, STOP, GO], [3, GO, 4]]],
    ids=["no <s>", "no source", "two columns"],
)
def test_rows_without_both_parts_are_refused(ids: list[list[int]]) -> None:
    with pytest.raises(PeepholeError, match="source"):
        columns(np.array(ids))


def test_a_source_is_split_and_reversed_as_the_model_reads_it() -> None:
    letters, words = pair_model(letters=True), pair_model()
    backward = pair_model(letters=True, reverse=True)
    assert (
        source_tokens(letters, " Bea ")
        == source_tokens(letters, "B e a")
        == ("b", "e", "a", "</s>")
    )
    assert source_tokens(words, "Be a") == ("be", "a", "</s>")
    assert source_tokens(backward, "be") == ("e", "b", "</s>")
    assert source_tokens(backward, ["TH", "e", "</s>"]) == ("e", "TH", "</s>")
    for nothing in ("", "  ", [], ["</s>"]):
        with pytest.raises(PeepholeError, match="empty"):
            source_tokens(letters, nothing)


@given(st.text(max_size=12))
def test_letters_are_all_letters_of_one_word(text: str) -> None:
    words = text.lower().split()
    wanted = "".join(words)
    if len(words) > 1 and len(wanted) > len(words):
        with pytest.raises(PeepholeError, match=f"{len(words)} words"):
            source_tokens(pair_model(letters=True), text)
    elif wanted:
        *found, end = source_tokens(pair_model(letters=True), text)
        assert "".join(found) == wanted
        assert end == "</s>"
