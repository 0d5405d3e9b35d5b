"""Traces and weights as safetensors files with a JSON header; nothing in them is ever executed.

Every file has the metadata key `peephole` holding JSON with `format` and `content` ("trace" or "model").
A file that is truncated, foreign, too new or inconsistent gets one clear message.
"""

from __future__ import annotations

import json
import os
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save as to_bytes

from engine import parse
from engine.arrays import to_numpy
from engine.errors import PeepholeError, shown
from engine.models import LanguageModel
from engine.trace import Trace

FORMAT = 1


def save_trace(trace: Trace, path: str | Path) -> Path:
    """Write a trace and its lens results; an existing file is replaced only by a whole one."""
    if not len(trace):
        raise PeepholeError("nothing was read yet", where=str(path), do="Read a word first")
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
        return parse.trace(arrays, content)
    except PeepholeError as error:
        raise _told(path, error, error.do or "Save the trace again") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
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
        return parse.model(arrays, content)
    except PeepholeError as error:
        raise _told(path, error, error.do or "Train the model again") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, error) from None


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
            _plain(meta)
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
            f"format {shown(meta.get('format'))}; this peephole reads format {FORMAT}",
            where=str(path),
            do="Open it with the version that wrote it",
        )
    if meta.get("content") != content:
        raise PeepholeError(
            f"holds a {shown(meta.get('content'))}, not a {content}", where=str(path)
        )
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


def _told(path: str | Path, error: PeepholeError, do: str) -> PeepholeError:
    """What is wrong in a file, as one line of bounded length: its names may be of any."""
    what = textwrap.shorten(error.what, 300, placeholder=" …")
    return PeepholeError(what, where=str(path), do=textwrap.shorten(do, 300, placeholder=" …"))


def _damaged(path: str | Path, error: Exception) -> PeepholeError:
    reason = (str(error).splitlines() or ["?"])[0].rstrip(".")[:120]
    return PeepholeError(
        f"not a whole peephole file ({reason})", where=str(path), do="It is damaged or foreign"
    )


def _plain(value: Any, depth: int = 32) -> None:
    """Refuse JSON that is nested too deeply, or text that would command a terminal."""
    if not depth:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        if not value.replace("\n", "").replace("\t", "").isprintable():
            raise ValueError("text that cannot be printed")
    elif isinstance(value, (list, dict)):
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            _plain(item, depth - 1)
