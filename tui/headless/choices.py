"""`peephole run`: how the words that a model wrote itself were chosen, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine import Decoding, Trace
from engine.beam import FINISHED, KEPT, Search
from engine.writing import written

BEST = 5  # hypotheses printed
FATES = {KEPT: "kept", FINISHED: "finished"}


def choice(trace: Trace, row: int) -> dict[str, Any]:
    """How the word after a row was chosen: what was kept of the distribution, or the beam's candidates."""
    first = int(trace.header.decoding.get("first", len(trace) + 1))
    step, words = row + 1 - first, trace.header.vocabulary
    found = trace.lenses.get("decoding", {})
    if "chosen" in found and 0 <= step < len(found["chosen"].array):
        before, after, kept = (found[name].array[step] for name in ("before", "after", "kept"))
        word, at = int(found["chosen"].array[step]), float(found["draw"].array[step])
        said = {"word": words[word], "p": float(after[word]), "kept": int(kept.sum())}
        said |= {"mass": float(before[kept > 0].sum())}
        return said if np.isnan(at) else said | {"draw": at}
    search = _search(trace)
    if search is None or not 0 <= step < len(search.token):
        return {}
    return {
        "beam": [
            {
                "word": words[search.token[step, n]],
                "parent": int(search.parent[step, n]),
                "p": float(search.p[step, n]),
                "log_p": float(search.log_p[step, n]),
                "score": float(search.score[step, n]),
                "fate": FATES.get(int(search.fate[step, n]), "pruned"),
                "chosen": bool(search.chosen[step, n]),
            }
            for n in np.flatnonzero(search.token[step] >= 0)
        ]
    }


def summary(trace: Trace) -> Iterator[str]:
    """What was written, how, and what a beam found beside it."""
    wrote = written(trace)
    if wrote is None:
        return
    decoding = Decoding.from_record(trace.header.decoding)
    end = "" if wrote.ended else "  (stopped before its end)"
    yield f"wrote: {' '.join(wrote.tokens) or '(nothing)'}{end}"
    yield f"by:    {decoding}; log p of it {wrote.log_p:.3f} nats"
    search = _search(trace)
    if search is None:
        return
    ended = np.argwhere(search.fate == FINISHED)
    best = sorted(ended.tolist(), key=lambda at: -search.score[at[0], at[1]])[:BEST]
    if best:
        yield "beam:  finished hypotheses, the best score first"
    for step, n in best:
        words = [trace.header.vocabulary[word] for word in search.hypothesis(step, n)]
        yield f"  score {search.score[step, n]:>8.3f}  log p {search.log_p[step, n]:>8.3f}  {' '.join(words)}"


def _search(trace: Trace) -> Search | None:
    lens = trace.lenses.get("search")
    return Search.from_lens(lens) if lens else None
