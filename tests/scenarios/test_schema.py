"""The JSON Schema takes what the reader takes, by the judgement of a validator that is not ours."""

from __future__ import annotations

import copy
import datetime
import random
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import reference, schema, shelf
from scenarios.keys import BEAT, LANE, SCENARIO
from scenarios.source import ScriptError, Source
from scenarios.tables import Key, Table, Tables
from scenarios.toml import written
from tests.scenarios.models import GOOD
from tests.scenarios.test_lanes import FRESH
from tui.cli import main

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(schema.schema())
KEYS = {**SCENARIO.all, **LANE.all, **BEAT.all}
VALUES = st.one_of(
    st.sampled_from([of.example for of in KEYS.values()]),
    st.sampled_from(["score", "lstm", "orthogonal", "", "Words", 0, 1, -1, 1024, 1025, 2**31, 0.5]),
    st.sampled_from([-0.5, 100.5, True, False, [], {}, [[]], [1], ["a"] * 3, ["a"] * 4, [{}]]),
    st.sampled_from([{"a": 1}, {"a": "b"}, {"1 a": "b"}, {"not": "b"}, {"here": "b"}, {"x": {}}]),
    st.just(datetime.date(1990, 1, 1)),
    st.text(max_size=3),
    st.integers(-3, 3000),
)


def ours(data: Any) -> bool:
    """Whether the reader takes the structure; what it says of lanes and words comes after that."""
    try:
        Tables(Source(Path("a.toml"), "")).check(data, SCENARIO, ())
    except ScriptError:
        return False
    return True


def places(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every table and list of a document."""
    if isinstance(data, dict | list):
        yield at
        for key in data if isinstance(data, dict) else range(len(data)):
            yield from places(data[key], (*at, key))


def damaged(data: Any, draw: Any) -> None:
    """One change, anywhere: a key more, a key less, another value, an entry doubled."""
    place = data
    for key in draw(st.sampled_from(sorted(places(data), key=str))):
        place = place[key]
    if isinstance(place, dict):
        near = (
            sorted(KEYS) + [key + "s" for key in sorted(KEYS)] + ["a", "lstm", "1 x", "if", "here"]
        )
        key = draw(st.sampled_from([*place, *near]))
        if key in place and draw(st.booleans()):
            del place[key]
        else:
            place[key] = copy.deepcopy(draw(VALUES))
    elif place and draw(st.booleans()):
        place.pop()
    else:
        place.append(copy.deepcopy(place[0] if place and draw(st.booleans()) else draw(VALUES)))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.schema())


@pytest.mark.parametrize("name", shelf.bundled())
def test_every_bundled_scenario_is_valid(name: str) -> None:
    assert not list(VALIDATOR.iter_errors(tomllib.loads(shelf.bundled()[name].read_text("utf-8"))))


BASES = [tomllib.loads(text) for text in (GOOD, FRESH)]


@settings(max_examples=300)
@given(st.data())
def test_the_schema_refuses_what_the_reader_refuses_and_no_more(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(BASES)))
    for _ in range(data.draw(st.integers(0, 2))):
        damaged(document, data.draw)
    errors = [error.message for error in VALIDATOR.iter_errors(document)]
    assert ours(document) == (not errors), errors


def test_such_changes_are_sometimes_taken_and_sometimes_refused() -> None:
    """The test above is not one of documents that are all wrong, or all right."""
    rng = random.Random(0)
    taken = 0
    for _ in range(200):
        document = copy.deepcopy(rng.choice(BASES))
        beat = rng.choice(document["beats"])
        key = rng.choice(sorted(BEAT.keys))
        beat[key] = rng.choice([BEAT.keys[key].example, 3, "x", []])
        taken += ours(document)
    assert 20 < taken < 180


def keys(table: Table, at: str = "") -> Iterator[tuple[str, Key]]:
    for name, key in table.all.items():
        yield f"{at}{name}", key
        if key.items is not None:
            yield from keys(key.items, f"{at}{name}.")


@pytest.mark.parametrize(
    ("name", "key"), keys(SCENARIO), ids=lambda of: of if type(of) is str else ""
)
def test_every_key_explains_itself_and_its_example_and_default_hold(name: str, key: Key) -> None:
    assert key.about.endswith(".")
    assert len(key.about) > 5
    alone = Table("a table", {"k": key})
    for value in (key.example, *([] if key.default is None else [key.default])):
        assert tomllib.loads(f"k = {written(value)}") == {"k": value}
        Tables(Source(Path("a.toml"), "")).check({"k": value}, alone, ())


@given(
    st.recursive(
        st.text()
        | st.integers()
        | st.booleans()
        | st.floats(allow_nan=False, allow_infinity=False),
        st.lists,
    )
)
def test_what_is_written_reads_the_same(value: Any) -> None:
    try:
        f"{value}".encode()
    except UnicodeEncodeError:  # half a surrogate pair is no text of a file
        return
    assert tomllib.loads(f"k = {written(value)}")["k"] == value


def test_the_schema_in_docs_is_the_one_that_is_printed(tmp_path: Path) -> None:
    kept = (ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8")
    assert kept == schema.text(), "peephole schema --force -o docs/scenario.schema.json"
    assert CliRunner().invoke(main, ["schema"]).output == kept
    path = tmp_path / "s.json"
    assert CliRunner().invoke(main, ["schema", "-o", str(path)]).exit_code == 0
    assert path.read_text(encoding="utf-8") == kept
    refused = CliRunner().invoke(main, ["schema", "-o", str(tmp_path / "no" / "s.json")])
    assert refused.exit_code == 2
    assert "there is no such folder" in refused.output


def test_the_tables_in_the_docs_are_current() -> None:
    text = reference.DOCS.read_text(encoding="utf-8")
    assert reference.BEGIN in text
    assert text == reference.current(text), "python -m scenarios.reference"
    for name, _ in keys(SCENARIO):
        assert f"| `{name.rpartition('.')[2]}`" in text
