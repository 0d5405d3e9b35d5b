"""The forms of both languages, read from the committed `forms.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Noun:
    """A noun: singular and plural of each language, the French gender, and whether it is a person's."""

    en: tuple[str, str]
    fr: tuple[str, str]
    feminine: bool
    person: bool


@dataclass(frozen=True)
class Adjective:
    """An adjective: the English form; the French ones (m., m. pl., f., f. pl.), and where it stands there."""

    en: str
    fr: tuple[str, str, str, str]
    before: bool


@dataclass(frozen=True)
class Verb:
    """A verb of the third person, singular and plural."""

    en: tuple[str, str]
    fr: tuple[str, str]


@dataclass(frozen=True)
class Forms:
    """All words by class."""

    nouns: tuple[Noun, ...]
    adjectives: tuple[Adjective, ...]
    verbs: tuple[Verb, ...]


@cache
def forms() -> Forms:
    """Read `forms.toml` (once)."""
    raw = tomllib.loads(Path(__file__).with_name("forms.toml").read_text(encoding="utf-8"))
    return Forms(
        tuple(
            Noun(tuple(n["en"]), tuple(n["fr"]), n["feminine"], n["person"]) for n in raw["noun"]
        ),
        tuple(Adjective(a["en"], tuple(a["fr"]), a["before"]) for a in raw["adjective"]),
        tuple(Verb(tuple(v["en"]), tuple(v["fr"])) for v in raw["verb"]),
    )
