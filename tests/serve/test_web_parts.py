"""The web server's parts by themselves: messages, names and addresses of strangers, the token's file."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import PeepholeError
from engine.extras import install
from tui.cli import main
from tui.serve.origin import Known, origin, proxy
from tui.serve.page import FILES
from tui.serve.socket import PING, said
from tui.serve.token import token

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)  # fmt: skip
KINDS = st.sampled_from(
    ["stdin", "resize", "ping", "focus", "blur", "open_url", "log", "instance_id"]
)
OURS = "http://127.0.0.1:8000"


@given(st.text(max_size=200) | JSON.map(json.dumps) | st.lists(JSON, max_size=3).flatmap(
    lambda rest: KINDS.map(lambda kind: json.dumps([kind, *rest]))))  # fmt: skip
@example('["resize", {"width": 1e999, "height": 3}]')
@example('["resize", {"width": ' + "9" * 5000 + ', "height": 3}]')
@example('["stdin", "\\ud800"]')
@example("[" * 100_000)
def test_a_message_is_one_of_the_page_or_an_error(text: str) -> None:
    try:
        heard = said(text)
    except ValueError:
        return
    message = json.loads(text)
    assert message[0] == heard.kind
    match heard.kind:
        case "stdin":
            assert heard.keys == message[1].encode(errors="replace")
        case "resize":
            assert heard.size == (message[1]["width"], message[1]["height"])
            assert all(isinstance(cells, int) for cells in heard.size)
        case "ping":
            assert heard.ping == message[1]
            assert len(heard.ping) <= PING


@given(st.text(max_size=60) | st.from_regex(r"(127\.0\.0\.1|localhost|\[::1\])[.:@a-z0-9]{0,12}"))
@example("127.0.0.1:8000@evil.example")
@example("localhost.")
def test_no_name_but_ours_is_us(host: str) -> None:
    known = Known("127.0.0.1", frozenset({"https://lab.example:444"}))
    ours = re.fullmatch(
        r"(localhost|127\.0\.0\.1|\[::1\]|10\.0\.0\.5|lab\.example)(:[0-9]{1,5})?", host.lower(), re.ASCII
    )  # fmt: skip
    assert known.is_us([host], "10.0.0.5") == bool(ours)
    assert not known.is_us([host, host], "10.0.0.5")
    assert not known.is_us([], "10.0.0.5")


@given(st.text(max_size=60))
def test_no_page_but_ours_may_ask(text: str) -> None:
    known = Known("127.0.0.1", frozenset({"https://lab.example"}))
    assert known.is_ours([text], ["127.0.0.1:8000"]) == (text in (OURS, "https://lab.example"))
    assert known.is_ours([OURS], ["127.0.0.1:8000"])
    assert known.is_ours(["http://lab.example"], ["LAB.example:80"])
    assert not known.is_ours([OURS, OURS], ["127.0.0.1:8000"])


@given(st.lists(st.text(max_size=40), max_size=4))
def test_whom_a_stranger_says_to_speak_for_does_not_count(headers: list[str]) -> None:
    assert Known("").address("9.9.9.9", headers) == "9.9.9.9"
    trusting = Known("", proxies=frozenset({"127.0.0.1", "10.0.0.1"}))
    assert trusting.address("9.9.9.9", headers) == "9.9.9.9"
    assert trusting.address("127.0.0.1", [*headers, "8.8.8.8, 10.0.0.1"]) == "8.8.8.8"
    assert trusting.address("::ffff:127.0.0.1", [*headers, "2001:db8::1"]) == "2001:db8::1"
    assert trusting.address("127.0.0.1", [*headers, "unknown"]) == "127.0.0.1"


def test_origins_and_proxies_are_read_as_browsers_and_sockets_write_them() -> None:
    assert origin("HTTPS://Lab.Example:443/") == "https://lab.example"
    assert origin("http://box:8000") == "http://box:8000"
    assert proxy("::1") == "::1"
    for wrong in (
        "lab.example",
        "ftp://x",
        "https://lab.example/path",
        "https://a b",
        "http://",
        "*",
    ):
        with pytest.raises(PeepholeError, match="no origin"):
            origin(wrong)
    with pytest.raises(PeepholeError, match="no IP address"):
        proxy("localhost")


def test_a_token_is_new_each_time_or_kept_where_nobody_else_reads_it(tmp_path: Path) -> None:
    assert len({token() for _ in range(20)}) == 20
    with pytest.raises(PeepholeError, match="no such folder"):
        token(tmp_path / "folder" / "token")
    path = tmp_path / "token"
    first = token(path)
    assert len(first) == 43  # 32 bytes
    assert path.stat().st_mode & 0o777 == 0o600
    assert token(path) == first
    path.chmod(0o640)
    with pytest.raises(PeepholeError, match="may be read by others"):
        token(path)
    for wrong in (b"", b"short", b"with a space in the midst of it", b"\xff" * 40, b"x" * 200):
        path.write_bytes(wrong)
        path.chmod(0o600)
        with pytest.raises(PeepholeError, match="no token in it"):
            token(path)


def test_the_page_has_nothing_of_anybody_else_and_nothing_in_line() -> None:
    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            for name, value in attributes:
                assert name != "style"
                assert not name.startswith("on")
                if name in ("src", "href"):
                    assert value in FILES
            self.tag = tag

        def handle_data(self, data: str) -> None:
            assert not data.strip() or self.tag not in ("script", "style")

    Reader().feed(FILES[""][0].read_text())
    for name in ("page.css", "page.js"):
        assert "://" not in FILES[name][0].read_text()
        assert "url(" not in FILES[name][0].read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--web", "8000", "--anonymous"], "whoever has the address may come in"),
        (["--web", "8000", "--follow", "ada"], "whoever has the address may come in"),
        (["--ssh", "2222", "--anonymous", "--token-file", "x"], "are of --web"),
        (["--web", "x"], "no address to listen on"),
        (["--web", "8000", "--origin", "lab"], "no origin"),
        (["--web", "8000", "--proxy", "lab"], "no IP address"),
        (["--web", "8000", "--token-file", "."], "the token: Is a directory"),
    ],
)
def test_mistakes_are_one_message(options: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["serve", *options])
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("web", "page", "socket"):  # imported by other tests, and kept by their package too
        monkeypatch.delitem(sys.modules, f"tui.serve.{name}", raising=False)
        monkeypatch.delattr(f"tui.serve.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    result = CliRunner().invoke(main, ["serve", "--web", "0"])
    assert result.exit_code == 2
    assert install("serve") in result.stderr
