"""A text for every bundled model to be opened with: one that shows what it was made for."""

from __future__ import annotations

from typing import NamedTuple

from engine.errors import PeepholeError
from scenarios import zoo


class Sample(NamedTuple):
    """`shelf` is what the models of a corpus are listed under; `text` what they read."""

    shelf: str
    text: str


SAMPLES = {
    "english": Sample(
        "Models of a little English", "the cats that sat on the mat that was red were happy ."
    ),
    "spelling": Sample("Models that say how a word sounds", "photograph"),
    "english-french": Sample("Models that translate", "she finds her beautiful black lamp ."),
    "copy": Sample("Models that copy", "abcdefgh"),
    "copy-reversed": Sample("Models that copy", "abcdefgh"),
    "causal-copy": Sample("Models that copy", "d a f k b m = d a f k b m"),
    "bank": Sample("Models that tell senses apart", "the bank was steep ."),
    "but": Sample(
        "Models that are asked",
        "the film was boring , but we said it would be wonderful . was it good ?",
    ),
    "answer": Sample(
        "Models that are asked", "anna is in the kitchen . henry is in the garden . where is anna ?"
    ),
    "garden": Sample("Models led up the garden path", "the old man the boats ."),
    "garden-tags": Sample("Models led up the garden path", "the old man the boats ."),
}
OTHER = Sample("Other models", "")


def sample(name: str) -> Sample:
    """The sample of a bundled model (NAME, NAME+1, NAME@600); an empty text where there is none."""
    try:
        reads = zoo.entry(name.partition("@")[0]).reads
    except PeepholeError:
        reads = zoo.FOREIGN.get(name, "")
    alike = [key for key in SAMPLES if reads.startswith(key)]  # "but-taught" has the words of "but"
    return SAMPLES[max(alike, key=len)] if alike else OTHER
