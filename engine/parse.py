"""A trace or a model from what a file says. Nothing in a file is believed: every part is checked.

What is wrong raises PeepholeError; a part that is missing or of another kind may also raise KeyError,
TypeError or ValueError, which `engine.storage` turns into its one message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from engine import registry, writing
from engine.checks import whole_number
from engine.decoding import Decoding
from engine.errors import PeepholeError, shown
from engine.interventions import from_record
from engine.models import Architecture, LanguageModel
from engine.text import Vocabulary
from engine.trace import Header, Named, Trace, records

LONGEST = 200  # characters of a name or a word
LARGEST = 1_000_000  # of any size that an architecture has


def trace(arrays: Mapping[str, np.ndarray], content: Mapping[str, Any]) -> Trace:
    """The trace that `content` describes, over `arrays`."""
    header, tokens = _header(content["header"]), _words(content["tokens"], "tokens")
    foreign = set(tokens) - set(header.vocabulary)
    if foreign or not tokens:
        what = f"the token {shown(min(foreign))}" if foreign else "a trace without rows"
        raise PeepholeError(f"{what} is not in its vocabulary" if foreign else what)
    if header.decoding.get("first", 0) > len(tokens):
        raise PeepholeError("a decoding that begins after the last row")
    if header.source > len(tokens):
        raise PeepholeError(f"a source of {header.source} rows in a trace of {len(tokens)}")
    values = {k.removeprefix("values/"): v for k, v in arrays.items() if k.startswith("values/")}
    if values.keys() != header.axes.keys():
        raise PeepholeError("the values are not those that the header names")
    sizes = {"time": len(tokens), "key": len(tokens), "word": len(header.vocabulary)}
    for name, array in values.items():
        _fits(name, array, header.axes[name], sizes)
        sizes |= dict(zip(header.axes[name], array.shape, strict=True))
    parsed = Trace.from_arrays(header, tokens, values)
    for key, info in _mapping(content["lenses"], "lenses").items():
        _, lens, name = key.split("/", 2)
        axes = _words(info["axes"], "axes")
        _fits(key, arrays[key], axes, {"time": len(tokens), "source": len(tokens)})
        named = Named(arrays[key], axes, _text(info["unit"], "unit"))
        parsed.lenses.setdefault(lens, {})[name] = named
    return parsed


def model(arrays: Mapping[str, np.ndarray], content: Mapping[str, Any]) -> LanguageModel:
    """The model that `content` describes, with `arrays` as its weights, in float32."""
    architecture, words = (
        known_architecture(content["architecture"]),
        _words(content["vocabulary"], "words"),
    )
    if len(words) != architecture.words:  # type: ignore[attr-defined]
        raise PeepholeError(f"{len(words)} words do not fit the architecture")
    if len(set(words)) < len(words):
        raise PeepholeError("the vocabulary has a word twice")
    # every layer has weights: this keeps a lie about layers from being counted out
    expected = architecture.shapes() if architecture.layers <= len(arrays) else {}
    odd = sorted(
        name
        for name in expected.keys() | arrays.keys()
        if name not in arrays or arrays[name].shape != expected.get(name)
    )
    if odd:
        raise PeepholeError(f"the weights do not fit the architecture: {', '.join(odd[:4])}")
    weights = {}
    for name, array in arrays.items():
        weights[name] = array.astype(np.float32, copy=False)
        if array.dtype.kind != "f" or not np.isfinite(weights[name]).all():
            raise PeepholeError(f"the weights {name} are not all numbers")
    digest = hashlib.sha256(b"".join(weights[name].tobytes() for name in sorted(weights)))
    name, card = _text(content["name"], "name"), dict(_mapping(content["card"], "card"))
    return LanguageModel(
        name, architecture, weights, Vocabulary(words), card, digest.hexdigest()[:12]
    )


def known_architecture(said: Any) -> Architecture:
    """An architecture of the registry with the sizes that a file says."""
    said = _mapping(said, "architecture")
    family = registry.load(
        registry.ARCHITECTURES, _text(said.get("kind", ""), "kind"), "architecture"
    )
    kinds = {field.name: field.type for field in fields(family)}  # "int", "bool" or "str"
    for name, value in said.items():
        least = 0 if name in ("outputs", "window") else 1
        small = type(value) is not int or least <= value <= LARGEST
        if type(value).__name__ != kinds.get(name) or not small:
            raise PeepholeError(f"an architecture cannot have {name} = {shown(value)}")
    return family(**said)


def _header(said: Any) -> Header:
    said = _mapping(said, "header")
    axes = {
        _text(name, "value"): _words(names, "axes")
        for name, names in _mapping(said["axes"], "axes").items()
    }
    for name, names in axes.items():
        if names[:1] != ("time",) or len(set(names)) < len(names):
            raise PeepholeError(f"{name} has the axes {', '.join(names)}")
    gates, states = _words(said.get("gates", []), "gates"), _words(said.get("states", []), "states")
    for name in (*gates, *states):
        if axes.get(name) != ("time", "layer", "unit"):
            raise PeepholeError(f"{name!r} is called a gate or state but is not one")
    seed = said.get("seed")
    if seed is not None and type(seed) is not int:
        raise PeepholeError(f"seed = {shown(seed)} is not a whole number")
    return Header(
        model=_text(said["model"], "model"),
        digest=_text(said["digest"], "digest"),
        architecture={
            k: v if isinstance(v, (int, float)) else _text(v, k)
            for k, v in _mapping(said["architecture"], "architecture").items()
        },
        vocabulary=_words(said["vocabulary"], "vocabulary"),
        axes=axes,
        gates=gates,
        states=states,
        seed=seed,
        backend=_texts(said.get("backend", {}), "backend"),
        versions=_texts(said.get("versions", {}), "versions"),
        parent=_text(said.get("parent", ""), "parent"),
        interventions=records([from_record(record) for record in said.get("interventions", [])]),
        truncation=_truncation(said.get("truncation", ())),
        source=_count(said.get("source", 0), "source", LARGEST),
        ahead=_count(said.get("ahead", 1), "ahead", 1),
        decoding=_decoding(said.get("decoding", {})),
    )


def _decoding(said: Any) -> dict[str, Any]:
    """{} or how a text was written: a decoding, the first row that it wrote, and the most it might."""
    said = _mapping(said, "decoding")
    if not said:
        return {}
    first = _count(said["first"], "first", LARGEST)
    most = whole_number(said["most"], "most", 1, writing.LONGEST)
    return writing.header(Decoding.from_record(said), first, most)


def _count(said: Any, what: str, most: int) -> int:
    """A whole number from 0 up."""
    if type(said) is not int or not 0 <= said <= most:
        raise PeepholeError(f"{what} = {shown(said)} is not a whole number from 0 to {most}")
    return said


def _truncation(said: Any) -> tuple[int, ...]:
    """() or (k1, k2)."""
    k = tuple(said) if isinstance(said, list | tuple) else (said,)
    if k and not (len(k) == 2 and all(type(n) is int for n in k) and 0 < k[0] <= k[1] <= LARGEST):
        raise PeepholeError(f"truncation = {shown(said)} is not [k1, k2]")
    return k


def _fits(name: str, array: np.ndarray, axes: tuple[str, ...], sizes: Mapping[str, int]) -> None:
    """Refuse an array whose shape is not what its axes say."""
    wrong = array.ndim != len(axes) or any(
        size != sizes.get(axis, size) for axis, size in zip(axes, array.shape, strict=False)
    )
    if wrong or not array.size or array.dtype.kind not in "fiu":
        shape = "x".join(map(str, array.shape))
        raise PeepholeError(f"{name} is {array.dtype} {shape}, not over ({', '.join(axes)})")


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PeepholeError(f"{what} should be a table, not {shown(value)}")
    return value


def _text(value: Any, what: str) -> str:
    """One line that can be printed."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > LONGEST:
        raise PeepholeError(f"{what} should be a name that can be printed, not {shown(value)}")
    return value


def _texts(value: Any, what: str) -> dict[str, str]:
    return {_text(k, what): _text(v, what) for k, v in _mapping(value, what).items()}


def _words(value: Any, what: str) -> tuple[str, ...]:
    """A list of names, none of them empty."""
    if not isinstance(value, list) or "" in value:
        raise PeepholeError(f"{what} should be a list of names, not {shown(value)}")
    return tuple(_text(word, what) for word in value)
