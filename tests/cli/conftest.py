"""Model files and a way to call the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine import save_model
from tests.scenarios.models import untrained
from tui.cli import main

TEXT = "the cats on the mat were happy ."


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Paths of untrained models, by name."""
    folder = tmp_path_factory.mktemp("models")
    names = ("rnn", "lstm", "gru", "transformer")
    return {n: str(save_model(untrained(n), folder / f"{n}.safetensors")) for n in names}


@pytest.fixture
def cli() -> Callable[..., Result]:
    """`cli("run", model, text)`; a traceback fails the test."""

    def call(*args: str | Path) -> Result:
        result = CliRunner().invoke(main, [str(arg) for arg in args])
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception
        )
        assert "Traceback" not in result.output
        return result

    return call


@pytest.fixture
def script(tmp_path: Path, models: dict[str, str]) -> Callable[..., Path]:
    """Writes a scenario with the claims given."""

    def write(*claims: str, model: str = "lstm") -> Path:
        path = tmp_path / "mine.toml"
        expect = ", ".join(f'"{claim}"' for claim in claims)
        path.write_text(
            f"""title = "Mine"
text = "{TEXT}"

[lanes]
lane = {{ model = "{models[model]}" }}

[[beats]]
title = "One"
stop = "were"
say = "It gives {{p:.2%}} to the verb."
measure.p = "probability(lane, here, 'were')"
expect = [{expect}]
"""
        )
        return path

    return write
