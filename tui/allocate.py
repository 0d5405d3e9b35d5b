"""Who gets how much of the width."""

from __future__ import annotations

from collections.abc import Sequence

Claims = Sequence[tuple[float, int]]  # (rank, width); a track's next claim is larger than its last


def allocate(claims: Sequence[Claims], width: int) -> list[int]:
    """The width of each track, 0 where there is no room for it.

    The claims of all tracks are met in the order of their ranks as far as there is room. A track whose
    first claim cannot be met gets nothing; what then is left goes to claims of later ranks.
    """
    got = [0] * len(claims)
    ordered = sorted(
        (rank, n, index, want)
        for index, track in enumerate(claims)
        for n, (rank, want) in enumerate(track)
    )
    for _, n, index, want in ordered:
        first = n == 0
        if (first or got[index]) and sum(got) - got[index] + want <= width:
            got[index] = max(got[index], want)
    return got
