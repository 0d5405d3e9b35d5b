"""Questions without a riddle: what was said of a thing is asked, and the thing is named again.

    the trophy is too big . what is too big ? the trophy .
    the box is too big and the suitcase is too small . what is too small ? the suitcase .

They teach the answer's first half, to carry a noun to the end and say it; coreference adds who is
meant. Without them recurrent nets of 64 units had not learned to name one of the two nouns after
4,000 steps of coreference (measured: 0.12 of the answers).
"""

import numpy as np

from .agreement import be
from .coreference import P_SINGULAR, things
from .lexicon import START, lexicon
from .sentence import Sentence, chance, pick


def question(rng: np.random.Generator) -> Sentence:
    """A statement about one thing (half of the time) or two, its question and its answer.

    The probe's alternative is the other thing, or one that was not mentioned.
    """
    lex = lexicon()
    past, plural, two = chance(rng, 0.5), not chance(rng, P_SINGULAR), chance(rng, 0.5)
    copula = be(plural, past)
    nouns = [n.form(plural) for n in things(rng, held_out=False, third=False)]
    cues = [pick(rng, lex.large), pick(rng, lex.small)]
    if chance(rng, 0.5):
        cues.reverse()
    asked = int(two and chance(rng, 0.5))
    tokens = [START, "the", nouns[0], copula, "too", cues[0]]
    if two:
        tokens += ["and", "the", nouns[1], copula, "too", cues[1]]
    tokens += [".", "what", copula, "too", cues[asked], "?", "the"]
    target = len(tokens)
    return Sentence(
        tokens=(*tokens, nouns[asked], "."),
        kind="question",
        target=target,
        correct=nouns[asked],
        wrong=nouns[1 - asked],
        attractors=int(two),
        disagreeing=0,
        distance=target - tokens.index(nouns[asked]) - 1,
    )
