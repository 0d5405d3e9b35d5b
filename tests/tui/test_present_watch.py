"""`peephole play --watch`: files are read again, mistakes are shown in their place and waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import PeepholeError
from scenarios.reader import read
from tests.tui.play_stage import ASKS, SCRIPT, here, playing, says
from tests.tui.score_stage import lines, press, text
from tests.tui.script_stage import script
from tests.waiting import until
from tui.present.command import play
from tui.present.show import Show
from tui.present.watching import Watch, awaited

pytestmark = pytest.mark.usefixtures("quick_play")


async def test_a_file_is_read_again_and_its_mistakes_are_shown_in_place(tmp_path: Path) -> None:
    scenario = script(tmp_path, SCRIPT)
    path = scenario.source.path
    async with playing(Show((scenario,), watch=True, beat=1)).run_test(size=(100, 30)) as pilot:
        await says(pilot, "All is read, 6 rows.")
        kept = here(pilot).session.lanes[0]
        path.write_text(SCRIPT.replace("All is read", "Everything is read"))
        await says(pilot, "Everything is read, 6 rows.")
        assert here(pilot).session.lanes[0] is kept  # only words changed: nothing is run again
        assert here(pilot).beat == 1
        path.write_text(SCRIPT.replace("{n} rows", "{m} rows"))
        await says(pilot, "the placeholder {m} has no measure")
        shown = lines(pilot)
        at = next(n for n, line in enumerate(shown) if "^^" in line)
        assert shown[at - 1].index("{m}") == shown[at].index("^^")
        assert "Everything is read, 6 rows." in text(pilot)
        await press(pilot, "pageup")  # the version before goes on
        await says(pilot, "Two rows.")
        assert "has no measure" in text(pilot)
        begin = '[[beats]]\ntitle = "New"\nsay = "Look."\n[[beats]]\ntitle = "The beginning"'
        path.write_text(SCRIPT.replace('[[beats]]\ntitle = "The beginning"', begin))
        await until(lambda: "has no measure" not in text(pilot))
        await says(pilot, "beat 2/3")  # the same beat, which now has another number
        await says(pilot, "Two rows.")


async def test_what_only_goes_wrong_when_it_runs_is_shown_with_its_line(tmp_path: Path) -> None:
    scenario = script(tmp_path, SCRIPT)
    path = scenario.source.path
    async with playing(Show((scenario,), watch=True)).run_test(size=(100, 30)) as pilot:
        await says(pilot, "Two rows.")
        path.write_text(SCRIPT.replace('stop = "cats"', 'stop = "dogs"'))
        await says(pilot, "no row 'dogs'")
        assert "^^^^" in text(pilot)
        assert "Two rows." in text(pilot)
        path.write_text(SCRIPT.replace('"the cats were', '"the wug were'))
        await says(pilot, "wug")
        path.write_text(
            SCRIPT.replace("cats were happy", "dogs were happy").replace('"cats"', '"dogs"')
        )
        await says(pilot, "dogs")
        await until(lambda: here(pilot).session.tokens[2] == "dogs")


async def test_an_editor_may_put_another_file_in_its_place(tmp_path: Path) -> None:
    scenario = script(tmp_path, SCRIPT)
    path = scenario.source.path
    async with playing(Show((scenario,), watch=True)).run_test(size=(100, 30)) as pilot:
        await says(pilot, "Two rows.")
        for word in ("Three", "Four"):
            draft = tmp_path / "draft"
            draft.write_text(SCRIPT.replace("Two rows", f"{word} rows"))
            os.replace(draft, path)
            await says(pilot, f"{word} rows.")
        path.unlink()
        await says(pilot, "cannot read")
        told = " ".join(text(pilot).split())
        assert f"{path.name}: cannot read (No such file or directory)" in told
        assert "What was read of it goes on" in told
        assert "Four rows." in told
        path.write_text(SCRIPT)
        await says(pilot, "Two rows.")
        assert "cannot read" not in text(pilot)


async def test_an_answer_stays_and_another_question_is_asked_anew(tmp_path: Path) -> None:
    scenario = script(tmp_path, SCRIPT + ASKS)
    path = scenario.source.path
    async with playing(Show((scenario,), watch=True, beat=1)).run_test(size=(100, 30)) as pilot:
        await says(pilot, "How many?")
        await press(pilot, "6", "enter")
        await says(pilot, "You said 6; measured 6.")
        path.write_text((SCRIPT + ASKS).replace("All is", "It is all"))
        await says(pilot, "It is all read")
        assert "You said 6" in text(pilot)
        path.write_text((SCRIPT + ASKS).replace("How many", "How many rows"))
        await says(pilot, "How many rows?")
        assert here(pilot).asking


def test_a_file_has_changed_once(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("a")
    watch = Watch(path)
    assert not watch.changed()
    path.write_text("ab")
    assert [watch.changed(), watch.changed()] == [True, False]
    path.unlink()
    assert [watch.changed() for _ in range(4)] == [False, True, False, False]
    path.write_text("ab")
    assert [watch.changed(), watch.changed()] == [True, False]


def test_watch_waits_until_a_mistaken_file_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where nothing could be shown at all: no TOML yet, another mistake, no such stop."""
    path = tmp_path / "mine.toml"
    beat = (
        "title = 't'\ntext = 'the cats'\n[lanes]\na = { model = 'lstm' }\n[[beats]]\ntitle = 'x'\n"
    )
    versions = [beat, f"{beat}say = '{{p}} {{q}}'\n", f"{beat}say = '-'\nstop = 'dog'\n"]
    saved = iter([*versions, f"{beat}say = '-'\n"])
    path.write_text("title = ")
    scenario = awaited(str(path), lambda _: path.write_text(next(saved)) and None)
    assert scenario.beats[0].say.text == "-"
    assert next(saved, None) is None
    said = capsys.readouterr().err
    for mistake in ("not TOML", "needs the key 'say'", "and 1 more", "no row 'dog'"):
        assert mistake in said
    assert said.count("It begins once the file is right") == 4


