"""Which English words are held out from training, by construction and without a list.

A word is held out with its whole family, so that no model has seen "knights" and is asked "knight". The
family is a cheap stem: one ending off, then what spelling does at the joint (hoped, hopping, cities).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

ENDINGS = ("ings", "ing", "ers", "ies", "ied", "ed", "er", "es", "ly", "s", "y")
SHOWN = ("through", "knight", "phone")  # what scenarios spell: held out inside other words as well
ONE_IN = 40  # families


def family(word: str) -> str:
    """What a word shares with its inflections: "cities" and "city" -> "cit", "hopping" -> "hop"."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    if len(word) > 3:
        word = word.removesuffix("e")
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word


@lru_cache(maxsize=1 << 18)
def held_out(word: str) -> bool:
    """Whether no model is trained on this word: one family of 40, drawn by its hash, and SHOWN."""
    digest = hashlib.sha256(family(word).encode()).digest()
    return int.from_bytes(digest[:8], "big") % ONE_IN == 0 or like_shown(word)


def like_shown(word: str) -> bool:
    """Whether a word has one of SHOWN inside, or is of its family."""
    return family(word) in _SHOWN or any(shown in word for shown in SHOWN)


_SHOWN = {family(shown) for shown in SHOWN}
