"""What can be chosen in each full-size view, as plain data that a place holds and another app can choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.decoding import Decoding
from engine.errors import PeepholeError
from tui.place import STEPS, Plain
from tui.sent import COUNT, Check, flag, held, many, one, perhaps, text, whole

if TYPE_CHECKING:
    from tui.lane import Lane
    from tui.views.base import View


def _words(value: Any) -> tuple[str, ...]:
    held(isinstance(value, tuple))
    found: tuple[str, ...] = many(text(), STEPS)(list(value))
    return found


def _way(value: Any) -> str:
    """How words are chosen, as it is typed; "" for nothing."""
    said = str(text()(value))
    try:
        held(not said or bool(Decoding.parse(said)))
    except PeepholeError:
        raise ValueError from None
    return said


_ANY = whole(-COUNT)  # of what goes round
_ROW = perhaps(whole())

# By view: attributes of it, and what they may be. All of them have their layer.
CHOSEN: dict[str, dict[str, Check]] = {
    "attention": {
        "map_chosen": _ANY, "which": perhaps(one("self", "cross")), "scores": flag,
        "grid": one("", "layer", "every"), "chosen_key": _ROW,
    },
    "gradient": {"of": one("h", "c", "x"), "chosen_source": _ROW, "losses": _words},
    "equation": {"unit": _ANY, "head": whole(), "scrolled": whole()},
    "unit": {"unit": _ANY, "names": _words, "bits": flag},
    "jacobian": {"of": one("s", "h", "c"), "unit": _ANY, "lag": perhaps(whole())},
    "alignment": {"head": perhaps(whole()), "unit": whole(), "chosen_key": _ROW},
    "decoding": {"way": _way, "knob": _ANY, "bars": flag},
    "residual": {"chosen_depth": _ROW, "map_first": flag},
    "patching": {"asked": _words, "chosen_place": _ROW},
}  # fmt: skip
_LAYER = {"at_layer": perhaps(whole())}

State = tuple[tuple[str, Plain], ...]


def fits(view: str, name: str, value: Any) -> bool:
    """Whether something can be chosen in a view, and this be chosen for it."""
    check = (_LAYER | CHOSEN.get(view, {})).get(name)
    if check is None:
        return False
    try:
        check(value)
    except ValueError:
        return False
    return True


def chosen(name: str, view: View) -> tuple[State, bool]:
    """What was chosen in a view; and whether that is all, or something is too long to be told."""
    found = [(each, getattr(view, each)) for each in (*_LAYER, *CHOSEN.get(name, {}))]
    state = tuple((each, value) for each, value in found if fits(name, each, value))
    return state, len(state) == len(found)


def choose(name: str, view: View, lane: Lane, state: State) -> None:
    """Choose in a view that shows a lane what was chosen elsewhere, as far as it fits here."""
    width = int(lane.trace["h"].shape[-1]) if "h" in lane.trace else 1
    most = {"at_layer": lane.layers - 1, "unit": width - 1, "head": lane.heads - 1}
    wanted: dict[str, Plain] = {}
    for each, value in state:
        if fits(name, each, value):
            known = type(value) is int and each in most
            wanted[each] = max(0, min(int(value or 0), most[each])) if known else value  # type: ignore
    for _ in range(2):  # what is asked anew forgets what was chosen of the answer before
        differ = {each: value for each, value in wanted.items() if getattr(view, each) != value}
        for each, value in differ.items():
            setattr(view, each, value)
        if not differ or not view.is_mounted or view.trace is None:
            return
        view.updated()
