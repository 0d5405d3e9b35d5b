"""The place that a screen shows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.following.choices import chosen
from tui.following.readers import described
from tui.place import PARAGRAPH, PARAGRAPHS, STEPS, Place
from tui.sent import COUNT, LETTERS
from tui.tracks.following import FollowingTrack
from tui.tracks.gradient import GradientTrack
from tui.widths import key

if TYPE_CHECKING:
    from scenarios.script import Scenario
    from tui.screens.score import ScoreScreen


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
    score, track = screen.score, screen.track
    state, whole = chosen(front, view) if view is not None else ((), True)
    wanted = score.wanted
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
        state=state,
        partly=not whole,
        lane=screen.index,
        track=_short(key(track)) if view is None else "",
        probe=track.probe if view is None and isinstance(track, FollowingTrack) else None,
        by=tuple(
            next((t.of for t in group if isinstance(t, GradientTrack)), "")
            for group in score.groups
        ),
        wanted=(score.lane_of(wanted), _short(key(wanted))) if wanted is not None else None,
        preferred=tuple(sorted(map(_short, score.preferred)))[:STEPS],
        top=score.stage.top,
        blank=screen.curtain,
    )


def _short(text: str, most: int = LETTERS) -> str:
    """Printable, and no longer than a place may hold."""
    return "".join(c for c in text if c.isprintable() or c == "\n")[:most]
