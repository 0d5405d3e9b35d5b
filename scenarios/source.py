"""Where in a scenario's file something stands, so that a mistake is shown and not only told.

`tomllib` gives no positions. When there is something to report, and only then, the text is cut into its
statements again (each is TOML of its own), which gives the line and column of every key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import PeepholeError

Path_ = tuple[str | int, ...]  # where in the document: ("beats", 2, "measure", "p")


class Place(NamedTuple):
    """Line and column, both from 1, and how many characters are meant."""

    line: int
    column: int
    length: int


class ScriptError(PeepholeError):
    """A mistake in a scenario's file, with the line it is in and the word underlined.

    Attributes:
        place: line, column and length of the word.
        excerpt: the line of the file, and the word underlined.
        more: further mistakes that were found with it, in the same file.
    """

    def __init__(self, what: str, source: Source, place: Place, do: str = "") -> None:
        self.place, self.source = place, source
        self.more: tuple[ScriptError, ...] = ()
        where = f"{source.name}:{place.line}:{place.column}"
        super().__init__(_short(what), where=where, do=_short(do))
        self.excerpt = source.excerpt(place)

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.excerpt}"


def _short(text: str) -> str:
    """One printable line: a file may hold anything, and a terminal obeys what it is sent."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= 300 else plain[:297] + "..."


class _Statement(NamedTuple):
    path: Path_
    start: int
    stop: int


@dataclass(frozen=True)
class Source:
    """The text of a scenario's file, and what messages call the file if not by its path."""

    path: Path
    text: str
    called: str = ""

    @property
    def name(self) -> str:
        return self.called or str(self.path)

    def error(
        self, what: str, path: Path_ = (), word: str = "", do: str = "", within: str = ""
    ) -> ScriptError:
        """A mistake at a key of the document; `word` is underlined where the value holds it.

        Args:
            within: of several texts in the value the one that is meant.
        """
        return ScriptError(what, self, self.find(path, word, within), do)

    def find(self, path: Path_, word: str = "", within: str = "") -> Place:
        """Where the key (or the word within its value) stands; the nearest key around it if not."""
        start, stop, rest = self._statement(path)
        end_of_key = start
        for key in [part for part in rest if isinstance(part, str)]:  # keys of an inline table
            found = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])").search(
                self.text, end_of_key, stop
            )
            if found:
                start, end_of_key = found.span()
        value = self.text.find("=", end_of_key, stop) + 1 or start
        if word:
            around = self._within(within, value, stop) if within else -1
            if around >= 0:
                value, stop = around, around + len(within)
            at = self._within(word, value, stop)
            if at >= 0:
                return self._place(at, at + len(word.split("\n")[0]))
        first = re.compile(r'[^\s=\[\].,{}]+|"[^"\n]*"').search(self.text, start, stop)
        span = first.span() if first else (start, start + 1)
        return self._place(*span)

    def _within(self, word: str, start: int, stop: int) -> int:
        """Where a word begins: as all that is quoted, as a whole word, as part of one; -1: nowhere."""
        whole = re.escape(word)
        for pattern in (rf"(?<=[\"']){whole}(?=[\"'])", rf"(?<!\w){whole}(?!\w)", whole):
            if found := re.compile(pattern).search(self.text, start, stop):
                return found.start()
        return -1

    def excerpt(self, place: Place) -> str:
        """The line with the word underlined, its line number before it."""
        lines = self.text.split("\n")
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        cut = max(0, place.column - 60)  # a long line is shown around the word
        shown = "".join(c if c.isprintable() else " " for c in line[cut : cut + 100])
        number = f"{place.line:>4}"
        mark = " " * (place.column - 1 - cut) + "^" * max(1, min(place.length, 60))
        return f"{number} | {shown}\n{' ' * len(number)} | {mark}"

    @cached_property
    def _all(self) -> tuple[_Statement, ...]:
        return tuple(_statements(self.text))

    def _place(self, start: int, stop: int) -> Place:
        line = self.text.count("\n", 0, start) + 1
        return Place(line, start - (self.text.rfind("\n", 0, start) + 1) + 1, stop - start)

    def _statement(self, path: Path_) -> tuple[int, int, Path_]:
        """The statement that lies deepest on the way to `path`, and what of the path is below it."""
        best = below = _Statement((), 0, 0)
        for statement in self._all:
            n = len(statement.path)
            if statement.path == path[:n] and n > len(best.path):
                best = statement
            if statement.path[: len(path)] == path and not below.path:
                below = statement  # [lanes.a] where ("lanes",) is asked for
        if below.path and len(best.path) < len(path):
            return below.start, below.stop, ()
        return best.start, best.stop, path[len(best.path) :]


