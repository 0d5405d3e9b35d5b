"""Truncated, foreign and hostile trace and weight files: one clear message, never anything else."""

from __future__ import annotations

import contextlib
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine
from engine import Hold, LanguageModel, PeepholeError, Replace, Trace, lenses
from tests.engine.build import FAMILIES, build, tokens
from tests.engine.hostile import damaged, join, split

MEGABYTES = 16  # what reading a file of a few kB may take at most
FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def whole_trace(family: str, folder: Path) -> bytes:
    model = build(family, layers=1, width=4, dtype="float32")
    trace = engine.run(model, tokens(4), [Hold("h", 0.5, 0, (1,), 2), Replace(1, "w2")])
    trace.lenses["surprisal"] = lenses.surprisal(trace)
    trace.lenses["gradient_map"] = lenses.gradient_map(model, trace)
    return engine.save_trace(trace, folder / "t").read_bytes()


def whole_model(family: str, folder: Path) -> bytes:
    model = (
        build(family, layers=1, width=4, hidden=4, context=5) if family == "transformer" else None
    )
    model = model or build(family, layers=1, width=4, embed=3)
    return engine.save_model(model, folder / "m").read_bytes()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    traces = {f"trace {family}": whole_trace(family, folder) for family in FAMILIES}
    return traces | {f"model {family}": whole_model(family, folder) for family in FAMILIES}


def use_trace(trace: Trace, folder: Path) -> None:
    """Everything that one can do with a trace that has no model beside it."""
    assert len(trace) > 0
    for name in trace.names:
        assert trace[name].shape[0] == len(trace)
        trace.array(name, *trace.axes(name))
    lenses.gate_statistics(trace)
    for lens in (lenses.surprisal, lenses.top_k, lenses.attention_entropy, lenses.rollout):
        with contextlib.suppress(PeepholeError):  # a value that this trace does not have
            lens(trace)  # type: ignore[operator]
    again = engine.load_trace(engine.save_trace(trace, folder / "again"))
    assert again.id == trace.id
    assert again.header == trace.header


def use_model(model: LanguageModel, folder: Path) -> None:
    """Run it and save it again."""
    trace = engine.run(model, list(model.vocabulary.words[:3]))
    lenses.surprisal(trace)
    lenses.gradient_map(model, trace)
    again = engine.load_model(engine.save_model(model, folder / "again"))
    assert again.digest == model.digest
    assert again.architecture == model.architecture


def survive(data: bytes, load: Callable[..., Any], use: Callable[..., None], folder: Path) -> str:
    """Load hostile bytes: the message that came, or "" when they were used without one."""
    path = folder / "hostile"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        loaded = load(path)
    except PeepholeError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert len(message) < 1000, "one clear message"
        assert message.isprintable(), "nothing that a terminal would obey"
        return message
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MEGABYTES * 2**20, f"{peak / 2**20:.0f} MB for a file of {len(data)} bytes"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numbers may have become huge
        with contextlib.suppress(PeepholeError):
            use(loaded, folder)
    return ""


@FUZZ
@given(data=st.data(), family=st.sampled_from(FAMILIES))
def test_a_damaged_trace_gives_one_message(
    data: st.DataObject, family: str, files: dict[str, bytes], tmp_path_factory: Any
) -> None:
    broken = data.draw(damaged(files[f"trace {family}"]))
    survive(broken, engine.load_trace, use_trace, tmp_path_factory.getbasetemp())


