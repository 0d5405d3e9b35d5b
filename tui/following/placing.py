"""The place that a screen shows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tui.following.readers import described
from tui.place import PARAGRAPH, PARAGRAPHS, Place, Plain
from tui.sent import COUNT, LETTERS
from tui.widths import key

if TYPE_CHECKING:
    from scenarios.script import Scenario
    from tui.screens.score import ScoreScreen
    from tui.views.base import View

# What can be chosen in each view, beside its layer: attributes that are plain data, and of which kinds.
NONE = type(None)
CHOSEN: dict[str, dict[str, tuple[type, ...]]] = {
    "attention": {"chosen": (int,), "which": (str, NONE), "scores": (bool,), "grid": (str,)},
    "gradient": {"of": (str,)},
    "equation": {"unit": (int,), "head": (int,)},
    "unit": {"unit": (int,), "names": (tuple,), "bits": (bool,)},
    "jacobian": {"of": (str,), "unit": (int,), "lag": (int, NONE)},
    "alignment": {"head": (int, NONE), "unit": (int,)},
    "decoding": {"bars": (bool,)},
}


def place_of(screen: Screen) -> Place:
    """What a screen shows. Cheap: it is asked after every frame."""
    from tui.screens.score import ScoreScreen

    if isinstance(screen, ScoreScreen):
        return _score(screen) if screen.is_mounted and hasattr(screen, "score") else Place()
    told = getattr(screen, "told", None)
    title, *text = told() if told is not None else ("",)
    return Place(
        title=_short(title),
        text=tuple(_short(part, PARAGRAPH) for part in text[:PARAGRAPHS] if part),
    )


def digest(scenario: Scenario) -> str:
    """Of a scenario's text, 12 hex digits: the same name may be another scenario elsewhere."""
    return hashlib.sha256(scenario.source.text.encode(errors="replace")).hexdigest()[:12]


def _score(screen: ScoreScreen) -> Place:
    session, scenario, view = screen.session, screen.scenario, screen.view
    front = next((name for name, made in screen._views.items() if made is view), "score")
    return Place(
        kind="score",
        title=_short(session.title),
        scenario=_short(scenario.name) if scenario is not None else "",
        source=digest(scenario) if scenario is not None else "",
        beat=screen.beat_shown,
        revealed=screen.revealed,
        lanes=() if screen.as_told else described(session.lanes, screen.scripted_models),
        cursor=min(session.cursor, COUNT),
        clock=min(session.clock, COUNT),
        playing=session.playing,
        speed=session.speed,
        loop=session.loop,
        fed=all(lane.fed for lane in session.lanes),
        unit=session.unit,
        layer=session.layer,
        head=session.head,
        which=session.which,
        right=tuple(session.right),
        view=front,
        state=_state(front, view) if view is not None else (),
        lane=screen.index,
        track=_short(key(screen.track)) if view is None else "",
        blank=screen.curtain,
    )


def _state(name: str, view: View) -> tuple[tuple[str, Plain], ...]:
    """What was chosen in a view, as far as it is plain data."""
    pairs: list[tuple[str, Any]] = [("at_layer", view.at_layer)]
    for attribute, kinds in CHOSEN.get(name, {}).items():
        value = getattr(view, attribute, None)
        if type(value) in kinds:
            pairs.append((attribute, value))
    return tuple(pairs)


def _short(text: str, most: int = LETTERS) -> str:
    """Printable, and no longer than a place may hold."""
    return "".join(c for c in text if c.isprintable() or c == "\n")[:most]