def _statements(text: str) -> Iterator[_Statement]:
    """Every table header and every `key = value` of a valid document, with its full path."""
    table: Path_ = ()
    counts: dict[Path_, int] = {}
    lines = text.splitlines(keepends=True)
    at = number = 0
    while number < len(lines):
        chunk = lines[number]
        number += 1
        while (data := _loads(chunk)) is None and number < len(lines):
            chunk += lines[number]
            number += 1
        start = at + len(chunk) - len(chunk.lstrip())
        stop = at + len(chunk.rstrip())
        at += len(chunk)
        if not data:
            continue
        header = chunk.lstrip().startswith("[")
        keys = _keys(data if header else _key_only(chunk))
        if header:
            table = ()
            for n, key in enumerate(keys, 1):  # a key below an array of tables means its last one
                table = (*table, key)
                if table in counts and n < len(keys):
                    table = (*table, counts[table] - 1)
            if chunk.lstrip().startswith("[["):
                counts[table] = counts.get(table, 0) + 1
                table = (*table, counts[table] - 1)
            yield _Statement(table, start, stop)
        else:
            yield _Statement((*table, *keys), start, stop)


def _loads(chunk: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(chunk)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _key_only(chunk: str) -> dict[str, Any]:
    """`a.b = {...}` as `a.b = 0`: what is left of the first = that is not part of a quoted key."""
    at = chunk.find("=")
    while (data := _loads(chunk[:at] + "= 0")) is None:
        at = chunk.find("=", at + 1)
    return data


def _keys(data: Any) -> tuple[str, ...]:
    """The dotted key of a header or of a single `key = 0`, from what it parses to."""
    path: tuple[str, ...] = ()
    while data and isinstance(data, dict | list):
        key, data = next(iter(data.items())) if isinstance(data, dict) else (None, data[0])
        path = path if key is None else (*path, key)
    return path


def read_toml(path: str | Path, called: str = "") -> tuple[Source, dict[str, Any]]:
    """The text and the data of a TOML file; messages name it as `called`, else by its path.

    Raises:
        PeepholeError: the file cannot be read, or is not TOML (then with line and column).
    """
    path = Path(path)
    name = called or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PeepholeError(f"cannot read ({error.strerror})", where=name) from None
    except ValueError as error:
        raise PeepholeError(f"not the name of a file ({error})", where=repr(name)) from None
    if len(raw) > 1_000_000:
        raise PeepholeError("too long for a scenario (1 MB is the most)", where=name)
    try:
        source = Source(path, raw.decode("utf-8-sig"), called)
    except UnicodeDecodeError as error:
        raise PeepholeError(
            f"not a text file (byte {error.start + 1} is not UTF-8)",
            where=name,
            do="A scenario is a TOML file",
        ) from None
    return source, parsed(source)


def parsed(source: Source) -> dict[str, Any]:
    """The data of a TOML text.

    Raises:
        PeepholeError: it is not TOML (then with line and column).
    """
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        last = source.text.rstrip("\n").count("\n") + 1
        place = Place(int(found[1]), int(found[2]), 1) if found else Place(last, 1, 1)
        what = re.sub(r" \(at .*\)$", "", str(error))
        raise ScriptError(f"not TOML: {what}", source, place) from None
    except (RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise PeepholeError(f"not TOML: {reason}", where=source.name) from None