@FUZZ
@given(data=st.data(), family=st.sampled_from(FAMILIES))
def test_a_damaged_model_gives_one_message(
    data: st.DataObject, family: str, files: dict[str, bytes], tmp_path_factory: Any
) -> None:
    broken = data.draw(damaged(files[f"model {family}"]))
    survive(broken, engine.load_model, use_model, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("family", FAMILIES)
def test_every_truncation_is_noticed(family: str, files: dict[str, bytes], tmp_path: Path) -> None:
    for kind, load, use in (
        ("trace", engine.load_trace, use_trace),
        ("model", engine.load_model, use_model),
    ):
        whole = files[f"{kind} {family}"]
        assert survive(whole, load, use, tmp_path) == ""
        for size in range(0, len(whole), max(1, len(whole) // 60)):
            assert "not a whole peephole file" in survive(whole[:size], load, use, tmp_path)


def edits(kind: str) -> Iterator[tuple[str, Callable[[dict[str, Any]], None], str]]:
    """Lies that are worth a test of their own: what, how, and a word of the message."""
    if kind == "trace":
        yield "no rows", lambda m: m.update(tokens=[]), "rows|values|time"
        yield "a foreign word", lambda m: m["tokens"].__setitem__(1, "zebra"), "zebra"
        yield "an escape sequence", lambda m: m["header"].update(model="\x1b[2J"), "print"
        yield "a gate that is not there", lambda m: m["header"].update(gates=["u"]), "'u'"
        yield (
            "time not first",
            lambda m: m["header"]["axes"].update(h=["layer", "time", "unit"]),
            "h",
        )
        yield (
            "an axis twice",
            lambda m: m["header"]["axes"].update(h=["time", "layer", "layer"]),
            "h",
        )
        yield "a record", lambda m: m["header"].update(interventions=[{"kind": "boom"}]), "boom"
        yield "a model file", lambda m: m.update(content="model"), "holds a 'model', not a trace"
        yield "newer", lambda m: m.update(format=99), "format 99; this peephole reads format 1"
        return
    yield "a million layers", lambda m: m["architecture"].update(layers=10**6), "fit"
    yield "zero units", lambda m: m["architecture"].update(width=0), "width = 0"
    yield "half a layer", lambda m: m["architecture"].update(layers=1.0), "layers = 1.0"
    yield "true units", lambda m: m["architecture"].update(layers=True), "layers = True"
    yield "a cell", lambda m: m["architecture"].update(cell="gruu"), "Did you mean 'gru'"
    yield "an unknown key", lambda m: m["architecture"].update(depth=3), "depth"
    yield "no kind", lambda m: m["architecture"].pop("kind"), "architecture"
    yield "one word twice", lambda m: m["vocabulary"].__setitem__(1, m["vocabulary"][2]), "twice"
    yield "a word too few", lambda m: m["vocabulary"].pop(), "10 words do not fit"
    yield "a word with a line end", lambda m: m["vocabulary"].__setitem__(3, "a\nb"), "print"


LIES = [(kind, *lie) for kind in ("trace", "model") for lie in edits(kind)]


@pytest.mark.parametrize(
    ("kind", "name", "edit", "message"), LIES, ids=[f"{k}: {n}" for k, n, *_ in LIES]
)
def test_a_lie_is_named(
    kind: str, name: str, edit: Any, message: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    header, body = split(files[f"{kind} gru"])
    edit(header["__metadata__"]["peephole"])
    path = tmp_path / "lie"
    path.write_bytes(join(header, body))
    with pytest.raises(PeepholeError, match=message):
        (engine.load_trace if kind == "trace" else engine.load_model)(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_numbers_are_refused(bad: float, tmp_path: Path) -> None:
    model = build("lstm", dtype="float32")
    model.params["layers.1.W_hh"][2, 3] = bad  # type: ignore[index]
    with pytest.raises(PeepholeError, match=r"layers\.1\.W_hh"):
        engine.load_model(engine.save_model(model, tmp_path / "m"))


def test_foreign_files_are_named(tmp_path: Path) -> None:
    from safetensors.numpy import save

    foreign = tmp_path / "foreign.safetensors"
    for metadata in (None, {"format": "pt"}, {"peephole": "[1]"}, {"peephole": "null"}):
        foreign.write_bytes(save({"w": np.ones(3)}, metadata=metadata))
        with pytest.raises(PeepholeError, match="not a trace of peephole"):
            engine.load_trace(foreign)
    for name, data in (("empty", b""), ("text", b"hello\n"), ("pickle", b"\x80\x04K\x01.")):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(PeepholeError, match="not a whole peephole file"):
            engine.load_model(path)
    with pytest.raises(PeepholeError, match="no such file"):
        engine.load_trace(tmp_path / "nowhere")
    with pytest.raises(PeepholeError):
        engine.load_trace(tmp_path)
    with pytest.raises(PeepholeError):
        engine.load_trace(tmp_path / "nul\0byte")


@pytest.mark.parametrize("step", ["3", None, -1, 1.5, [1], True])
def test_a_checkpoint_whose_step_is_no_count_is_refused(step: Any, tmp_path: Path) -> None:
    from engine.training import Batch, Recipe, Training

    ones = np.ones((2, 3), int)
    fresh = Training.start(
        build("gru", layers=1).architecture,
        Recipe(steps=2, batch=2),
        engine.Backend(),
        lambda number: Batch(ones, ones, ones),
    )
    path = fresh.save(tmp_path / "checkpoint")
    assert fresh.resume(path).step == 0
    header, body = split(path.read_bytes())
    header["__metadata__"]["peephole"]["step"] = step
    path.write_bytes(join(header, body))
    with pytest.raises(PeepholeError, match="a checkpoint of another model or recipe"):
        fresh.resume(path)
