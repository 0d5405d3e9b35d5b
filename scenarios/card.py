"""The model card: what a model is, how it was made, and how it scores, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from engine.models import LanguageModel
from scenarios import corpora
from scenarios.zoo import EARLY, FOREIGN


def corpus_of(model: LanguageModel) -> corpora.Corpus:
    """What a model was trained on; cards that do not say it are of the first models."""
    return corpora.load(str(model.card.get("reads", "english")))


def scores(model: LanguageModel) -> Mapping[str, float]:
    """What the card says of a model, by the names that its corpus gives."""
    found: Mapping[str, float] = model.card.get("scores") or model.card["accuracy"]
    return found


def as_markdown(model: LanguageModel) -> str:
    """The card of a bundled model; every number is read from the weights' own record.

    That of a model that others trained says what its package says, and the scores that its corpus recorded.
    """
    card, corpus = model.card, corpus_of(model)
    if model.name in FOREIGN:
        return _foreign(model, corpus)
    recipe, sizes = card["recipe"], asdict(model.architecture)  # type: ignore[call-overload]
    lines = [
        f"# {model.name}",
        "",
        f"{card['title']}. {model.size:,} parameters, {len(model.vocabulary)} words.",
        "",
        "| | |",
        "|---|---|",
        f"| architecture | {_pairs(sizes)} |",
        f"| corpus | {corpus.about} |",
        f"| objective | {corpus.objective}; {card['updates']:,} updates of {recipe['batch']}"
        f" {corpus.items} |",
        f"| recipe | {_pairs(recipe)} |",
        f"| command | `{card['command']}` |",
        f"| trained on | {card['backend']['name']} {card['backend']['dtype']},"
        f" {card['backend']['device']}, {card.get('seconds', '?')} s, {card['date']} |",
    ]
    early = card.get("early", 0 if "reads" in card else EARLY)
    if early:
        lines.append(f"| early weights | `{model.name}@{early}`: the run after {early} updates |")
    if card.get("stored"):
        lines.append(f"| stored as | {card['stored']}, and scored so |")
    lines += ["", *corpus.measured.splitlines()]
    if grammar := getattr(corpus, "grammar", ""):
        lines += ["", *grammar.splitlines(), ""]
    lines += [f"Measured again by `peephole card {model.name} --measure`.", ""]
    for title, prefix in corpus.groups.items():
        lines += _table(title, prefix, scores(model))
    return "\n".join(lines)


def _foreign(model: LanguageModel, corpus: corpora.Corpus) -> str:
    card = model.card
    measured: Mapping[str, float] = card.get("scores") or getattr(
        corpus, "of_others", lambda name: {}
    )(model.name)
    lines = [
        f"# {model.name}",
        "",
        f"{card['title']}. {card['parameters']:,} parameters ({model.size:,} as read here: its two"
        f" vocabularies are one, of {len(model.vocabulary)} words).",
        "",
        "| | |",
        "|---|---|",
        f"| architecture | {_pairs(asdict(model.architecture))} |",  # type: ignore[call-overload]
        f"| trained | {card['trained']} |",
        f"| license of the package | {card['license']} |",
        "",
        *corpus.measured.splitlines(),
        "",
    ]
    lines[-1:] = [f"Measured again by `peephole card {model.name} --measure`.", ""]
    tables = [_table(title, prefix, measured) for title, prefix in corpus.groups.items()]
    return "\n".join([*lines, *(line for table in tables for line in table)])


def _table(title: str, prefix: str, found: Mapping[str, float]) -> list[str]:
    found = {
        split.removeprefix(prefix): value
        for split, value in found.items()
        if split.startswith(prefix)
    }
    if not found:
        return []
    if list(found) == [""]:
        return [f"{title}: **{found['']:.3f}**", ""]
    head, rule = " | ".join(found), "|".join("---" for _ in found)
    row = " | ".join(f"{value:.3f}" for value in found.values())
    return [f"{title}:", "", f"| {head} |", f"|{rule}|", f"| {row} |", ""]


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items() if value not in ("", False))


SUMMARY = (
    ("agreement/attractors-1", "1 attractor"),
    ("agreement/attractors-4", "4"),
    ("agreement/attractors-16", "16 (held out)"),
    ("agreement/held-out-nouns", "nouns held out"),
    ("coreference/held-out-pairs", "coreference, pairs held out"),
)
SPELLING = (
    ("score/PER", "phoneme error rate"),
    ("score/PER without stress", "without stress"),
    ("score/words right", "words right"),
    ("per-letters/5-6", "PER, 5-6 letters"),
    ("per-letters/11-14", "PER, 11-14 letters"),
)


def summary(
    models: Sequence[LanguageModel], columns: Sequence[tuple[str, str]] = SUMMARY, digits: int = 2
) -> str:
    """One table of several cards, a column for each (score, title): `python -m scenarios.card`."""
    lines = ["| | parameters | " + " | ".join(title for _, title in columns) + " |"]
    lines.append("|---" * (len(columns) + 2) + "|")
    for model in models:
        row = " | ".join(f"{scores(model)[split]:.{digits}f}" for split, _ in columns)
        lines.append(f"| {model.card['title']} | {model.size:,} | {row} |")
    return "\n".join(lines)


if __name__ == "__main__":
    from scenarios import zoo

    print(summary([zoo.model(name) for name in zoo.names("english")]))
    print()
    print(summary([zoo.model(name) for name in zoo.names("spelling")], SPELLING, 3))
