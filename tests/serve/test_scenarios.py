"""A folder of scenarios with mistakes: the server's owner is told at once, a visitor in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serve.ssh import serving, terminal
from tests.waiting import wait
from tui.serve.mistakes import LONGEST, MOST, mistakes

PROBLEM = "x.toml:1:1: a scenario needs the key 'lanes'"


@pytest.mark.parametrize("columns", [80, 120])
def test_a_broken_file_is_told_at_the_start_and_marked_at_home(
    tmp_path: Path, columns: int
) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "x.toml").write_text('title = "x"\n')
    with serving(tmp_path / "server", "--anonymous", "--scenarios", str(folder)) as server:
        said = server.said().splitlines()
        assert f"peephole: warning: --scenarios: {PROBLEM}" in said
        assert f"peephole: `peephole check {folder}/*.toml` says all that is wrong" in said
        assert [line["reason"] for line in server.events("trouble")] == [PROBLEM]
        with terminal(server, columns=columns, rows=24) as client:
            client.sees("Take the tour")
            client.type("x.toml")  # nothing else is called so
            client.sees("Its file is broken, so it cannot be played: x.toml:1:1: a scenario")

            def marked() -> list[str]:
                return [x for x in client.look().splitlines() if x.rstrip().endswith("broken")]

            listed = wait(marked)[0]
            assert " 0 beats" not in listed
            assert str(tmp_path) not in client.look()
            client.type("\r")
            client.type("\x11")
            assert client.ends() == 0
            assert "the key 'lanes'" in client.text
            assert listed.split()[1] == "x"


def test_a_folder_without_scenarios_is_told_and_one_full_of_mistakes_is_told_shortly(
    tmp_path: Path,
) -> None:
    (said,) = mistakes(tmp_path)
    assert said.endswith("no TOML file in it")
    for number in range(MOST + 3):
        (tmp_path / f"{number}{'n' * 150}.toml").write_text(f"title = {'[' * 1000}\n")
    told = mistakes(tmp_path)
    assert len(told) == MOST + 1
    assert told[-1] == "3 more files have mistakes"
    assert all(len(line) <= LONGEST for line in told)


def test_a_mistake_anywhere_in_a_file_is_told_and_a_sound_file_is_not(tmp_path: Path) -> None:
    sound = Path(__file__).parents[2] / "scenarios" / "agreement.toml"
    (tmp_path / "sound.toml").write_text(sound.read_text(encoding="utf-8"), encoding="utf-8")
    assert mistakes(tmp_path) == []
    late = sound.read_text(encoding="utf-8") + "\nodd = 1\n"  # in the last beat
    (tmp_path / "late.toml").write_text(late, encoding="utf-8")
    (said,) = mistakes(tmp_path)
    assert said.startswith("late.toml:")
    (tmp_path / "late.toml").write_text(sound.read_text(encoding="utf-8"), encoding="utf-8")
    assert mistakes(tmp_path) == []  # it has been mended
