"""How the width of a score is shared: among its lanes, then among the tracks of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.allocate import Claims, allocate
from tui.tracks.base import Track
from tui.tracks.prediction import PredictionTrack

WIDE = 85  # columns of a lane from which on claims of luxury are met, which cost bytes a step
WIDE_ALONE = 140  # the same for a lane that is alone
LUXURY = 20  # the rank from which on a claim is one
LARGE = 40  # columns of a lane for each track beyond three, where all is large


@dataclass(frozen=True)
class Wishes:
    """What comes first.

    Attributes:
        wanted: the track that the user went to.
        preferred, held: values or tracks, by `key`: those that a beat is about, and those that are held.
        big: whether all is large, so that few have room.
    """

    wanted: Track | None
    preferred: frozenset[str]
    held: frozenset[str]
    big: bool

    def claims(self, track: Track, wide: bool) -> Claims:
        """What a track asks for."""
        claims = track.claims
        raised = key(track) in self.preferred or (track.RAISED and key(track) in self.held)
        if track is self.wanted or raised:
            claims = ((-1.0, claims[0][1]), *claims[1:])
        elif (self.preferred or self.big) and isinstance(track, PredictionTrack):
            # A beat's words are about what comes of it; and where there are few tracks, it is what all ask.
            claims = ((-0.5, claims[0][1]), *claims[1:])
        return [claim for claim in claims if wide or claim[0] < LUXURY]


def share(groups: Sequence[list[Track]], width: int, wishes: Wishes) -> list[list[int]]:
    """The columns of each track of each lane, of `width` in all; 0 where there is no room.

    The first track of the first lane are the words: of several lanes they stand before all.
    """
    several = len(groups) > 1
    room = allocate([groups[0][0].claims], width)[0] if several else 0
    each = (width - room) // len(groups)
    lanes = [groups[0][1:] if several else groups[0], *groups[1:]]
    wide = wishes.big or each >= (WIDE if several else WIDE_ALONE)
    claims = [[wishes.claims(track, wide) for track in tracks] for tracks in lanes]
    if wishes.big:
        for own in claims:
            few(own, 2 + each // LARGE)
    claims = compared(lanes, claims, [allocate(own, each) for own in claims])
    widths = [allocate(own, each) for own in claims]
    if several:
        widths[0] = [room, *widths[0]]
    return widths


def key(track: Track) -> str:
    """What a scenario's `of` calls a track: the value that it shows, else its name."""
    return str(getattr(track, "key", "") or getattr(track, "value", "") or track.NAME)


def few(claims: list[Claims], most: int) -> None:
    """Take back the claims of all tracks but those that are needed most; the words always have theirs."""
    firsts = sorted(claim[0][0] for claim in claims if claim)
    last = firsts[min(most, len(firsts) - 1)] if firsts else 0
    claims[:] = [claim if claim and claim[0][0] <= last else [] for claim in claims]


def compared(
    lanes: list[list[Track]], claims: list[list[Claims]], widths: list[list[int]]
) -> list[list[Claims]]:
    """Claims with which tracks that are compared are as wide in each lane as where they are narrowest."""
    got: dict[str, set[int]] = {}
    for tracks, own in zip(lanes, widths, strict=True):
        for track, width in zip(tracks, own, strict=True):
            if track.COMPARED and width:
                got.setdefault(key(track), set()).add(width)
    return [
        [
            [c for c in claim if not track.COMPARED or c[1] <= min(got.get(key(track), {c[1]}))]
            for track, claim in zip(tracks, own, strict=True)
        ]
        for tracks, own in zip(lanes, claims, strict=True)
    ]
