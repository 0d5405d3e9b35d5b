"""What Textual reads anew for each app, though it is the same for all: the rules of its style sheets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@contextmanager
def kept() -> Iterator[None]:
    """What is parsed in here is known to this process, and to copies of it, from then on.

    Rules hold nothing of an app: of whatever has another theme they are parsed anew. Textual has no name
    for this that is public; tests/serve/test_styles.py fails should the private one change.
    """
    parse = Stylesheet._parse_rules
    known: dict[tuple[Any, ...], tuple[dict[str, str], list[RuleSet]]] = {}

    def find(sheet: Stylesheet, *about: Any, **more: Any) -> list[RuleSet]:
        variables, rules = known.get((*about, *more.values()), ({}, []))
        return rules if variables == sheet._variables else parse(sheet, *about, **more)

    def keep(sheet: Stylesheet, *about: Any, **more: Any) -> list[RuleSet]:
        rules = parse(sheet, *about, **more)
        known[(*about, *more.values())] = (dict(sheet._variables), rules)
        return rules

    Stylesheet._parse_rules = keep  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Stylesheet._parse_rules = find  # type: ignore[method-assign, assignment]
