"""The learning screen on recorded runs: what it says, looking back, panels, sizes, random keys."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from engine.learning import derived
from engine.learning.folder import RunFolder
from engine.learning.metrics import Update
from engine.storage import save_trace
from tests.engine.build import build, tokens
from tests.runs import synthetic
from tests.tui import learned
from tests.tui.score_stage import idle, lines, press, text
from tui.app import PeepholeApp
from tui.learning import layout
from tui.learning.keys import KEYS
from tui.learning.panels import PANELS
from tui.learning.screen import RunScreen

SIZES = [(80, 24), (120, 40), (200, 60)]


def app(*folders: RunFolder, **options) -> PeepholeApp:
    return PeepholeApp(first=RunScreen.open([f.path for f in folders], False), **options)


def screen(pilot: Pilot) -> RunScreen:
    return next(s for s in reversed(pilot.app.screen_stack) if isinstance(s, RunScreen))


async def settled(pilot: Pilot) -> None:
    """Until a drawing that was put off has been made."""
    await idle(pilot)
    while screen(pilot)._due is not None:
        await pilot.pause(0.05)
    await idle(pilot)


def traced(folder: RunFolder, *updates: int) -> None:
    """Checkpoints, and readings by other random weights at each of them."""
    from engine import run

    for update in updates:
        folder.checkpoint(update).touch()
        model = build("lstm", layers=1, dtype="float32", seed=update)
        save_trace(run(model, tokens(9)), folder.probe(update))


@pytest.mark.parametrize("size", SIZES)
async def test_the_headline_says_what_is_trained_and_how_far_it_is(size, tmp_path: Path) -> None:
    async with app(learned.growing(tmp_path / "a")).run_test(size=size) as pilot:
        await settled(pilot)
        head = "\n".join(lines(pilot)[:2])
        for words in ("recall 50", "lstm 64", "lr 0.003", "update 600 of 1000", "nats", "learned"):
            assert words in head
        whole = text(pilot)
        found = screen(pilot).desk.run.metrics.probes[-1].layers[0].time["h"]
        reach = derived.reach(found)
        assert f"reaches {reach.steps} of {reach.of} steps" in whole
        assert "learned at update" in whole
        assert whole.count("chance") == 2


async def test_two_runs_share_their_axes_and_say_what_is_different(tmp_path: Path) -> None:
    runs = learned.growing(tmp_path / "a"), learned.vanishing(tmp_path / "b", 400)
    async with app(*runs).run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        head = lines(pilot)[:3]
        assert "forget bias" not in head[0]
        assert "A forget bias 2" in head[1]
        assert "B forget bias 0" in head[2]
        whole = text(pilot)
        assert "gradient through time A" in whole
        assert "gradient through time B" in whole
        desk = screen(pilot).desk
        assert desk.until == 600
        axes = [line for line in lines(pilot) if "1e1┤" in line]
        assert axes[0].count("1e1┤") == 2  # B alone would have a linear one


async def test_looking_back_shows_everything_as_it_was(tmp_path: Path) -> None:
    folder = learned.growing(tmp_path / "a")
    traced(folder, 0, 100, 200)
    async with app(folder).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        now = text(pilot)
        await press(pilot, "left")
        assert "as of update 200" in text(pilot)
        assert "update 200 of 1000" in text(pilot)
        assert "not learned yet" in text(pilot)
        run = screen(pilot).desk.run
        there = derived.reach(run.probe(200).layers[0].time["h"])
        assert f"reaches {there.steps} of" in text(pilot)
        await press(pilot, "home")
        assert "as of update 0" in text(pilot)
        await press(pilot, "right")
        assert "as of update 100" in text(pilot)
        await press(pilot, "f")
        assert text(pilot) == now


async def test_the_score_is_that_of_the_checkpoint_on_show(tmp_path: Path) -> None:
    folder = learned.growing(tmp_path / "a")
    traced(folder, 0, 100)
    async with app(folder).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "5")
        await settled(pilot)
        newest = text(pilot)
        assert "update 100" in newest
        assert "next word" in newest
        await press(pilot, "left", "left")
        await settled(pilot)
        oldest = text(pilot)
        assert "the probe sequence, read · update 0" in oldest
        assert oldest.splitlines()[5:] != newest.splitlines()[5:]
        await press(pilot, "tab", "up")
        assert "row 7" in text(pilot)
        folder.probe(100).write_bytes(b"no trace")
        await press(pilot, "f")
        for _ in range(100):  # it is read beside the interface
            await settled(pilot)
            if "not a whole peephole file" in text(pilot):
                return
        pytest.fail(text(pilot))


@pytest.mark.parametrize("size", SIZES)
async def test_every_panel_has_a_full_size_and_a_help(size, tmp_path: Path) -> None:
    runs = learned.growing(tmp_path / "a", 200), learned.vanishing(tmp_path / "b", 200)
    async with app(*runs).run_test(size=size) as pilot:
        await settled(pilot)
        for key, kind in enumerate(PANELS, 1):
            await press(pilot, str(key))
            panels = screen(pilot).panels()
            assert {panel.KIND for panel in panels} == {kind}
            assert all(panel.display and panel.size.height > 10 for panel in panels)
            assert screen(pilot).panel in panels
            await press(pilot, "down", "v")
        await press(pilot, "question_mark")
        assert len(pilot.app.screen_stack) == 3
        await press(pilot, "escape", "escape")
        assert len(screen(pilot).panels()) > 2


async def test_a_row_has_its_exact_number(tmp_path: Path) -> None:
    async with app(learned.growing(tmp_path / "a")).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "3", "down", "down", "down")
        norms = screen(pilot).desk.run.metrics.probes[-1].layers[0].time["h"]
        assert f"row 2: |dL/dh| = {norms[2]:.3g}" in text(pilot)
        await press(pilot, "v", "v")
        cells = screen(pilot).desk.run.metrics.probes[-1].layers[0].time["c"]
        assert f"row 2: |dL/dc| = {cells[2]:.3g}" in text(pilot)
        await press(pilot, "2", "down")
        assert "E: gradient" in text(pilot)


async def test_a_run_that_diverged_is_explained(tmp_path: Path) -> None:
    async with app(learned.diverging(tmp_path / "a")).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "diverged at 41" in lines(pilot)[0]
        assert "the gradient became infinite" in text(pilot)
        assert "b branches there" in text(pilot)
        await press(pilot, "left")
        assert "the gradient became infinite" not in text(pilot)


async def test_a_folder_is_followed_as_it_grows(tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "a", updates=40)
    async with app(folder).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "update 40 of 40" in text(pilot)
        folder.append(Update(41, 0.5, 0.5, 0.5, 0.003, 1.0))
        screen(pilot)._look()
        await settled(pilot)
        assert "update 41 of 40" in text(pilot)
        with (folder.path / "metrics.jsonl").open("a") as file:
            file.write("rubbish\n")
        screen(pilot)._look()
        await settled(pilot)
        assert "failed" in text(pilot)
        assert "line" in text(pilot)


@pytest.mark.parametrize("cell", ["gru", "transformer"])
async def test_other_cells_and_watched_runs(cell: str, tmp_path: Path) -> None:
    folder = synthetic(tmp_path / "a", cell=cell, kind="watch")
    empty = synthetic(tmp_path / "b", cell=cell, updates=0)
    async with app(folder, empty).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "update 100" in text(pilot)
        for key in ("k", "b", "c", "r", "a", "k", "b", "r", "4", "5", "6"):
            await press(pilot, key, "escape")


@pytest.mark.parametrize(
    ("form", "size"),
    [("ascii", (80, 24)), ("ascii", (200, 60)), ("few", (120, 40)), ("none", (80, 24))],
)
async def test_every_form(form: str, size, tmp_path: Path) -> None:
    runs = learned.growing(tmp_path / "a"), learned.vanishing(tmp_path / "b", 100)
    traced(runs[0], 0)
    options = {"plain": True} if form == "ascii" else {"colours": form}
    async with app(*runs, **options).run_test(size=size) as pilot:
        await settled(pilot)
        if form == "ascii":
            assert text(pilot).isascii()
        assert "reaches" in text(pilot)
        await press(pilot, "T", "A", "T")
        await pilot.resize_terminal(60, 10)
        await settled(pilot)
        assert "needs" in text(pilot)


@given(st.integers(72, 300), st.integers(14, 90), st.integers(1, 2), st.sampled_from([*PANELS, ""]))
def test_panels_never_overlap_and_fill_the_screen(
    width: int, height: int, runs: int, kind: str
) -> None:
    one = kind != ""
    places = (
        layout.single(kind, width, height, runs) if one else layout.dashboard(width, height, runs)
    )
    taken = set()
    for place in places:
        assert place.width > 0
        assert place.height > 0
        box = {
            (x, y)
            for x in range(place.x, place.x + place.width)
            for y in range(place.y, place.y + place.height)
        }
        assert not box & taken
        taken |= box
    assert max(x for x, _ in taken) == width - 1
    assert max(y for _, y in taken) == height - 1
    assert {i for place in places for i in place.which} == set(range(runs))


EVENTS = 20
LEAVE = {"q", "p", "escape", "c", "b", "r"}  # these leave, write, or start processes
PRESSED = sorted({key for b in KEYS for key in b.key.split(",")} - LEAVE)  # type: ignore[union-attr]
EVENT = st.one_of(
    st.sampled_from([*PRESSED, "T", "A"]), st.tuples(st.integers(1, 240), st.integers(1, 75))
)


@settings(max_examples=2, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(events=st.lists(EVENT, min_size=EVENTS, max_size=EVENTS))
def test_nothing_that_somebody_does_ends_the_screen(events: list) -> None:
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(_live(Path(name), events))


async def _live(path: Path, events: list) -> None:
    runs = learned.growing(path / "a", 200), learned.diverging(path / "b")
    traced(runs[0], 0, 100)
    async with app(*runs).run_test(size=(80, 24)) as pilot:
        for event in events:
            if isinstance(event, tuple):
                await pilot.resize_terminal(*event)
            elif len(pilot.app.screen_stack) == 2:
                await pilot.press(event)
            else:
                await pilot.press("escape")
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        while len(pilot.app.screen_stack) > 2:
            await press(pilot, "escape")
        assert screen(pilot).panels()
