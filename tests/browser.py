"""A page in a real browser, Debian's Chromium without a window, for tests of what is made for browsers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.serve.ssh import needed

QUIET = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-gpu", "--disable-quic",
]  # fmt: skip


@contextmanager
def page(**options: Any) -> Iterator[Any]:
    """An empty page; `page.asked` are the addresses that it has asked for, but for `data:` and `about:`."""
    program = needed("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        try:
            opened = browser.new_page(**options)
            opened.asked = []
            opened.on("request", lambda request: _note(opened.asked, request.url))
            yield opened
        finally:
            browser.close()


def _note(asked: list[str], address: str) -> None:
    if not address.startswith(("data:", "about:", "blob:")):
        asked.append(address)
