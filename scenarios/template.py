"""The example that `peephole new` writes: every key explained where it stands, unused ones as comments.

What is explained comes from `scenarios.keys`; what is claimed from `scenarios.beginning`, which measured it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scenarios.keys import BEAT, LANE, READING, SCENARIO
from scenarios.script import Scenario
from scenarios.tables import Key
from scenarios.toml import written

_COMMANDS = {
    "peephole check {name}.toml": "are all claims true? Mistakes are underlined",
    "peephole play {name}.toml --watch": "on the screen, and anew whenever you save",
    "peephole list measures": "what can be measured",
    "peephole list models": "who can read",
    "peephole schema -o scenario.schema.json": "for your editor; line 1 is then "
    "#:schema ./scenario.schema.json",
}


def lay_out(
    name: str, head: Mapping[str, Any], lanes: Mapping[str, Any], beats: list[dict[str, Any]]
) -> str:
    """The text of a file; `head` are the keys of the scenario before its lanes."""
    top = {key: of for key, of in SCENARIO.keys.items() if key not in ("lanes", "beats")}
    own = {key: of for key, of in BEAT.keys.items() if key not in READING}
    parts: list[Iterable[str]] = [
        _commands(name),
        _explained(top, head),
        [*_about(SCENARIO.keys["lanes"]), "[lanes]", *_lanes(lanes)],
        [*_about(SCENARIO.keys["beats"]), "[[beats]]", *_explained(own, beats[0])],
        *(["[[beats]]", *_plain(beat)] for beat in beats[1:]),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _commands(name: str) -> Iterator[str]:
    yield f"# {name}: a scenario for peephole. Take away a # before a key to use it."
    wide = max(len(command.format(name=name)) for command in _COMMANDS)
    for command, about in _COMMANDS.items():
        yield f"#   {command.format(name=name):<{wide}}  {about}"


def _lanes(lanes: Mapping[str, Any]) -> Iterator[str]:
    for label, table in lanes.items():
        yield f"{label} = {written(table)}"
    for number, (kind, keys) in enumerate(LANE.kinds.items()):
        yield from _about(keys[kind])
        example = {key: of.example for key, of in keys.items()}
        yield f"#lane_{number} = {written(example)}"
    key = LANE.keys["hand-set"]
    yield from _about(key)
    yield f"#by_hand = {written({'model': 'lstm', 'hand-set': key.example})}"


def _explained(keys: Mapping[str, Key], values: Mapping[str, Any]) -> Iterator[str]:
    """Every key with what it says above it, in the order in which they are defined."""
    for name, key in keys.items():
        yield from _about(key)
        if name in values:
            yield from _plain({name: values[name]})
        else:
            yield from (f"#{line}" for line in _plain({name: key.example}))


def _plain(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from (f"{name}.{inner} = {written(of)}" for inner, of in value.items())
        else:
            yield f"{name} = {written(value)}"


def _about(key: Key) -> list[str]:
    return textwrap.wrap(key.about, 98, initial_indent="# ", subsequent_indent="# ")


def words(scenario: Scenario) -> str:
    """What was written, in words: "2 beats, 3 claims"."""
    claims = sum(len(beat.claims) for beat in scenario.beats)
    beats = len(scenario.beats)
    return f"{beats} beat{'s' * (beats != 1)}, {claims} claim{'s' * (claims != 1)}"