def test_nothing_is_waited_for_that_is_no_file_of_ones_own(tmp_path: Path) -> None:
    with pytest.raises(PeepholeError, match="no scenario"):
        awaited("agrement")
    with pytest.raises(PeepholeError, match="cannot read"):
        awaited(str(tmp_path / "none.toml"))


async def test_of_several_files_each_is_read_again_when_its_turn_comes(
    tmp_path: Path, heard: list[str]
) -> None:
    texts = [SCRIPT.replace("A test", name) for name in ("First", "Second")]
    one, two = (tmp_path / f"{name}.toml" for name in "ab")
    one.write_text(texts[0])
    two.write_text(texts[1])
    show = Show((read(one), read(two)), watch=True, loop=True, beat=1)
    async with playing(show).run_test(size=(100, 30)) as pilot:
        await says(pilot, "All is read, 6 rows.")
        two.write_text(texts[1].replace("Two rows.", "Now two."))
        await press(pilot, "n")
        await says(pilot, "Now two.")
        assert here(pilot).session.title == "Second"
        assert heard == ["All is read, 6 rows.", "Now two."]  # never the version before
        one.write_text(texts[0].replace("{n} rows", "{m} rows"))
        two.write_text(texts[1].replace("Two rows.", "Still two."))
        await says(pilot, "Still two.")  # the file that is playing
        assert "no measure" not in text(pilot)
        await press(pilot, "n")
        await says(pilot, "All is read")
        await press(pilot, "n")
        await says(pilot, "the placeholder {m} has no measure")  # and the version before is played
        await says(pilot, "Two rows.")
        assert here(pilot).session.title == "First"
        one.write_text(texts[0].replace("Two rows.", "It is right."))
        await says(pilot, "It is right.")
        assert "no measure" not in text(pilot)
        await press(pilot, "n")
        await says(pilot, "All is read")
        await press(pilot, "n")
        await says(pilot, "Still two.")  # as it was read last


def test_of_several_files_each_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Show] = []
    monkeypatch.setattr("tui.present.watching.awaited", lambda name: f"{name}, awaited")
    monkeypatch.setattr("tui.start.has_terminal", lambda: True)
    monkeypatch.setattr("tui.present.show.run", played.append)
    done = CliRunner().invoke(play, ["a.toml", "b.toml", "--watch"], catch_exceptions=False)
    assert done.exit_code == 0
    assert [(s.scenarios, s.watch) for s in played] == [
        (("a.toml, awaited", "b.toml, awaited"), True)
    ]
