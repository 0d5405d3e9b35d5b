"""Traces and weights as safetensors files with a JSON header; nothing in them is ever executed.

Every file has the metadata key `peephole` holding JSON with `format` and `content` ("trace" or "model").
A file that is truncated, foreign, too new or inconsistent gets one clear message.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save as to_bytes

from engine import registry
from engine.arrays import to_numpy
from engine.errors import PeepholeError
from engine.interventions import from_record
from engine.models import LanguageModel
from engine.text import Vocabulary
from engine.trace import Header, Named, Trace

FORMAT = 1


def save_trace(trace: Trace, path: str | Path) -> Path:
    """Write a trace and its lens results; an existing file is replaced only by a whole one."""
    arrays = {f"values/{name}": trace[name] for name in trace.names}
    lenses: dict[str, Any] = {}
    for lens, results in trace.lenses.items():
        for name, named in results.items():
            key = f"lenses/{lens}/{name}"
            arrays[key] = named.array
            lenses[key] = {"axes": named.axes, "unit": named.unit}
    content = {"header": trace.as_header(), "tokens": trace.tokens, "lenses": lenses}
    return write_file(path, arrays, "trace", content)


def load_trace(path: str | Path) -> Trace:
    """Read a trace.

    Raises:
        PeepholeError: the file is missing, damaged, or not a trace; the message says which.
    """
    arrays, content = read_file(path, "trace")
    try:
        return _trace(arrays, content)
    except PeepholeError as error:
        raise PeepholeError(error.what, where=str(path), do="Save the trace again") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _damaged(path, error) from None


def save_model(model: LanguageModel, path: str | Path) -> Path:
    """Write a model: weights, architecture, vocabulary and card."""
    arrays = {name: to_numpy(array) for name, array in model.params.items()}
    content = {
        "name": model.name,
        "architecture": asdict(model.architecture),  # type: ignore[call-overload]
        "vocabulary": model.vocabulary.words,
        "card": dict(model.card),
    }
    return write_file(path, arrays, "model", content)


def load_model(path: str | Path) -> LanguageModel:
    """Read a model onto NumPy.

    Raises:
        PeepholeError: the file is missing, damaged, or its weights do not fit its architecture.
    """
    arrays, content = read_file(path, "model")
    try:
        return _model(arrays, content)
    except PeepholeError as error:
        raise PeepholeError(error.what, where=str(path), do="Train the model again") from None
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise _damaged(path, error) from None


def _trace(arrays: dict[str, np.ndarray], content: dict[str, Any]) -> Trace:
    known = {field.name for field in fields(Header)}
    header = Header(**{k: _frozen(v) for k, v in content["header"].items() if k in known})
    tokens = content["tokens"]
    if not all(isinstance(word, str) for word in [*tokens, *header.vocabulary]):
        raise PeepholeError("tokens and vocabulary must be words")
    Vocabulary(header.vocabulary).encode(tokens)
    for record in header.interventions:
        from_record(record)
    values = {k.removeprefix("values/"): v for k, v in arrays.items() if k.startswith("values/")}
    if values.keys() != header.axes.keys():
        raise PeepholeError("the values are not those that the header names")
    sizes = {"time": len(tokens), "key": len(tokens), "word": len(header.vocabulary)}
    for name, array in values.items():
        _fits(name, array, header.axes[name], sizes)
    trace = Trace.from_arrays(header, tokens, values)
    for key, info in content["lenses"].items():
        _, lens, name = key.split("/", 2)
        axes = tuple(info["axes"])
        _fits(key, arrays[key], axes, {"time": len(tokens)})
        trace.lenses.setdefault(lens, {})[name] = Named(arrays[key], axes, str(info["unit"]))
    return trace


def _fits(name: str, array: np.ndarray, axes: tuple[str, ...], sizes: Mapping[str, int]) -> None:
    """Refuse an array whose shape is not what its axes say."""
    wrong = array.ndim != len(axes) or any(
        size != sizes.get(axis, size) for axis, size in zip(axes, array.shape, strict=False)
    )
    if wrong or array.dtype.kind not in "fiu":
        shape = "x".join(map(str, array.shape))
        raise PeepholeError(f"{name} is {array.dtype} {shape}, not over ({', '.join(axes)})")


def _model(arrays: dict[str, np.ndarray], content: dict[str, Any]) -> LanguageModel:
    spec = dict(content["architecture"])
    architecture = registry.load(registry.ARCHITECTURES, spec.get("kind", ""), "architecture")
    for name, value in spec.items():
        if isinstance(value, int) and not 1 <= value <= 1_000_000:
            raise PeepholeError(f"{name} = {value} is not a size")
    built = architecture(**spec)
    words = tuple(content["vocabulary"])
    if len(words) != built.words or not all(isinstance(word, str) for word in words):
        raise PeepholeError(f"{len(words)} words do not fit an architecture for {built.words}")
    expected = built.shapes()
    if {name: array.shape for name, array in arrays.items()} != expected:
        odd = sorted(
            name
            for name in expected.keys() | arrays.keys()
            if name not in arrays or arrays[name].shape != expected.get(name)
        )
        raise PeepholeError(f"the weights do not fit the architecture: {', '.join(odd[:4])}")
    digest = hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays)))
    name, card = str(content["name"]), dict(content["card"])
    return LanguageModel(name, built, arrays, Vocabulary(words), card, digest.hexdigest()[:12])


def write_file(path: str | Path, arrays: Mapping[str, np.ndarray], content: str, data: Any) -> Path:
    """Write arrays and JSON-ready data as one file; an old one is replaced only by a whole one."""
    path = Path(path)
    meta = json.dumps({"format": FORMAT, "content": content, **data}, ensure_ascii=False)
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    payload = to_bytes(whole, metadata={"peephole": meta})
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(payload)
            os.fchmod(file.fileno(), 0o644)
        os.replace(file.name, path)
    except OSError as error:
        if "file" in locals():
            Path(file.name).unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise PeepholeError(
            f"cannot write ({reason})", where=str(path), do="Choose another place"
        ) from None
    return path


def read_file(path: str | Path, content: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the data of a file that `write_file` wrote with this `content`."""
    from safetensors import safe_open

    try:
        with safe_open(str(path), framework="numpy") as file:
            meta = json.loads((file.metadata() or {}).get("peephole", "null"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise PeepholeError("no such file", where=str(path)) from None
    except OSError as error:
        raise PeepholeError(f"cannot read ({error.strerror or error})", where=str(path)) from None
    except (SafetensorError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise _damaged(path, error) from None
    if not isinstance(meta, dict):
        raise PeepholeError(f"a safetensors file, but not a {content} of peephole", where=str(path))
    if meta.get("format") != FORMAT:
        raise PeepholeError(
            f"format {meta.get('format')!r}; this peephole reads format {FORMAT}",
            where=str(path),
            do="Open it with the version that wrote it",
        )
    if meta.get("content") != content:
        raise PeepholeError(f"holds a {meta.get('content')}, not a {content}", where=str(path))
    return arrays, meta


def content_of(path: str | Path) -> str:
    """What a file says that it holds, "trace", "model" or "checkpoint"; "" if it is none of ours."""
    from safetensors import safe_open

    try:
        with safe_open(str(path), framework="numpy") as file:
            meta = json.loads((file.metadata() or {}).get("peephole", "null"))
    except (OSError, SafetensorError, ValueError, TypeError, RecursionError, MemoryError):
        return ""
    return str(meta.get("content", "")) if isinstance(meta, dict) else ""


def _damaged(path: str | Path, error: Exception) -> PeepholeError:
    reason = (str(error).splitlines() or ["?"])[0].rstrip(".")[:120]
    return PeepholeError(
        f"not a whole peephole file ({reason})", where=str(path), do="It is damaged or foreign"
    )


def _frozen(value: Any) -> Any:
    """JSON lists as tuples, also inside the header's mappings."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {k: _frozen(v) for k, v in value.items()}
    return value
