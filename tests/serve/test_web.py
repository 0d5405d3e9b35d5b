"""The lab in a real browser: painted, driven by keys, resized, and left."""

from __future__ import annotations

import http.server
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser import QUIET
from tests.browser import page as opened
from tests.serve.ssh import Server, needed, serving
from tests.serve.web import HOME, address, rows, sees, status, watched
from tests.waiting import wait

FRAME = """url => new Promise(done => { const frame = document.createElement("iframe");
           frame.onload = done; frame.src = url; document.body.append(frame) }).then(() => null)"""

WRITTEN = """() => { const style = document.createElementNS(document.body.namespaceURI, "style");
             style.append("p {}"); document.body.append(style) }"""
COLOURED = """() => new Set([...document.querySelectorAll(".xterm-rows span")].map(
              span => getComputedStyle(span).backgroundColor)).size > 20"""


def errors(page: Any) -> list[str]:
    """What the browser's console calls an error, as it comes."""
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened() as page:
        yield page.context.browser


@pytest.fixture(scope="module")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("web"), "--web", "0", front=()) as made:
        yield made


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield watched(context.new_page())
    context.close()


def test_the_lab_is_painted_keys_and_resizes_reach_it_and_nobody_else_is_asked(
    server: Server, page: Any
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address(server))
    sees(page, HOME)
    assert page.title() == "peephole"
    picture = Image.open(io.BytesIO(page.screenshot()))
    assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 100  # truecolor, and painted
    page.evaluate("void addEventListener('beforeprint', () => { window.printed = true })")
    page.keyboard.press("Control+p")
    sees(page, "Search for commands")
    page.keyboard.press("Escape")
    wait(lambda: "Search for commands" not in rows(page))
    page.keyboard.press("F1")
    sees(page, "What can be done here")
    assert not page.evaluate("window.printed")
    page.keyboard.press("Escape")
    wait(lambda: "Esc closes this" not in rows(page))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    sees(page, "beat 1/")
    sees(page, "Space Play")
    page.keyboard.press("Tab")
    page.set_viewport_size({"width": 900, "height": 600})
    who = wait(lambda: [w for w in status(server)["who"] if w["columns"] < 110])
    assert [who[0]["columns"], who[0]["rows"]] == page.evaluate("[terminal.cols, terminal.rows]")
    wait(lambda: "Play" in rows(page).splitlines()[-1])
    assert all(url.startswith(address(server)) for url in asked)
    assert {url.removeprefix(address(server)) for url in asked} >= {"", "textual.js", "page.css"}
    page.close()
    assert wait(lambda: server.events("end"))[0]["reason"] == "gone"
    wait(lambda: not Path(f"/proc/{who[0]['pid']}").exists())


def test_what_is_copied_in_the_app_reaches_the_clipboard(server: Server, page: Any) -> None:
    page.context.grant_permissions(["clipboard-write"])
    page.add_init_script(
        "const write = navigator.clipboard.writeText.bind(navigator.clipboard);"
        "navigator.clipboard.writeText = text => write(text).then(() => { window.copied = text })"
    )
    page.goto(address(server))
    sees(page, HOME)
    page.keyboard.type("the cats")
    sees(page, "the cats")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Control+c")
    page.wait_for_function("() => window.copied === 'the cats'")
    refused = page.evaluate("navigator.clipboard.readText().catch(error => error.name)")
    assert refused == "NotAllowedError"
    assert page.evaluate("window.open('about:blank')") is None  # the page is a sandbox


