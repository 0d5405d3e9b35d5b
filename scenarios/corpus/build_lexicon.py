"""Inflect the little lexicon once, at build time: `python -m scenarios.corpus.build_lexicon`.

Needs the package `lemminflect`; what it writes, `lexicon.toml`, is committed, so that the generator
runs on NumPy and the standard library alone.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from pathlib import Path

ANIMATE = """cat dog fox king queen teacher doctor farmer mouse horse bird boy girl child woman man
wolf student pilot nurse""".split()
OBJECT = """mat table cabinet key door chair wall tree bridge car house bench ladder clock lamp road
fence gate tower boat window letter picture bed""".split()
# Each of these can, with a little good will, be put into another and hold another: a noun alone must
# not give away which of the two roles it plays.
THING = """trophy suitcase box bag basket chest crate drawer trunk jar bowl cup pot bucket barrel
bottle purse pouch wallet locker cart tray vase kettle""".split()
# Heads that take "to" ("the keys to the cabinet").
TAKES_TO = "key door bridge road gate letter".split()
# Seen in training only in simple sentences, where no noun stands between them and their verb.
HELD_OUT = "fox queen wolf nurse bench lamp tower letter".split()

TRANSITIVE = "like chase see love fear watch follow help know need".split()
POSTURE = "sit stand rest sleep wait".split()
ANIMATE_ONLY = "sleep wait".split()

OTHER = {
    "adjectives": {
        "any": "red green blue black white brown old nice".split(),
        "animate": "happy sad hungry tired angry calm proud quiet".split(),
        "object": "broken clean dirty new wooden empty".split(),
    },
    "prepositions": {"place": "on near under behind beside by in above".split()},
    "cues": {
        "large": "big large wide thick bulky long tall huge broad massive".split(),
        "small": "small narrow tight short tiny shallow thin little slim cramped".split(),
    },
    "function": {
        "special": ["<s>"],
        "words": (
            "the that is are was were and because it they too what doesn't don't did not fit go"
            " into can could hold be held has have had no room for there . ?"
        ).split(),
    },
}


def _list(items: list) -> str:
    quoted = (
        "[" + ", ".join(f'"{w}"' for w in i) + "]" if isinstance(i, tuple) else f'"{i}"'
        for i in items
    )
    return "[\n" + "".join(f"    {q},\n" for q in quoted) + "]\n"


def build() -> str:
    """The text of `lexicon.toml`: noun pairs (singular, plural), verb triples (-s, plain, past)."""
    from lemminflect import getInflection

    def nouns(lemmas: list[str]) -> list[tuple[str, str]]:
        return [(n, getInflection(n, "NNS")[0]) for n in lemmas]

    def verbs(lemmas: list[str]) -> list[tuple[str, str, str]]:
        return [(getInflection(v, "VBZ")[0], v, getInflection(v, "VBD")[0]) for v in lemmas]

    tables: dict[str, dict[str, list]] = {
        "nouns": {"animate": nouns(ANIMATE), "object": nouns(OBJECT), "thing": nouns(THING),
                  "takes_to": TAKES_TO, "held_out": HELD_OUT},
        "verbs": {"transitive": verbs(TRANSITIVE), "posture": verbs(POSTURE),
                  "animate_only": ANIMATE_ONLY},
        **OTHER,
    }  # fmt: skip
    lines = ["# Written by build_lexicon.py with lemminflect; change the lists there, not here.\n"]
    for table, entries in tables.items():
        lines.append(f"\n[{table}]\n")
        lines.extend(f"{name} = {_list(items)}" for name, items in entries.items())
    return "".join(lines)


if __name__ == "__main__":
    Path(__file__).with_name("lexicon.toml").write_text(build(), encoding="utf-8")
