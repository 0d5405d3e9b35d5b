"""The page: what its file holds, read by an HTML parser; and in a real browser, its numbers by keyboard."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import socket
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import PeepholeError, Trace, fork, load_model, run
from engine.interventions import Hold
from tests import browser
from tests.export.conftest import ODD, odd_trace
from tests.serve.ssh import wait
from tui import start, themes
from tui.export import page as pages
from tui.lane import Lane

KINDS = ("lstm", "transformer", "concat", "seq2seq")
TEXT = "the cats were happy ."


class Parsed(HTMLParser):
    """The elements of a page with their attributes, and what is written in each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs), []))
        if tag not in ("meta", "input", "img", "link", "br"):
            self.open.append(len(self.found) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.found[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.found[self.open[-1]][2].append(data)

    def all(self, tag: str) -> list[str]:
        return ["".join(text) for name, _, text in self.found if name == tag]


def sha(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# The file ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [ODD[:10], ODD[10:]])
def test_hostile_tokens_stay_words(words) -> None:
    trace = odd_trace(words)
    parsed = Parsed(pages.page([Lane("<b>lstm</b>", trace)]).text)
    assert not {"img", "b", "link", "iframe", "style_"} & {tag for tag, _, _ in parsed.found}
    data, script = parsed.all("script")
    assert json.loads(data)["lanes"][0]["tokens"] == trace.tokens
    cells = parsed.all("td")
    assert cells[1::4] == trace.tokens
    assert "<b>lstm</b>" in parsed.all("title")[0]
    (style,) = parsed.all("style")
    (policy,) = (a["content"] for _, a, _ in parsed.found if "http-equiv" in a)
    assert policy == (
        f"default-src 'none'; script-src {sha(script)}; style-src {sha(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def test_nothing_in_it_is_an_address(traces) -> None:
    text = pages.page([Lane("lstm", traces["lstm"][0])]).text
    for _, attributes, _ in Parsed(text).found:
        assert not {"src", "href", "srcset", "action", "style", "onclick"} & attributes.keys()
    assert not re.search(r"https?:|//\w+\.\w|url\(|@import|import\(|fetch\(|\beval\(", text)


def test_too_many_numbers_are_refused(traces, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = traces["lstm"][0]
    monkeypatch.setattr(pages, "MOST", 1000)
    with pytest.raises(PeepholeError, match="too many for a page") as error:
        pages.page([Lane("lstm", trace)])
    assert "--track" in error.value.do
    assert pages.page([Lane("lstm", trace)], ["surprisal"])


def test_its_size_is_said(cli, traces, tmp_path: Path) -> None:
    said = cli("export", traces["lstm"][1], "--track", "f", "-o", tmp_path / "t.html").stderr
    assert "1 tracks" not in said
    assert re.search(r"t.html: 1 track, \d+ kB of numbers \(float32\), \d+ kB", said)


# In a browser --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser.page(viewport={"width": 1400, "height": 700}) as opened:
        opened.wrong = []
        opened.on("pageerror", lambda error: opened.wrong.append(str(error)))
        opened.on("console", lambda message: opened.wrong.append(message.text))
        opened.on("dialog", lambda dialog: opened.wrong.append(dialog.message))
        yield opened


@pytest.fixture
def show(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """`show(lane, ...)`: the page of readings in the browser; it must ask for nothing else."""
    paths = []

    def call(*lanes: Lane, tracks: tuple[str, ...] = ()) -> Any:
        path = tmp_path / f"{len(paths)}.html"
        path.write_text(pages.page(lanes, tracks).text, encoding="utf-8")
        paths.append(path.as_uri())
        chromium.goto(path.as_uri())
        return chromium

    chromium.set_viewport_size({"width": 1400, "height": 700})
    chromium.asked.clear()
    chromium.wrong.clear()
    yield call
    assert chromium.asked == paths, "only the file itself was asked for"
    assert chromium.wrong == []


def line(page: Any) -> str:
    return page.inner_text("#line")


def press(page: Any, *keys: str) -> str:
    for key in keys:
        page.keyboard.press(key)
    return line(page)


def same(text: str, expected: float) -> None:
    """A number of the page is the float32 of the trace's."""
    assert np.float32(text) == np.float32(expected), (text, expected)


def check(words: str, trace: Trace, row: int) -> str:
    """Compare a line of the page with the trace; what kind of track it is of."""
    layers = int(trace.header.architecture["layers"])
    if found := re.match(r"(\w+)\[(\d+)\](?: of layer (\d))? = (\S+) at row (\d+) '", words):
        name, unit, layer, value, at = found.groups()
        assert int(at) == row
        same(value, trace[name][row, int(layer or 0), int(unit)])
        return name
    if found := re.match(r"surprisal = (\S+) bits at row (\d+)", words):
        assert int(found[2]) == row
        same(found[1], trace.lenses["surprisal"]["bits"].array[row])
        return "surprisal"
    if re.search(r"no surprisal", words):
        assert np.isnan(trace.lenses["surprisal"]["bits"].array[row])
        return "surprisal"
    if found := re.match(
        r"\|dL_(\d+)/d(\w)_(\d+)\| = (\S+) nats, k = (\d+) '(.*)' \(the largest", words
    ):
        t, of, k, value, again, token = found.groups()
        assert (int(t), k, token) == (row, again, trace.tokens[int(k)])
        array = trace.lenses["gradient_map"][of].array[row]
        array = array if of == "x" else array[:, layers - 1]
        assert int(k) == int(array.argmax())
        same(value, array[int(k)])
        return "gradient"
    if "has no loss" in words or "is 0 for every row" in words:
        assert not trace.lenses["gradient_map"]["x"].array[row].any()
        return "gradient"
    if found := re.match(r"weight\((\d+), (\d+)\) = (\S+) on '.*layer (\d)(, mean)?", words):
        t, k, value, layer, _ = found.groups()
        across = "cross-attention" in words
        name = "cross_weights" if across else "weights"
        mean = trace[name][row, int(layer)].astype(float).mean(0)
        assert (int(t), int(k)) == (row, int(mean.argmax()))
        same(value, mean[int(k)])
        return "attention"
    if "looks at nothing" in words:
        assert row < trace.source
        assert "weights" not in trace
        return "attention"
    if found := re.match(r"row (\d+) '.*' has no (\w+)$", words):
        assert int(found[1]) == row
        assert np.isnan(trace[found[2]][row]).any()
        return found[2]
    if "nothing is predicted" in words:
        assert row < trace.source
        return "prediction"
    found = re.match(r"after row (\d+) '.*' it expects: (.*)", words)
    assert found, words
    assert int(found[1]) == row
    top = trace.lenses["top_k"]
    for said, i, p in zip(
        found[2].split(", "), top["ids"].array[row], top["p"].array[row], strict=False
    ):
        word, value = said.rsplit(" ", 1)
        assert word == trace.header.vocabulary[i]
        same(value, p)
    return "prediction"


DOWN = """rows => Array.from({ length: rows }, (_, row) => {
    const key = row ? "ArrowDown" : "Home";
    document.getElementById("score").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    return document.getElementById("line").textContent;
})"""  # the line at every row, in one call to the browser


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


@pytest.mark.parametrize("words", [ODD[:10], ODD[10:]])
def test_hostile_tokens_run_nothing(show, words) -> None:
    trace = odd_trace(words)
    page = show(Lane("lstm", trace))
    page.keyboard.press("Home")
    for row in range(len(trace)):
        assert trace.tokens[row] in page.evaluate("at('line').textContent")
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.querySelectorAll('img, script').length") == 2


def test_its_policy_lets_nothing_in_or_out(chromium, tmp_path: Path, traces) -> None:
    path = tmp_path / "t.html"
    path.write_text(pages.page([Lane("lstm", traces["lstm"][0])]).text, encoding="utf-8")
    chromium.goto(path.as_uri())
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.png"
        refused = chromium.evaluate(TRIES, address)
        with pytest.raises(BlockingIOError):
            server.accept()  # nobody has called
    assert refused == [True, "connect-src", "img-src", "script-src-elem", "style-src-attr"]


TRIES = """async address => {
    const seen = [];
    addEventListener("securitypolicyviolation", e => seen.push(e.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    document.body.append(Object.assign(new Image(), { src: address }));
    await fetch(address).catch(() => 0);
    document.body.setAttribute("style", "color: red");
    while (seen.length < 4) await new Promise(done => setTimeout(done, 10));
    return [window.ran === undefined, ...seen.sort()];
}"""


def test_without_scripts_there_is_a_table(chromium, traces, tmp_path: Path) -> None:
    trace = traces["concat"][0]
    path = tmp_path / "t.html"
    path.write_text(pages.page([Lane("concat", trace)]).text, encoding="utf-8")
    with chromium.context.browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        assert page.locator("noscript p").is_visible()
        assert not page.locator("#main").is_visible()
        assert page.locator("td:nth-child(2)").all_inner_texts() == trace.tokens
        bits = trace.lenses["surprisal"]["bits"].array
        said = ["" if np.isnan(b) else f"{b:.3f}" for b in bits]
        assert page.locator("td:nth-child(3)").all_inner_texts() == said


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


def test_readings_have_what_they_have_of_the_tracks_that_are_named(traces) -> None:
    lanes = [Lane(name, traces[name][0]) for name in ("lstm", "transformer")]
    text = pages.page(lanes, ["f", "h", "attention", "jacobian"]).text
    data = json.loads(Parsed(text).all("script")[0])
    found = [[track["name"] for track in lane["tracks"]] for lane in data["lanes"]]
    assert found == [["f", "h", "jacobian_norms.state"], ["h", "attention"]]
    with pytest.raises(PeepholeError, match="no track 'z'"):
        pages.page(lanes, ["z"])
