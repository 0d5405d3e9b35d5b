"""The screen as a terminal sees it: first frame, bytes per step, idling, long texts, memory."""

from __future__ import annotations

import statistics
import time

from tests.benchmarks.terminal import Terminal
from tests.benchmarks.timing import Figure

BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("first frame")
Bare().run()
"""
TEXT = "the keys to the cabinet that the teacher near the house liked were old ."
COMMAND = "import sys; sys.argv = ['peephole', *{}]; from tui.cli import main; main()"
SESSION = """
import scenarios.zoo as zoo
from tui.app import launch
from tui.session import Session
words = ({text!r}.split() * 1000)[: {rows} - 1]
session = Session.read([zoo.model({model!r})], words)
session.show({shown})
launch(session)
"""
DOWN, PAUSE = "\x1b[B", " "
FRAMES, STEPS, IDLE = 7, 9, 4.0


def session(model: str, rows: int, shown: int) -> str:
    """Code that shows a session of `rows` rows of which `shown` are read."""
    return SESSION.format(text=TEXT, rows=rows, model=model, shown=shown)


def first_frame() -> list[Figure]:
    """Start of the process until the first text is painted, against an app of one Static."""
    seconds: dict[str, list[float]] = {"bare": [], "home": [], "open": []}
    ways = {
        "bare": (BARE, "first frame"),
        "home": (COMMAND.format("[]"), "Look inside"),
        "open": (COMMAND.format(["open", "lstm", TEXT]), "<s>"),
    }
    for turn in range(FRAMES + 1):
        for name, (code, marker) in ways.items():
            with Terminal(code) as terminal:
                took = terminal.wait_for(marker)
            if turn:  # the first turn compiles and fills the caches
                seconds[name].append(took)
    bare = statistics.median(seconds["bare"])
    return [
        Figure(
            f"first frame, {what} / bare Textual app",
            f"{statistics.median(seconds[name]) * 1e3:.0f} ms",
            f"{bare * 1e3:.0f} ms",
            statistics.median(seconds[name]) / bare,
            1.5,
        )
        for name, what in (("home", "home"), ("open", "open lstm"))
    ]


def steps(model: str, rows: int, shown: int) -> tuple[list[float], list[int]]:
    """Seconds and bytes of each of STEPS steps forward, each reading one more row."""
    with Terminal(session(model, rows, shown)) as terminal:
        terminal.wait_for("<s>" if shown < 30 else TEXT.split()[-2])
        terminal.frame(quiet=1.0)
        pairs = [terminal.frame(DOWN) for _ in range(STEPS)]
    return [took for took, _ in pairs], [size for _, size in pairs]


def bytes_per_step() -> list[Figure]:
    """Bytes of a step forward at 120 x 40 in true colour: the median step and the largest.

    In a sentence, and further down a text, where every row of the screen is full and follows the cursor.
    """
    figures = []
    for model, rows, shown, where in (
        ("lstm", 20, 4, "a sentence"),
        ("transformer", 20, 4, "a sentence"),
        ("lstm", 80, 60, "a full screen"),
    ):
        sizes = steps(model, rows, shown)[1]
        figures.append(
            Figure(
                f"bytes a step forward, {model}, {where}",
                f"most {max(sizes)}",
                "",
                statistics.median(sizes) / 1000,
                4,
                "kB",
            )
        )
    return figures


def long_text() -> list[Figure]:
    """From the key to the last byte of the new frame, near the end of 10,000 rows and of 20.

    Beyond 512 rows the gradient is not drawn at each step but once the cursor rests, so the long text
    has less to do in a step.
    """
    long, short = steps("lstm", 10_000, 9_985)[0], steps("lstm", 20, 5)[0]
    return [
        Figure(
            "step to paint, 10,000 rows / 20 rows",
            f"{statistics.median(long) * 1e3:.1f} ms",
            f"{statistics.median(short) * 1e3:.1f} ms",
            statistics.median(long) / statistics.median(short),
            1.2,
        )
    ]


def idle(terminal: Terminal) -> tuple[int, float, int]:
    """Bytes, processor seconds and wake-ups of IDLE seconds in which nobody presses a key."""
    terminal.frame(quiet=2.0)
    cpu, wakeups, size = terminal.cpu(), terminal.wakeups(), 0
    end = time.perf_counter() + IDLE
    for _, data in terminal.chunks(IDLE, IDLE):
        size += len(data)
    time.sleep(max(0.0, end - time.perf_counter()))
    return size, terminal.cpu() - cpu, terminal.wakeups() - wakeups


def idle_and_memory() -> list[Figure]:
    """What a paused score costs in IDLE seconds, and its memory after it was played to the end.

    Textual's own driver looks for input ten times a second, so the processor is held to a bare app's.
    """
    with Terminal(BARE) as terminal:
        terminal.wait_for("first frame")
        _, bare_cpu, bare_wakeups = idle(terminal)
    with Terminal(COMMAND.format(["open", "lstm", TEXT])) as terminal:
        terminal.wait_for("<s>")
        terminal.press("...")  # faster
        terminal.frame(quiet=2.0)  # played to the end
        played = terminal.megabytes()
        size, cpu, wakeups = idle(terminal)
    return [
        Figure(f"bytes in {IDLE:g} s of idling", str(size), "", size, 0, "B"),
        Figure(
            f"wake-ups in {IDLE:g} s of idling / bare app",
            f"{wakeups} {cpu:.2f} s",
            f"{bare_wakeups} {bare_cpu:.2f} s",
            wakeups / bare_wakeups,
            1,
        ),
        Figure("memory of a playback session", f"{played:.1f} MB", "", played, 60, "MB"),
    ]


def main() -> list[Figure]:
    """All of them; a terminal of 120 x 40 in true colour that answers as a current one."""
    return [*first_frame(), *bytes_per_step(), *idle_and_memory(), *long_text()]
