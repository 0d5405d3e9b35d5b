"""The web server's address, and a terminal in a real browser, read as the page's own xterm.js has it."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

from tests.serve.ssh import Server
from tests.waiting import PATIENCE

HOME = "Look inside sequence models"
TERMINAL = re.compile(r"this\.terminal=new (\w+)\.Terminal\(")
ROWS = """() => { if (!window.terminal?.buffer) return "";  // or it is the element of that id
          const b = terminal.buffer.active; return Array.from({length: terminal.rows},
          (_, i) => b.getLine(b.viewportY + i).translateToString(true)).join("\\n") }"""


def address(server: Server) -> str:
    """Of the page, as the server has printed it."""
    found = re.search(r"in a browser on (\S+)", server.said())
    assert found
    return found[1]


def status(server: Server) -> dict[str, Any]:
    """As `serve status --json` says it, without a process for asking."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(server.runtime / "peephole" / f"serve-{server.process.pid}.sock"))
        line.sendall(b"status\n")
        with line.makefile("rb") as answers:
            return json.loads(answers.readline())


def watched(page: Any) -> Any:
    """A page whose terminal can be read: textual.js keeps it to itself, so this shows it to the test."""

    def show(route: Any) -> None:
        answer = route.fetch()
        text, times = TERMINAL.subn(
            r"this.terminal=window.terminal=new \1.Terminal(", answer.text()
        )
        assert times == 1
        route.fulfill(response=answer, body=text)

    page.route("**/textual.js", show)
    page.set_default_timeout(PATIENCE * 1000)
    return page


def rows(page: Any) -> str:
    """What is on its screen."""
    return page.evaluate(ROWS)


def sees(page: Any, text: str) -> None:
    """Waits until a text is on its screen."""
    page.wait_for_function(f"text => ({ROWS})().includes(text)", arg=text)
