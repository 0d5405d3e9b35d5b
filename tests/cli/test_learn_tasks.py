"""Every task, at its usual length: learned in lines, opened again, and shown by screen and by lines."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.learning.folder import RunFolder
from scenarios import tasks
from tests.tui.score_stage import idle, text
from tui.app import PeepholeApp
from tui.learning.screen import RunScreen


@pytest.mark.parametrize("task", tasks.TASKS)
def test_what_is_learned_can_be_opened_and_shown(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ("--cell", "gru", "--width", "4", "--batch", "4", "--updates", "2", "--print")
    result = cli("learn", task, *asked, "--run", "a")
    assert result.exit_code == 0, result.output
    assert RunFolder.open("a").config.task.length == tasks.load(task).length
    watched = cli("watch", "a", "--print")
    assert watched.exit_code == 0, watched.output
    assert "all 2 updates are done" in watched.stdout
    assert cli("learn", "a", "--print").exit_code == 0, "a run that is done is opened again"
    asyncio.run(_shown(task))


async def _shown(task: str) -> None:
    async with PeepholeApp(first=RunScreen.open([Path("a")], False)).run_test(
        size=(80, 24)
    ) as pilot:
        await idle(pilot)
        assert f"{task} {tasks.load(task).length}" in text(pilot)
        assert "update 2 of 2" in text(pilot)
