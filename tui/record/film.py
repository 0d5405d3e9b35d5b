"""A film as one SVG that moves: every cell is drawn once for each thing that stands in it.

Cells that come and go together are a layer, and a rule of CSS says when it is seen. Where nothing moves (a
viewer without animation, a reader who wants none) the last frame is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui.record.frame import Frame
from tui.record.svg import Cell, Layer, Styles, cells, ground, page

Times = tuple[tuple[int, int], ...]  # from which frame to before which one, several times


def film(frames: Sequence[Frame], title: str) -> str:
    """Timed frames, over and over."""
    styles = Styles()
    back, total = ground(frames[-1]), sum(frame.hold for frame in frames)
    starts = [0.0]
    for frame in frames:
        starts.append(starts[-1] + frame.hold / total * 100)
    rules, drawn = [], []
    always: Times = ((0, len(frames)),)
    for times, found in layers(frames).items():
        picture = Layer(dict(sorted(found.items())), back).svg(styles)
        if not picture:
            continue
        if times == always:
            drawn.append(picture)
            continue
        name = f"f{len(drawn)}"
        hidden = "" if times[-1][1] == len(frames) else ' visibility="hidden"'
        drawn.append(f'<g class="f" style="animation-name:{name}"{hidden}>{picture}</g>')
        rules.append(f"@keyframes {name}{{{_keyframes(times, starts)}}}")
    css = (
        f"{styles.css()}.f{{animation:{total:g}s step-end infinite}}{''.join(rules)}"
        "@media(prefers-reduced-motion){.f{animation:none}}"
    )
    return page(frames[-1], title, css, "\n".join(drawn))


def layers(frames: Sequence[Frame]) -> dict[Times, dict[tuple[int, int], Cell]]:
    """The cells of all frames by when they are seen, those that are always seen first."""
    seen: dict[tuple[int, int], dict[Cell, list[tuple[int, int]]]] = {}
    for number, frame in enumerate(frames):
        for at, cell in cells(frame.rows).items():
            times = seen.setdefault(at, {}).setdefault(cell, [])
            if times and times[-1][1] == number:
                times[-1] = (times[-1][0], number + 1)
            else:
                times.append((number, number + 1))
    found: dict[Times, dict[tuple[int, int], Cell]] = {((0, len(frames)),): {}}
    for at, contents in seen.items():
        for cell, times in contents.items():
            found.setdefault(tuple(times), {})[at] = cell
    return found


def _keyframes(times: Times, starts: Sequence[float]) -> str:
    """When a layer is seen: each step holds until the next."""
    steps = {} if times[0][0] == 0 else {"0%": "hidden"}
    for begin, end in times:
        steps[f"{starts[begin]:.4g}%"] = "visible"
        if end + 1 < len(starts):
            steps[f"{starts[end]:.4g}%"] = "hidden"
    return "".join(f"{at}{{visibility:{how}}}" for at, how in steps.items())
