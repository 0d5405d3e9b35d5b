"""Whether a beat's lanes have what its screen is to show; a view that would stand empty is a mistake.

`check` asks it of lanes that were run, so it holds of every model alike: of its own values, layers and heads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from engine.decoding import Decoding
from engine.errors import PeepholeError, did_you_mean
from engine.lenses.saturation import slopes_of
from engine.models.recurrent import RecurrentLM
from engine.trace import Trace
from scenarios.lanes import Lane
from scenarios.script import Beat

TRACKS = (  # of the score, by the names that a beat's `of` has for them beside those of values
    "surprisal", "change", "gradient", "share", "slope", "attention", "heads", "self", "cross", "tokens",
)  # fmt: skip
TICKS = "ticks"  # no track: a text is read in as few steps as the model can
LOOKS = {"self": "weights", "cross": "cross_weights"}
WAYS = ("bars", "tree", "written")  # to show how words are chosen


class Unseen(PeepholeError):
    """What a beat wants to show is not there: the key that it is in, and the word."""

    def __init__(self, what: str, key: str, word: str, do: str = "") -> None:
        self.key, self.word = key, word
        super().__init__(what, do=do)


def check(beat: Beat, lanes: Sequence[Lane]) -> None:
    """Refuse what none of the lanes can show; what one of them has is shown of that one.

    Raises:
        Unseen: a view, a value, a layer or a head that they do not have.
    """
    if beat.view in _VIEWS:
        can, why, do = _VIEWS[beat.view]
        if not any(can(lane) for lane in lanes):
            raise Unseen(f"{_names(lanes)} {why}", "view", beat.view, do)
    if beat.view == "patching" and not _fit(lanes):
        do = "Put two lanes of one model side by side that read texts of the same length"
        raise Unseen("there is no other reading to take states from", "view", beat.view, do)
    _within(beat.layer, "layer", lanes)
    _within(beat.head, "head", lanes)
    if beat.of is not None:
        _of(beat.of, beat.view, lanes)


def _within(number: int | None, axis: str, lanes: Sequence[Lane]) -> None:
    count = max(_size(lane.trace, axis) for lane in lanes)
    if number is None or 0 <= number < count:
        return
    named = _names(lanes)
    if not count:
        raise Unseen(f"{named} has no {axis}s", axis, str(number), f"Take `{axis}` out")
    there = f"there is only {axis} 0" if count == 1 else f"there are {axis}s 0 to {count - 1}"
    labels = " and ".join(lane.label for lane in lanes)
    raise Unseen(f"{there} in {labels}, not {number}", axis, str(number))


def _of(of: str, view: str, lanes: Sequence[Lane]) -> None:
    words = {name for lane in lanes for name in known(view, lane.trace)}
    if view == "decoding":
        if of in words:
            return
        try:
            Decoding.parse(of)
        except PeepholeError as error:
            do = f"{error.do + '. ' * bool(error.do)}Or one of: {', '.join(WAYS)}"
            raise Unseen(error.what, "of", of, do) from None
        return
    for word in (of.replace(",", " ") if view == "unit" else of).split():
        if word not in words:
            what = f"{_names(lanes)} shows no {word!r} in the view {view!r}"
            nearest = did_you_mean(word, words) or f"Known: {', '.join(sorted(words))}"
            raise Unseen(what, "of", word, nearest if words else "Take `of` out")


def known(view: str, trace: Trace) -> Collection[str]:
    """The words that `of` may say in a view of a trace."""
    header = trace.header
    units = {name for name in trace.names if "unit" in trace.axes(name)}
    looks = {which for which, name in LOOKS.items() if name in trace}
    if view == "score":
        missing = LOOKS.keys() - looks
        missing |= set() if looks else {"attention", "heads"}
        missing |= set() if header.states and not trace.source else {"share"}
        missing |= set() if slopes_of(trace) else {"slope"}
        return units | {TICKS, *TRACKS} - missing
    if view == "attention":
        return looks | {"mean", "rollout", "scores", TICKS}
    if view == "jacobian":
        return {"s", *header.states}
    if view == "gradient":
        return {*header.states, "h", "x"}
    return _WORDS.get(view, units | {"bits"} if view == "unit" else ())


def _size(trace: Trace, axis: str) -> int:
    """How many layers or heads there are of any value."""
    sizes = [
        trace[n].shape[trace.axes(n).index(axis)] for n in trace.names if axis in trace.axes(n)
    ]
    return max(sizes, default=0)


def _fit(lanes: Sequence[Lane]) -> bool:
    """Whether two of the lanes are readings of one model, other words at as many rows."""
    return any(
        a.model.digest == b.model.digest
        and a.trace.tokens != b.trace.tokens
        and (a.trace.source, len(a.trace)) == (b.trace.source, len(b.trace))
        for n, a in enumerate(lanes)
        for b in lanes[:n]
    )


def _looking(lane: Lane) -> bool:
    return any(name in lane.trace for name in LOOKS.values())


def _paired(lane: Lane) -> bool:
    return 0 < lane.trace.source < len(lane.trace)


_WORDS: Mapping[str, Collection[str]] = {
    "alignment": ("mean", TICKS),
    "residual": ("map", "added", TICKS),
    "decoding": WAYS,
}
_VIEWS: Mapping[str, tuple[Callable[[Lane], bool], str, str]] = {
    "attention": (_looking, "has no attention", "A Transformer, or a model of pairs with it, has"),
    "alignment": (
        _paired,
        "reads no source, so there is nothing to align",
        "Give the beat a lane of a model of pairs, e.g. spell-bahdanau",
    ),
    "jacobian": (
        lambda lane: isinstance(lane.model.architecture, RecurrentLM),
        "has no step Jacobian",
        "A recurrent language model has one",
    ),
    "residual": (lambda lane: "m" in lane.trace, "has no residual stream", "A Transformer has one"),
    "training": (
        lambda lane: lane.run is not None,
        "is of no recorded run: there is nothing to plot",
        "Give the beat a lane with `run`; `peephole list runs` names the bundled ones",
    ),
}


def _names(lanes: Sequence[Lane]) -> str:
    """Of several lanes it is none that has it."""
    labels = [lane.label for lane in lanes]
    return labels[0] if len(labels) == 1 else f"none of {', '.join(labels)}"
