"""A model that others trained opens by its name, like a bundled one."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from pathlib import Path

import pytest

from engine import PeepholeError
from engine.foreign import g2p_en
from scenarios import zoo
from scenarios.pairs.spelling import recorded
from tests.engine.test_foreign import installed


@installed
def test_g2p_en_runs_and_says_what_it_is(cli) -> None:
    ran = cli("run", "g2p-en", "through")
    assert ran.exit_code == 0, ran.output
    assert "wrote: TH R UW1" in ran.output
    card = cli("card", "g2p-en")
    assert card.exit_code == 0, card.output
    assert "834,890 parameters, " in ran.output
    assert "834,890 parameters (841,317 as read here" in card.output
    assert f"{recorded()['score/PER']:.3f} |" in card.output
    assert "Apache-2.0" in card.output


def test_it_is_listed_and_cannot_be_trained(cli) -> None:
    listed = cli("list", "models").output
    assert g2p_en.ABOUT in listed
    refused = cli("train", "g2p-en")
    assert refused.exit_code == 2
    assert "trained by others" in refused.output


@pytest.mark.parametrize("here", [True, False])
def test_how_to_install_it_is_said_where_it_is_not_installed(
    cli, monkeypatch: pytest.MonkeyPatch, here: bool
) -> None:
    def checkpoint() -> Path:
        if not here:
            raise PeepholeError("not installed")
        return Path()

    monkeypatch.setattr(g2p_en, "checkpoint", checkpoint)
    listed = cli("list", "models").output
    assert (g2p_en.INSTALL in listed) is not here


def test_the_python_that_runs_is_the_one_that_gets_the_package() -> None:
    _, _, command = g2p_en.INSTALL.partition(" --python ")
    python, verb, package = shlex.split(command)
    assert Path(python).absolute().samefile(sys.executable)
    assert (verb, package) == ("install", g2p_en.PACKAGE)


def test_without_its_package_one_line_says_what_to_do(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    zoo.model.cache_clear()
    ran = cli("run", "g2p-en", "through")
    zoo.model.cache_clear()
    assert ran.exit_code == 2
    assert "not installed" in ran.output
    assert g2p_en.INSTALL in ran.output
