"""Realise the forms of both languages once: `python -m scenarios.translation.build`.

Needs the package `pyrealb` (Guy Lapalme, Université de Montréal), and only here: what is bundled is forms of
words, from its lexicons, which are CC BY 4.0. They are committed, so that the corpus runs on NumPy and the
standard library alone: `forms.toml`, the forms of every word, and `realised.toml`, whole sentences that
pyrealb made of the same meanings, which the tests hold against ours.

No French word begins with a vowel or a mute h: nothing is elided, and a token is a word.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
# English noun, French noun
THINGS = """car voiture, house maison, book livre, table table, chair chaise, garden jardin, flower fleur,
letter lettre, hat chapeau, boat bateau, key clé, door porte, bridge pont, shirt chemise, coat manteau,
lamp lampe"""
PEOPLE = "girl fille, boy garçon, queen reine, king roi, doctor médecin, singer chanteur"
# English adjective, French adjective; before the French noun or after it
BEFORE = "small petit, big grand, old vieux, new nouveau, beautiful beau"
AFTER = "red rouge, green vert, black noir, white blanc, heavy lourd, round rond"
VERBS = (
    "see voir, look_for chercher, find trouver, sell vendre, take prendre, carry porter, wash laver"
)
SEED, REALISED = 0, 300


def words(text: str) -> list[tuple[str, str]]:
    """The pairs of a list."""
    pairs = (pair.split() for pair in text.split(","))
    return [(english, french) for english, french in pairs]


def forms() -> dict[str, list[dict[str, Any]]]:
    """The forms of every word, realised: English and French, singular and plural, masculine and feminine."""
    import pyrealb as p

    def said(unit: Any) -> str:
        return str(unit.realize()).strip(" .").lower()

    tables: dict[str, list[dict[str, Any]]] = {"noun": [], "adjective": [], "verb": []}
    for person, text in ((False, THINGS), (True, PEOPLE)):
        for english, french in words(text):
            p.loadEn()
            en = [said(p.NP(p.D("the"), p.N(english)).n(n)).split()[-1] for n in "sp"]
            p.loadFr()
            fr = [said(p.NP(p.D("un"), p.N(french)).n(n)).split()[-1] for n in "sp"]
            feminine = said(p.NP(p.D("un"), p.N(french))).startswith("une ")
            tables["noun"].append({"en": en, "fr": fr, "feminine": feminine, "person": person})
    for first, text in ((True, BEFORE), (False, AFTER)):
        for english, french in words(text):
            p.loadFr()
            fr = [said(p.A(french).g(g).n(n)) for g in "mf" for n in "sp"]
            tables["adjective"].append({"en": english, "fr": fr, "before": first})
    for english, french in words(VERBS):
        verb, _, particle = english.partition("_")
        p.loadEn()
        en = [" ".join((said(p.V(verb).t("p").pe(3).n(n)), particle)).strip() for n in "sp"]
        p.loadFr()
        fr = [said(p.V(french).t("p").pe(3).n(n)) for n in "sp"]
        tables["verb"].append({"en": en, "fr": fr})
    return tables


def realised(meaning: Any) -> tuple[str, str]:
    """A sentence of `scenarios.translation.sentence` as pyrealb says it, in English and in French."""
    import pyrealb as p

    lemma = {english: (english, french) for english, french in words(f"{THINGS}, {PEOPLE}")}
    quality = dict(words(f"{BEFORE}, {AFTER}"))
    acts = {english.partition("_")[0]: french for english, french in words(VERBS)}

    def phrase(noun: Any, french: bool) -> Any:
        """The noun phrase."""
        determiners = {
            "the": "le",
            "a": "un",
            "this": "ce",
            "his": "mon",
            "her": "mon",
            "my": "mon",
        }
        person = {"his": 3, "her": 3, "my": 1}.get(noun.determiner)
        if french:
            article = p.D(determiners[noun.determiner])
            article = article.pe(person) if person else article
            head = p.N(lemma[noun.noun.en[0]][1])
            qualities = [p.A(quality[a.en]) for a in noun.adjectives]
        else:
            word = "my" if person else noun.determiner
            article = p.D(word).pe(person) if person else p.D(word)
            if person == 3:
                article = article.g("f" if noun.determiner == "her" else "m")
            head = p.N(lemma[noun.noun.en[0]][0])
            qualities = [p.A(a.en) for a in noun.adjectives]
        return p.NP(article, *qualities, head).n("p" if noun.plural else "s")

    def subject(who: Any, french: bool) -> Any:
        if isinstance(who, str):
            gender = {"he": "m", "she": "f", "they": "m"}[who]
            pronoun = p.Pro("je" if french else "I")
            return pronoun.pe(3).g(gender).n("p" if who == "they" else "s")
        return phrase(who, french)

    def them(french: bool) -> Any:
        """The object as a pronoun; pyrealb knows the gender of French nouns, not that of English ones."""
        if french:
            return phrase(meaning.object, True).pro()
        noun = meaning.object.noun
        gender = ("f" if noun.feminine else "m") if noun.person else "n"
        return p.Pro("me").pe(3).g(gender).n("p" if meaning.object.plural else "s")

    def clause(french: bool) -> str:
        lemma, _, particle = meaning.verb.en[1].partition(" ")
        thing = them(french) if meaning.pronoun else phrase(meaning.object, french)
        if particle and not french:
            thing = p.PP(p.P(particle), thing)
        doing = p.VP(p.V(acts[lemma] if french else lemma), thing)
        said = p.S(subject(meaning.subject, french), doing)
        said = said.typ({"neg": True}) if meaning.negated else said
        return str(said.realize()).strip(" .").lower()

    def antecedent(french: bool) -> str:
        be = p.V("être" if french else "be")
        adjective = p.A(quality[meaning.quality.en] if french else meaning.quality.en)
        said = p.S(phrase(meaning.object, french), p.VP(be, adjective))
        return str(said.realize()).strip(" .").lower()

    both = []
    for french, load, link in ((False, p.loadEn, "and"), (True, p.loadFr, "et")):
        load()
        first = f"{antecedent(french)} {link} " if meaning.quality else ""
        both.append(f"{first}{clause(french)} .")
    return both[0], both[1]


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(f'"{v}"' for v in value) + "]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def text(tables: dict[str, list[dict[str, Any]]]) -> str:
    """The text of `forms.toml`."""
    lines = [
        "# Written by build.py with pyrealb (Guy Lapalme; its lexicons are CC BY 4.0); change the lists\n",
        "# there, not here.\n",
    ]
    for table, rows in tables.items():
        for row in rows:
            lines.append(f"\n[[{table}]]\n")
            lines += [f"{key} = {_value(value)}\n" for key, value in row.items()]
    return "".join(lines)


if __name__ == "__main__":
    (HERE / "forms.toml").write_text(text(forms()), encoding="utf-8")
    from scenarios.translation.draw import sentence

    rng = np.random.default_rng(SEED)
    pairs = dict(realised(sentence(rng)) for _ in range(REALISED))
    lines = [
        "# Written by build.py with pyrealb (Guy Lapalme): English sentences and their French.\n\n"
    ]
    lines += [f'"{english}" = "{french}"\n' for english, french in sorted(pairs.items())]
    (HERE / "realised.toml").write_text("".join(lines), encoding="utf-8")
