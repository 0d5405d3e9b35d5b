"""What the score of somebody who follows takes over: tracks, marks, the rows in sight."""

from __future__ import annotations

from tui.place import Place
from tui.score import Score
from tui.tracks.base import Track
from tui.tracks.following import FollowingTrack
from tui.tracks.gradient import GradientTrack
from tui.widths import key


def track_of(score: Score, lane: int, name: str) -> Track | None:
    """A lane's track by its name; None where there is none."""
    group = score.groups[min(lane, len(score.groups) - 1)]
    return next((track for track in group if key(track) == name), None)


def give_room(score: Score, place: Place) -> None:
    """The tracks that the presenter went to have room here too."""
    wanted = track_of(score, *place.wanted) if place.wanted is not None else None
    preferred = frozenset(place.preferred)
    if (wanted, preferred) != (score.wanted, score.preferred):
        score.wanted, score.preferred = wanted, preferred
        score.fit()


def look(score: Score, place: Place) -> None:
    """What the gradients are by, and the first row in sight."""
    for group, of in zip(score.groups, place.by, strict=False):
        for track in group:
            if isinstance(track, GradientTrack):
                track.take(of)
    score.begin_with(place.top)


def mark(track: Track, row: int | None) -> None:
    """Mark a row of a track about the cursor's token; None leaves it to the track."""
    if isinstance(track, FollowingTrack) and track.probe != row:
        track.probe = row
        track.redraw()
