"""Damaged and hostile files made of whole ones: flipped bits, cut ends, headers that lie."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2, 3.5, 2**31, 2**63, 10**30, 1e308, float("nan"), float("inf"),
    "", "h", "time", "\x1b[2J", "\ud800", "w1\nw2", "x" * 5000, [], {}, [[]], [None], ["time"], ["time"] * 3,
    [1, 2], {"h": 1}, {"a": {"b": []}}, [[[[[[["deep"]]]]]]], {"kind": "hold"}, "lstm", "transformer",
    "F64", "BF16", "F8_E4M3", "I64", "BOOL", "U64", [0], [2**40], [0, 2**62], [0, 8], [-1], [1] * 70,
    [{"kind": "replace", "row": 0, "token": "zebra"}], [{"kind": "cut_edge", "query": 1, "key": 0}],
)  # fmt: skip
Path = tuple[str | int, ...]


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a safetensors file and its tensors; `peephole`'s own JSON is opened as well."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"]["peephole"] = json.loads(header["__metadata__"]["peephole"])
    return header, data[8 + size :]


def join(header: dict[str, Any], body: bytes) -> bytes:
    """The file of a header, however odd, and its tensors."""
    header = dict(header)
    meta = header.get("__metadata__")
    if isinstance(meta, dict) and "peephole" in meta and not isinstance(meta["peephole"], str):
        header["__metadata__"] = meta | {"peephole": json.dumps(meta["peephole"])}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


def paths(value: Any, at: Path = ()) -> list[Path]:
    """The way to everything inside a JSON value."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


def edited(value: Any, path: Path, new: Any, how: str) -> Any:
    """`value` with the item at `path` set to `new`, dropped, doubled or renamed to the text of `new`."""
    if not path:
        return new
    value = dict(value) if isinstance(value, dict) else list(value)
    key: Any = path[0]
    if len(path) > 1:
        value[key] = edited(value[key], path[1:], new, how)
    elif how == "drop":
        del value[key]
    elif how == "double" and isinstance(value, list):
        value.insert(key, value[key])
    elif how == "rename" and isinstance(value, dict):
        value[str(new)] = value.pop(key)
    else:
        value[key] = new
    return value


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """One of the ways to break a file; sometimes nothing is broken."""
    how = draw(
        st.sampled_from(("header",) * 6 + ("flip", "cut", "pad", "length", "junk", "twice", "deep"))
    )
    if how == "flip":
        broken = bytearray(whole)
        for bit in draw(st.lists(st.integers(0, 8 * len(whole) - 1), min_size=1, max_size=4)):
            broken[bit // 8] ^= 1 << bit % 8
        return bytes(broken)
    if how == "cut":
        return whole[: draw(st.integers(0, len(whole) - 1))]
    if how == "pad":
        return whole + draw(st.binary(min_size=1, max_size=64))
    if how == "length":
        return draw(st.integers(0, 2**64 - 1)).to_bytes(8, "little") + whole[8:]
    if how == "junk":
        return draw(st.binary(max_size=200))
    header, body = split(whole)
    if how == "twice":  # the same key twice in the header: JSON allows it
        text = json.dumps(
            {**header, "__metadata__": {"peephole": json.dumps(header["__metadata__"]["peephole"])}}
        )
        name = draw(st.sampled_from(sorted(header)))
        again = json.dumps({name: draw(st.sampled_from((header[name], *JUNK)))})
        raw = f"{again[:-1]}, {text[1:]}".encode()
        return len(raw).to_bytes(8, "little") + raw + body
    if how == "deep":
        depth = draw(st.sampled_from((30, 200, 900, 990, 100_000)))
        opening, closing = draw(st.sampled_from((("[", "]"), ('{"a":', "}"))))
        nested = opening * depth + ("1" if opening != "[" else "") + closing * depth
        key = draw(st.sampled_from(sorted(header["__metadata__"]["peephole"])))
        meta = json.dumps(header["__metadata__"]["peephole"])
        meta = f'{meta[:-1]}, "{key}": {nested}}}'
        return join({**header, "__metadata__": {"peephole": meta}}, body)
    for _ in range(draw(st.integers(1, 3))):
        places = paths(header)
        mine = [p for p in places if p[:2] == ("__metadata__", "peephole")]
        path = draw(
            st.sampled_from(draw(st.sampled_from((mine or places, mine or places, places))))
        )
        kind = draw(st.sampled_from(("set", "set", "set", "drop", "double", "rename")))
        header = edited(header, path, draw(st.sampled_from(JUNK)), kind)
        if not isinstance(header, dict):
            return join({"": header}, body) if header is not None else b""
    return join(header, body)
