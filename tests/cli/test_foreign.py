"""A model that others trained opens by its name, like a bundled one."""

from __future__ import annotations

import importlib.util

import pytest

from engine.foreign import g2p_en
from scenarios import zoo
from tests.engine.test_foreign import installed


@installed
def test_g2p_en_runs_and_says_what_it_is(cli) -> None:
    ran = cli("run", "g2p-en", "through")
    assert ran.exit_code == 0, ran.output
    assert "wrote: TH R UW1" in ran.output
    card = cli("card", "g2p-en")
    assert card.exit_code == 0, card.output
    assert "841,317 parameters" in card.output
    assert "Apache-2.0" in card.output


def test_it_is_listed_and_cannot_be_trained(cli) -> None:
    listed = cli("list", "models").output
    assert g2p_en.ABOUT in listed
    assert g2p_en.INSTALL in listed
    refused = cli("train", "g2p-en")
    assert refused.exit_code == 2
    assert "trained by others" in refused.output


def test_without_its_package_one_line_says_what_to_do(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    zoo.model.cache_clear()
    ran = cli("run", "g2p-en", "through")
    zoo.model.cache_clear()
    assert ran.exit_code == 2
    assert "not installed" in ran.output
    assert "pip install '.[g2p]'" in ran.output
