"""What the web server hands out: one page with its files, and plain words where it refuses."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from aiohttp import web

OWN, THEIRS = files("tui.serve") / "static", files("textual_serve") / "static"
FILES = {
    "": (OWN / "page.html", "text/html; charset=utf-8"),
    "page.css": (OWN / "page.css", "text/css; charset=utf-8"),
    "page.js": (OWN / "page.js", "text/javascript; charset=utf-8"),
    "icon.svg": (OWN / "icon.svg", "image/svg+xml"),
    "sheets.js": (OWN / "sheets.js", "text/javascript; charset=utf-8"),
    "textual.js": (THEIRS / "js" / "textual.js", "text/javascript; charset=utf-8"),
    "xterm.css": (THEIRS / "css" / "xterm.css", "text/css; charset=utf-8"),
}
POLICY = (
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    "sandbox allow-scripts allow-same-origin",  # no windows, no downloads, no questions
)  # fmt: skip
PLAIN = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>peephole</title>
<p>{text}</p>
</html>
"""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), display-capture=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "peephole",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Refusal:
    """A status of HTTP, and why in one sentence."""

    status: int
    text: str


def answer(request: web.BaseRequest, what: str | Refusal) -> web.Response:
    """A file of the page by its name, the way to the page ("/"), or a refusal."""
    if isinstance(what, Refusal):
        said = _refusal(what, "text/html" in request.headers.get("Accept", ""))
        said.force_close()
        return said
    if what == "/":  # its files are named from a folder; a proxy may have put that into another one
        last = request.raw_path.partition("?")[0].rpartition("/")[2]
        return web.Response(status=308, headers={**HEADERS, "Location": f"{last}/"})
    small = "gzip" in request.headers.get("Accept-Encoding", "")
    headers = {**HEADERS, "Content-Type": FILES[what][1], "Vary": "Accept-Encoding"}
    if small:
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=_bytes(what, small), headers=headers)


def _refusal(what: Refusal, browser: bool) -> web.Response:
    """In plain text, or as a page that keeps to the light or dark that its reader has chosen."""
    text = f"peephole: {what.text}\n"
    if not browser:
        return web.Response(status=what.status, text=text, headers=HEADERS)
    page = PLAIN.format(text=escape(text))
    return web.Response(status=what.status, text=page, content_type="text/html", headers=HEADERS)


@cache
def _bytes(name: str, small: bool) -> bytes:
    data = FILES[name][0].read_bytes()
    return gzip.compress(data, mtime=0) if small else data
