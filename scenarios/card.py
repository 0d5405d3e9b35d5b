"""The model card: what a model is, how it was made, and how it scores, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from engine.models import LanguageModel

_GROUPS = {
    "Agreement by number of attractors": "agreement/attractors-",
    "Agreement by distance (tokens between subject and verb)": "agreement/distance-",
    "Agreement, subjects held out": "agreement/held-out-nouns",
    "Coreference": "coreference/train-pairs",
    "Coreference, noun pairs held out": "coreference/held-out-pairs",
    "Coreference by gap (tokens before the question)": "coreference/gap-",
    "Coreference, held-out pairs, by gap": "coreference/held-out-gap-",
}


def as_markdown(model: LanguageModel) -> str:
    """The card of a bundled model; every number is read from the weights' own record."""
    card = model.card
    recipe, sizes = card["recipe"], asdict(model.architecture)  # type: ignore[call-overload]
    lines = [
        f"# {model.name}",
        "",
        f"{card['title']}. {model.size:,} parameters, {len(model.vocabulary)} words.",
        "",
        "| | |",
        "|---|---|",
        f"| architecture | {_pairs(sizes)} |",
        f"| corpus | `{card['corpus']}`, one mixture for all models |",
        f"| objective | next-token cross-entropy, {card['updates']:,} updates of {recipe['batch']}"
        f" sentences; the noun that answers a question weighs {card['answer_weight']:g} times |",
        f"| recipe | {_pairs(recipe)} |",
        f"| command | `{card['command']}` |",
        f"| trained on | {card['backend']['name']} {card['backend']['dtype']},"
        f" {card['backend']['device']}, {card.get('seconds', '?')} s, {card['date']} |",
        f"| early weights | `{model.name}@600`: the same run after 600 updates |",
        "",
        f"Accuracy: the share of {card['sentences']} sentences in which the right word is likelier than",
        "its minimal alternative (the verb of the other number; the other noun of the pair). Chance is",
        "0.5. Training has up to 4 attractors of any number, 20 tokens of distance, and gaps of up to 8;",
        "here every attractor has the other number. What lies beyond is held out by construction.",
        f"Measured again by `peephole card {model.name} --measure`.",
        "",
    ]
    for title, prefix in _GROUPS.items():
        lines += _table(title, prefix, card["accuracy"])
    return "\n".join(lines)


def _table(title: str, prefix: str, scores: Mapping[str, float]) -> list[str]:
    found = {
        split.removeprefix(prefix): value
        for split, value in scores.items()
        if split.startswith(prefix)
    }
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


def summary(models: Sequence[LanguageModel]) -> str:
    """One table of several cards: the README's. `python -m scenarios.card` prints it."""
    lines = ["| | parameters | " + " | ".join(title for _, title in SUMMARY) + " |"]
    lines.append("|---" * (len(SUMMARY) + 2) + "|")
    for model in models:
        scores = " | ".join(f"{model.card['accuracy'][split]:.2f}" for split, _ in SUMMARY)
        lines.append(f"| {model.card['title']} | {model.size:,} | {scores} |")
    return "\n".join(lines)


if __name__ == "__main__":
    from scenarios import zoo

    print(summary([zoo.model(name) for name in zoo.names()]))
