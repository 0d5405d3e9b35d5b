"""An exported page in a real browser: its numbers by keyboard and pointer, in every window."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import fork, load_model, run
from engine.interventions import Hold
from tests.export.readers import DOWN, Parsed, check, line, press, same
from tests.waiting import wait
from tui import start, themes
from tui.lane import Lane

KINDS = ("lstm", "transformer", "concat", "seq2seq")
TEXT = "the cats were happy ."


@pytest.mark.parametrize("kind", KINDS)
def test_every_track_at_every_row_says_the_trace_s_number(show, traces, kind) -> None:
    trace = traces[kind][0]
    page = show(Lane(kind, trace))
    opened = check(line(page), trace, len(trace) - 1)  # it begins with all that was read
    assert opened == ("attention" if trace.source else "h"), "across, or the state, is seen first"
    page.keyboard.press("ArrowRight")
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
    page.focus("#score")
    kinds = []
    for _ in range(20):
        first = press(page, "Home")
        below = press(page, "ArrowDown", "ArrowUp", "ArrowDown")
        said = page.evaluate(DOWN, len(trace))
        assert said[:2] == [first, below], "as by keys that are really pressed"
        found = {check(words, trace, row) for row, words in enumerate(said)}
        assert len(found) == 1
        kinds += found
        assert line(page) == said[-1]
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") != "score":
            break
    units = [n for n in trace.names if trace.axes(n) == ("time", "layer", "unit")]
    looks = ["attention"] * any("weights" in name for name in trace.names)
    assert sorted(kinds) == sorted([*units, "surprisal", "gradient", "prediction", *looks])
    assert page.evaluate("document.activeElement.id") == "play", "Tab leaves the score at its end"


def test_keys_choose_layer_head_side_and_derivative(show, traces) -> None:
    trace = traces["seq2seq"][0]
    page = show(Lane("seq2seq", trace))
    while "weight(" not in line(page):
        page.keyboard.press("Tab")
    row = len(trace) - 1
    for key, name, layer, head in (
        ("w", "weights", 1, None), ("[", "weights", 0, None), ("}", "weights", 0, 0), ("}", "weights", 0, 1),
        ("w", "cross_weights", 0, 1), ("]", "cross_weights", 1, 1), ("{", "cross_weights", 1, 0),
        ("{", "cross_weights", 1, None),
    ):  # fmt: skip
        said = press(page, key)
        of = trace[name][row, layer].astype(float)
        shares = of.mean(0) if head is None else of[head]
        same(re.search(r"= (\S+) on", said)[1], shares.max())
        assert f"layer {layer}, {'mean of the heads' if head is None else f'head {head}'}" in said
        assert ("cross-attention" in said) == (name == "cross_weights")
    said = press(page, "ArrowLeft")
    k = int(re.search(r"weight\(\d+, (\d+)\)", said)[1])
    same(re.search(r"= (\S+) on", said)[1], trace["cross_weights"][row, 1].astype(float).mean(0)[k])
    page.keyboard.press("Shift+Tab")
    assert line(page).startswith(f"|dL_{row}/dx_")
    assert press(page, "v").startswith(f"|dL_{row}/dh_") or "is 0 for every" in line(page)


def test_it_is_scrubbed_and_plays(show, traces) -> None:
    trace = traces["lstm"][0]
    page = show(Lane("lstm", trace))
    page.locator("#scrub").fill("7")
    check(line(page), trace, 7)
    assert page.get_attribute("#scrub", "aria-valuetext") == f"row 7 of 11, '{trace.tokens[7]}'"
    page.focus("#scrub")
    check(press(page, "ArrowDown"), trace, 8)
    page.focus("#score")
    press(page, "Space")
    wait(lambda: page.evaluate("now.row === 11 && timer === null"))
    check(line(page), trace, 11)
    press(page, "?")
    assert page.locator("dialog[open]").is_visible()
    press(page, "Escape", "Home")
    check(line(page), trace, 0)


def test_gradients_side_by_side_share_scale_and_width(show, traces) -> None:
    """Of h beside that of x: the same length is the same number."""
    page = show(*(Lane(kind, traces[kind][0]) for kind in ("lstm", "transformer")))
    found = page.evaluate(
        """places.filter(p => p.track && p.track.kind === "gradient").map(p => p.width)"""
    )
    assert len(found) == 2
    assert found[0] == found[1]
    low, high = page.evaluate("decades()")
    shown = [("lstm", "h", -1), ("transformer", "x", None)]
    for kind, of, layer in shown:
        array = traces[kind][0].lenses["gradient_map"][of].array
        sizes = array if layer is None else array[..., layer]
        assert low <= np.log10(np.percentile(sizes[sizes > 0], 10)), kind
        assert np.log10(sizes.max()) <= high, kind


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_cells_have_the_colours_of_the_app_and_the_pointer_finds_them(
    show, chromium, traces, scheme
) -> None:
    trace = traces["lstm"][0]
    chromium.emulate_media(color_scheme=scheme)
    page = show(Lane("lstm", trace))
    look = themes.DARK if scheme == "dark" else themes.LIGHT
    press(page, "End")
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    origin = page.evaluate("(b => [b.x, b.y])(canvas.getBoundingClientRect())")
    for name, map_, low, high in (("h", look.signed, -1, 1), ("f", look.unit, 0, 1)):
        where = "places.find(p => p.track && p.track.name === name)"
        x, cell = page.evaluate(f"name => (p => [p.x, p.width / p.track.units])({where})", name)
        anchors = [bytes.fromhex(colour) for colour in themes.MAPS[map_].split()]
        for row in (0, 3, 8):
            top, tall = page.evaluate("row => [y(row), tall]", row)
            for unit in range(trace[name].shape[-1]):
                at = origin[0] + x + (unit + 0.5) * cell, origin[1] + top + tall / 2
                level = np.clip((trace[name][row, -1, unit] - low) / (high - low), 0, 1) * 16
                steps = range(3)
                expected = [np.interp(level, range(17), [a[c] for a in anchors]) for c in steps]
                found = shot.getpixel((int(at[0]), int(at[1])))
                np.testing.assert_allclose(found, expected, atol=8)
        page.mouse.move(*at)
        words = page.inner_text("#pointer")
        assert words.startswith(f"{name}[{unit}] of layer 1")
        check(words, trace, row)
        page.mouse.click(*at)
        assert line(page) == words
        assert page.evaluate("now.row") == row
        press(page, "End")
    page.mouse.move(origin[0] + 20, origin[1] + page.evaluate("y(2) + 4"))
    page.mouse.down()
    page.mouse.move(origin[0] + 20, origin[1] + page.evaluate("y(5) + 4"))
    page.mouse.up()
    assert page.evaluate("now.row") == 5
    chromium.emulate_media(color_scheme="light")


@pytest.mark.parametrize(("width", "height"), [(360, 640), (640, 400), (1280, 800), (2200, 1200)])
def test_it_fits_every_window_and_what_has_no_room_is_reached(show, traces, width, height) -> None:
    trace = traces["seq2seq"][0]
    page = show(Lane("one", trace), Lane("two", trace))
    page.set_viewport_size({"width": width, "height": height})
    for _ in range(page.evaluate("tracks.length") - 1 - page.evaluate("now.track")):
        press(page, "Tab", "ArrowDown")
        assert page.evaluate("places.some(p => p.track === focused())") or width < 640
        assert page.evaluate("inSight(now.row)")
    assert page.evaluate("places.every(p => p.x + p.width <= canvas.clientWidth + 1)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ends = page.evaluate("places.map(p => [p.x, p.x + p.width])")
    assert all(a[1] <= b[0] for a, b in pairwise(ends)), "nothing overlaps"


def test_a_long_text_scrolls(show) -> None:
    from tests.engine.build import build, tokens

    model = build("gru", layers=1)
    page = show(Lane("gru", run(model, tokens(300)), model), tracks=("h", "surprisal"))
    press(page, "End")
    assert "row 299" in line(page)
    assert page.evaluate("now.top > 200 && inSight(299)")
    press(page, "PageUp", "PageUp")
    assert page.evaluate("inSight(now.row) && now.row < 290")
    page.mouse.move(200, 300)
    page.mouse.wheel(0, -500)
    wait(lambda: page.evaluate("now.top < 270"))


def test_a_fork_stands_beside_its_reading(show, models) -> None:
    model = load_model(models["lstm"])
    trace = run(model, TEXT)
    lane = Lane("lstm", trace, model)
    held = Lane("lstm", fork(model, trace, Hold("f", 0.0, start=2)), model, parent=lane)
    page = show(lane, held)
    press(page, "End")
    while "of surprise, |h'" not in line(page):
        page.keyboard.press("Tab")
    bits, moved = held.change(len(trace) - 1)
    found = re.search(r"(\S+) bits of surprise, \|h' - h\| = (\S+)", line(page))
    same(found[1], bits)
    same(found[2], moved)
    assert line(page).startswith("lstm · f = 0 from row 2: row 5 '.'")


def test_a_run_shows_what_was_asked_of_it(cli, show, tmp_path: Path) -> None:
    run_of = Path(__file__).parents[2] / "scenarios" / "runs" / "recall-rnn-5"
    to = tmp_path / "run.html"
    assert cli("export", run_of, "-o", to).exit_code == 0
    lane = start.of_run(run_of).lanes[0]
    page = show(lane)
    assert Parsed(to.read_text()).all("script")[0] == page.inner_text("#data")
    asked = [row for row in range(len(lane)) if lane.asked(row)]
    assert 0 < len(asked) < len(lane)
    while "predicted" not in press(page, "Home"):
        page.keyboard.press("Tab")
    for row, said in enumerate(page.evaluate(DOWN, len(lane))):
        assert ("nothing is predicted here" in said) == (row not in asked)
