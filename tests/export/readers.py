"""An exported page as others read it: an HTML parser, a browser's keyboard, and the trace that it is of."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np

from engine import Trace


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
