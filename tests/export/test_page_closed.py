"""An exported page runs nothing but its own script, asks nobody, and reads without scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from pathlib import Path

import numpy as np
import pytest

from tests.export.conftest import ODD, odd_trace
from tests.export.readers import Parsed
from tui.export import page as pages
from tui.lane import Lane


def sha(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


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


@pytest.mark.parametrize("words", [ODD[:10], ODD[10:]])
def test_hostile_tokens_run_nothing(show, words) -> None:
    trace = odd_trace(words)
    page = show(Lane("lstm", trace))
    page.keyboard.press("Home")
    for row in range(len(trace)):
        assert trace.tokens[row] in page.evaluate("at('line').textContent")
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.querySelectorAll('img, script').length") == 2


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
