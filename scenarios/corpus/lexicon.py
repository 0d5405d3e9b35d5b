"""The words of the little English, read from the committed `lexicon.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

START = "<s>"  # begins every sentence, is the target after its last token, and pads batches


@dataclass(frozen=True)
class Noun:
    """A noun with both forms. `kind` is "animate", "object" or "thing" (see `Lexicon`)."""

    singular: str
    plural: str
    kind: str
    takes_to: bool = False
    held_out: bool = False

    def form(self, plural: bool) -> str:
        return self.plural if plural else self.singular


@dataclass(frozen=True)
class Verb:
    """A verb with the forms of "it likes", "they like", "it liked"."""

    singular: str
    plural: str
    past: str
    animate_only: bool = False

    def form(self, plural: bool, past: bool) -> str:
        return self.past if past else self.plural if plural else self.singular


@dataclass(frozen=True)
class Lexicon:
    """All words by class. Agreement uses animate and object nouns, coreference uses things."""

    animate: tuple[Noun, ...]
    object: tuple[Noun, ...]
    thing: tuple[Noun, ...]
    transitive: tuple[Verb, ...]
    posture: tuple[Verb, ...]
    adjectives: dict[str, tuple[str, ...]]  # by noun kind; "thing" is described as an object
    prepositions: tuple[str, ...]
    large: tuple[str, ...]
    small: tuple[str, ...]
    words: tuple[str, ...]  # the whole vocabulary, specials first, then sorted


@cache
def lexicon() -> Lexicon:
    """Read `lexicon.toml` (once)."""
    raw = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))
    takes_to, held_out = set(raw["nouns"]["takes_to"]), set(raw["nouns"]["held_out"])
    animate_only = set(raw["verbs"]["animate_only"])

    def nouns(kind: str) -> tuple[Noun, ...]:
        pairs = raw["nouns"][kind]
        return tuple(Noun(s, p, kind, s in takes_to, s in held_out) for s, p in pairs)

    def verbs(kind: str) -> tuple[Verb, ...]:
        return tuple(Verb(s, p, past, p in animate_only) for s, p, past in raw["verbs"][kind])

    adjectives = {k: tuple(raw["adjectives"]["any"] + raw["adjectives"][k])
                  for k in ("animate", "object")}  # fmt: skip
    adjectives["thing"] = adjectives["object"]
    lex = Lexicon(
        animate=nouns("animate"),
        object=nouns("object"),
        thing=nouns("thing"),
        transitive=verbs("transitive"),
        posture=verbs("posture"),
        adjectives=adjectives,
        prepositions=tuple(raw["prepositions"]["place"]),
        large=tuple(raw["cues"]["large"]),
        small=tuple(raw["cues"]["small"]),
        words=(),
    )
    words = {*lex.prepositions, *lex.large, *lex.small, *raw["function"]["words"], "to"}
    words |= {w for n in lex.animate + lex.object + lex.thing for w in (n.singular, n.plural)}
    words |= {w for v in lex.transitive + lex.posture for w in (v.singular, v.plural, v.past)}
    words |= {w for kind in lex.adjectives.values() for w in kind}
    vocabulary = (*raw["function"]["special"], *sorted(words))
    return Lexicon(**{**lex.__dict__, "words": vocabulary})


def vocabulary() -> tuple[str, ...]:
    """All words, `<s>` first (index 0), the rest sorted. A model's token ids are indices into it."""
    return lexicon().words
