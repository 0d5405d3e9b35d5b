"""Narration that cannot lie: each number in it is a placeholder for a measure.

`{p}` and `{p:.0%}` are filled in with what was measured; `{{` is a brace. A number written out in
digits is refused, unless it is the year of a citation ("(Elman, 1990)") or listed as a `literal`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import did_you_mean
from scenarios.expressions import WordError, show

_SPEC = re.compile(r"[+ ]?,?(\.\d)?[%defg]?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_YEAR = re.compile(r"\([^()\d]*(?:1[89]|20)\d\d\)")


@dataclass(frozen=True)
class Narration:
    """What a beat says: pieces of (text, measure or "", format)."""

    text: str
    pieces: tuple[tuple[str, str, str], ...]

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text with every measure in place.

        Raises:
            WordError: a format does not suit what was measured.
        """
        return "".join(
            text + (_format(values[name], spec, name) if name else "")
            for text, name, spec in self.pieces
        )


def read_narration(
    text: str, measures: Collection[str], literals: Iterable[str] = (), digits: bool = False
) -> Narration:
    """Check a narration; `digits` allows every number (in an intervention, which claims nothing).

    Raises:
        WordError: a placeholder without a measure, a bad format, or a number that is none.
    """
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise WordError(f"a brace does not match ({error})", "{", "Write {{ for a brace") from None
    pieces, unknown = [], list[WordError]()
    for plain, name, spec, conversion in parsed:
        if name is not None:
            whole = "{" + name
            if name not in measures:
                do = did_you_mean(name, measures) or f"Add {name!r} to the beat's `measure`"
                unknown.append(WordError(f"the placeholder {{{name}}} has no measure", whole, do))
            elif conversion or not _SPEC.fullmatch(spec or ""):
                raise WordError(
                    f"{spec or conversion!r} is not a format of numbers",
                    whole if conversion else spec or whole,
                    "E.g. {p:.0%}, {p:.2f}, {n:,d}, {p:.1e}",
                )
        pieces.append((plain, name or "", spec or ""))
    if unknown:
        unknown[0].more = unknown[1:]
        raise unknown[0]
    if not digits:
        _refuse_numbers("\0".join(plain for plain, _, _ in pieces), literals)
    return Narration(text, tuple(pieces))


def _refuse_numbers(text: str, literals: Iterable[str]) -> None:
    checked = _YEAR.sub("", text)
    for literal in sorted(literals, key=len, reverse=True):
        checked = checked.replace(literal, "\0") if literal else checked
    found = _NUMBER.search(checked)
    if found:
        raise WordError(
            f"the number {found[0]} is not measured",
            found[0],
            "Write a placeholder such as {p:.2f}, or the number in words",
        )


def _format(value: Any, spec: str, name: str) -> str:
    if isinstance(value, str) and not spec:
        return value
    if isinstance(value, np.ndarray) and not spec:
        return ", ".join(show(v) for v in value.tolist())
    try:
        if spec.endswith("d"):
            value = int(value)
        return format(value, spec) if spec else show(value)
    except (TypeError, ValueError):
        shown = repr(value) if isinstance(value, str) else "a list" if np.ndim(value) else value
        raise WordError(
            f"{{{name}}} measured {shown}, which has no format {spec!r}", "{" + name
        ) from None