def test_a_page_of_somebody_else_cannot_open_the_socket(server: Server, page: Any) -> None:
    class Foreign(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title>")

        def log_message(self, *args: object) -> None: ...

    socket = address(server).replace("http:", "ws:") + "socket?width=80&height=24"
    opens = """url => new Promise(done => { const socket = new WebSocket(url);
        socket.onopen = () => done("open"); socket.onclose = event => done(event.code) })"""
    before = len(server.events("session"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{other.server_port}/")
        assert page.evaluate(opens, socket) == 1006  # even with the token
        page.evaluate(FRAME, address(server))
        assert page.frames[1].url.startswith("chrome-error:")  # nor show the page within its own
        other.shutdown()
    assert server.events("refused", reason="Only the page of this server may ask for this.")
    assert len(server.events("session")) == before
    page.goto(address(server))
    sees(page, HOME)
    assert page.evaluate(opens, socket) == "open"  # so it was not for another reason


def test_fingers_have_keys_and_a_small_screen_has_letters_that_can_be_read(
    server: Server, browser: Any
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = watched(context.new_page())
    page.goto(address(server))
    sees(page, HOME)
    assert page.evaluate("Number(terminal.options.fontSize)") == 9
    assert 60 <= page.evaluate("terminal.cols") < 80
    page.set_viewport_size({"width": 844, "height": 390})  # turned
    page.wait_for_function("() => terminal.options.fontSize > 9 && terminal.cols >= 80")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => terminal.options.fontSize === 9 && terminal.cols < 80")
    page.tap("#keys [data-key=ArrowDown]")
    page.tap("#keys [data-key=Enter]")
    sees(page, "beat 1/")
    sees(page, "paused")
    page.tap("#keys [data-key=n]")
    sees(page, "beat 2/")
    sees(page, "paused")
    page.tap('#keys [data-key=" "]')
    wait(lambda: "paused" not in rows(page).splitlines()[0])
    context.close()


def test_without_webgl_it_is_drawn_all_the_same(server: Server, browser: Any) -> None:
    old = browser.browser_type.launch(
        executable_path=needed("chromium"), args=[*QUIET, "--disable-3d-apis"]
    )
    page = old.new_page()
    said = errors(page)
    page.goto(address(server))
    page.wait_for_function(
        "text => document.querySelector('.xterm-rows')?.textContent.includes(text)", arg=HOME
    )
    page.wait_for_function(COLOURED)
    assert said == []
    old.close()


def test_a_visit_is_no_error_for_the_browser(server: Server, page: Any) -> None:
    said = errors(page)
    page.goto(address(server))
    sees(page, HOME)
    page.set_viewport_size({"width": 900, "height": 600})
    wait(lambda: any(who["columns"] < 110 for who in status(server)["who"]))
    page.keyboard.press("F1")
    sees(page, "What can be done here")
    page.keyboard.press("Escape")
    wait(lambda: "Esc closes this" not in rows(page))
    assert page.evaluate("document.querySelectorAll('style').length") == 0
    page.keyboard.press("Control+q")
    page.wait_for_selector("#note:not([hidden])")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert said == []
    page.evaluate(WRITTEN)
    wait(lambda: page.evaluate("1") and said)  # so one would have been heard


def test_the_end_of_the_server_is_told_and_the_page_can_come_again(
    browser: Any, page: Any, tmp_path: Path
) -> None:
    options = ("--web", "0", "--token-file", str(tmp_path / "token"))
    with serving(tmp_path / "one", *options, front=()) as server:
        page.goto(address(server))
        sees(page, HOME)
        port = status(server)["web"].rpartition(":")[2]
        with ThreadPoolExecutor() as pool:
            stopping = pool.submit(server.cli, "stop")
            page.wait_for_selector("#note:not([hidden])")
            assert stopping.result().stdout == "stopped; 1 visits were told\n"
        assert "The server is closing. Come back later." in rows(page)
        assert HOME not in rows(page)
        told = "The server is closing. Come back later."
        wait(lambda: page.text_content("#why") == told)
        assert page.is_hidden("#terminal")
        assert server.process.wait() == 0
    page.click("#again")
    page.wait_for_function(
        "() => document.getElementById('why').textContent.startsWith('The server does not')"
    )
    with serving(tmp_path / "two", "--web", port, *options[2:], front=()) as server:
        page.keyboard.press("Enter")  # on the button
        sees(page, HOME)
        page.keyboard.press("Control+q")  # quits
        page.wait_for_selector("#note:not([hidden])")
        assert wait(lambda: server.events("end"))[0]["reason"] == "quit"
        assert page.text_content("#why") == "The connection has ended."
        page.emulate_media(color_scheme="dark")
        page.goto(address(server)[:-2])  # a letter is missing
        assert "Ask who gave you the address." in page.text_content("body")
        ink = page.evaluate("getComputedStyle(document.documentElement).color")
        assert ink == "rgb(255, 255, 255)"
