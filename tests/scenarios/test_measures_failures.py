"""Cosines between readings, and what a perfect reader of the garden paths expects."""

from __future__ import annotations

import numpy as np
import pytest

from engine import run
from engine.errors import PeepholeError
from scenarios import zoo
from scenarios.lanes import Lane
from scenarios.measures import MEASURES

cosine, to_expect = MEASURES["cosine"], MEASURES["to_expect"]


def lane(text: str, name: str = "bank-gru") -> Lane:
    model = zoo.model(name)
    return Lane(name, model, run(model, text))


def test_one_word_has_one_vector_where_it_is_read_and_two_in_context():
    steep, closed = lane("the steep bank was here ."), lane("the closed bank was here .")
    assert cosine(steep, "bank", closed, "bank", of="x") == pytest.approx(1, abs=1e-6)
    h, g = steep.trace["h"][3, 0], closed.trace["h"][3, 0]
    expected = float(np.dot(h, g) / np.sqrt(np.dot(h, h) * np.dot(g, g)))
    assert cosine(steep, "bank", closed, "bank") == pytest.approx(expected, abs=1e-6)
    assert expected < 0.99


def test_vectors_that_cannot_be_compared_are_refused():
    one, other = lane("the bank was steep ."), lane("the bank was steep .", "bank-bidirectional")
    assert cosine(one, 2, one, 2, of="z") == pytest.approx(1)
    with pytest.raises(PeepholeError, match="no vector of a row"):
        cosine(one, "bank", one, "bank", of="logits")
    with pytest.raises(PeepholeError, match="has rows"):
        cosine(one, "bank", other, 40)


def test_a_perfect_reader_is_surprised_by_the_garden_path_alone():
    """Of all that begins as "the young man": noun reading 0.32, verb reading 0.06."""
    assert to_expect("the young man", "the") == pytest.approx(np.log2(0.38 / 0.06))
    assert to_expect("the young people man", "the") == 0
    # 0.4 against 0.05, and four verbs that are as likely
    horse = to_expect("the horse walked past the barn", "fell")
    assert horse == pytest.approx(np.log2(4 * 0.45 / 0.05))
    with pytest.raises(PeepholeError, match="never has"):
        to_expect("the young man", "man")
