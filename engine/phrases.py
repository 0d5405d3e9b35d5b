"""Interventions as a person writes them, and as they print themselves.

f = 0                                hold f at 0
c[3,17] of layer 0 = 0.5 from row 3 to 8
head 1 of layer 0 cut                or: cut head 1 of layer 0
cross head 1 of layer 0 cut          a head that looks from the target at the source
edge 9→2 cut in layer 0 head 1       or: cut edge 9->2
cross-attention uniform from row 9   or: attention uniform from 9
attention only 3 at 10               also: argmax, permuted seed 1
self-attention uniform in layer 0 head 1
row 3 reads 'mats'                   or: 3 = mats
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.edits import CROSS, HOWS, SELF
from engine.errors import PeepholeError
from engine.interventions import CutEdge, CutHead, EditAttention, Hold, Intervention, Replace

_N = r"(\d{1,9})"
_HOLD = re.compile(
    r"(?:hold )?([A-Za-z]\w*)(?: ?\[([\d, ]+)\])?(?: of layer (\d{1,9}))? ?= ?"
    r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,2})?)"
    r"(?: from (?:row )?(\d{1,9}))?(?: to (?:row )?(\d{1,9}))?",
    re.IGNORECASE | re.ASCII,
)
_HEAD = re.compile(rf"(?:cut )?(cross )?(?:head )?{_N} of layer {_N}(?: cut)?", re.ASCII)
_EDGE = re.compile(
    rf"(?:cut )?(?:edge )?{_N} ?(?:→|->) ?{_N}(?: cut)?(?: (?:in|of) layer {_N})?(?: head {_N})?",
    re.ASCII,
)
_EDIT = re.compile(
    rf"(?:attention )?(?:(self|cross)(?:-attention)? )?({'|'.join(HOWS)})(?: {_N})?(?: seed {_N})?"
    rf"(?: (?:in|of) layer {_N})?(?: head {_N})?"
    rf"(?: from (?:row )?{_N}(?: to (?:row )?{_N})?| at (?:row )?{_N})?",
    re.ASCII,
)
_REPLACE = re.compile(rf"(?:replace )?(?:row )?{_N} ?(?:reads|=) ?(['\"]?)(\S+?)\2", re.ASCII)


def _hold(found: re.Match[str]) -> Hold:
    name, units, layer, value, start, last = found.groups()
    return Hold(
        name,
        float(value),
        None if layer is None else int(layer),
        tuple(int(unit) for unit in (units or "").replace(",", " ").split()),
        int(start or 0),
        None if last is None else int(last) + 1,
    )


def _edge(found: re.Match[str]) -> CutEdge:
    query, key, layer, head = (None if n is None else int(n) for n in found.groups())
    return CutEdge(query or 0, key or 0, layer, head)


def _edit(found: re.Match[str]) -> EditAttention:
    of, how, *numbers = found.groups()
    key, seed, layer, head, start, last, only = (None if n is None else int(n) for n in numbers)
    start, last = (only, only) if only is not None else (start, last)
    stop = None if last is None else last + 1
    return EditAttention(
        how, key, layer, head, SELF if of == "self" else CROSS, seed or 0, start or 0, stop
    )


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Intervention]], ...] = (
    (_EDGE, _edge),
    (
        _HEAD,
        lambda found: CutHead(
            int(found[3]), int(found[2]), f"{found[1] or ''}context".replace(" ", "_")
        ),
    ),
    (_EDIT, _edit),
    (_REPLACE, lambda found: Replace(int(found[1]), found[3])),
    (_HOLD, _hold),
)


def intervention(text: str) -> Intervention:
    """The intervention that a text means; `intervention(str(item)) == item` (but for given values).

    Whether the model has such a value, unit, head or word is checked when it runs.

    Raises:
        PeepholeError: it is none of the forms above.
    """
    plain = " ".join(text.split())
    for form, build in _FORMS:
        found = form.fullmatch(plain)
        if found:
            return build(found)
    raise PeepholeError(
        f"{text!r} is not an intervention",
        do="E.g. 'f = 0 from 3', 'c[3,17] = 0', 'cut head 1 of layer 0', 'cut edge 9->2', "
        "'attention uniform from 9', '3 = mats'",
    )
