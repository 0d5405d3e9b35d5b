"""What is wrong with a run, by its own numbers, and what to do: the diagnosis, and what happened."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.diagnosis import Finding, diagnose
from engine.learning.metrics import Metrics
from tui.learning.live import LiveRun
from tui.learning.panels.base import Lines, Panel, Words
from tui.views.plain import shown

SMALL = 4  # lines up to which there is one line a run and no title


class FindingsPanel(Panel):
    """Findings with their evidence and advice; below them what happened to the run."""

    KIND, NUMBER, NAME = "findings", "6", "diagnosis"
    HELP = """\
# Diagnosis

The symptom table of training recurrent networks, applied to what was measured: each finding names its
**evidence** with the numbers, and what helps. A healthy run has none.

Below: what happened to the run - knobs that were changed, where it was resumed, branched or diverged.

When a run has **diverged**, nothing of it is lost: go back with ←, and branch there with `b` and a smaller
learning rate or harder clipping.
"""
    DEFAULT_CSS = """
    FindingsPanel VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    FindingsPanel Static { height: auto; width: 1fr; padding: 0 1; }
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[str, tuple[tuple[int, int, int], list[Finding]]] = {}

    def body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static(markup=False)

    def title(self) -> str:
        found = sum(len(self.findings(run)) for run in self.runs)
        said = f"{found} finding{'s' if found > 1 else ''}" if found else "nothing found"
        return f"{self.NAME} · {said}"

    def findings(self, run: LiveRun) -> list[Finding]:
        """The diagnosis of what there was at the update on show; computed once a probe."""
        probes = run.probes(self.desk.shown(run))
        last = probes[-1].update if probes else 0
        diverged = run.diverged(self.desk.shown(run)) is not None
        key = (last, len(run.metrics.events), int(diverged))
        if self._known.get(run.letter, (None,))[0] != key:
            self._known[run.letter] = (key, diagnosis(run, self.desk.shown(run)))
        return self._known[run.letter][1]

    def draw(self) -> None:
        small = self.size.height <= SMALL
        self.query_one("#title", Lines).display = not small
        self.query_one("#words", Lines).display = False
        ascii = self.palette.ascii
        self.query_one(VerticalScroll).styles.scrollbar_size_vertical = int(not (ascii or small))
        words = self.query_one(Static)
        words.styles.text_wrap = "nowrap" if small and len(self.runs) > 1 else "wrap"
        words.styles.text_overflow = "clip" if ascii else "ellipsis"
        parts = [self._brief(run) if small else self._full(run) for run in self.runs]
        for part in parts if ascii and small and len(parts) > 1 else ():
            part.truncate(self.size.width - 3, overflow="ellipsis")  # which is "..": two columns
        text = Text("\n").join(parts)
        words.update(shown(self.palette, text))

    def _letter(self, run: LiveRun) -> str:
        return f"{run.letter} " if len(self.desk.runs) > 1 else ""

    def _brief(self, run: LiveRun) -> Text:
        """The worst, in one line or two: what it is, the evidence if there is room, and the advice."""
        look, letter = self.palette.look, self._letter(run)
        diverged = run.diverged(self.desk.shown(run))
        found = self.findings(run)
        if diverged is not None:
            advice = (
                f"← goes back, b branches there: {found[0].advice if found else diverged.message}"
            )
            words = f"{letter}✗ diverged at update {diverged.update + 1} (6). "
            return Text.assemble((words, f"bold {look.bad}"), (advice, look.text))
        if self._ended(run):
            return Text(f"{letter}✗ {self._message(run)}", look.bad)
        if not found:
            return Text(f"{letter}{self._calm(run)}", look.muted)
        first = found[0]
        more = f" (6: {len(found) - 1} more)" if len(found) > 1 else " (6)"
        text = Text.assemble((f"{letter}! {first.symptom}{more}: ", f"bold {look.bar}"))
        if len(self.runs) == 1:
            text.append(f"{first.evidence}. ", look.text)
        return text.append(first.advice, look.good)

    @staticmethod
    def _ended(run: LiveRun) -> bool:
        """Whether something other than the training ended its process, and what is known."""
        return bool(run.message) and run.state in ("failed", "died")

    @staticmethod
    def _message(run: LiveRun) -> str:
        """What is known, without the folder, whose path may be longer than there is room."""
        return run.message.replace(f"{run.path}/", "")

    @staticmethod
    def _calm(run: LiveRun) -> str:
        if not run.metrics.probes:
            return "nothing was measured yet"
        return "no symptom in what was measured so far"

    def _full(self, run: LiveRun) -> Text:
        look, text = self.palette.look, Text()
        if self._letter(run):
            text.append(f"{run.letter} {run.name}\n", f"bold {look.primary}")
        diverged = run.diverged(self.desk.shown(run))
        if diverged is not None:
            text.append(f"✗ diverged at update {diverged.update + 1}: ", f"bold {look.bad}")
            text.append(f"{diverged.message}\n", look.text)
            back = diverged.details.get("back", 0)
            text.append(f"  ← goes back (to update {back}, before it grew), b branches there with other "
                        "knobs. Space tries this update again.\n", look.good)  # fmt: skip
        elif self._ended(run):
            text.append(f"✗ {self._message(run)}\n", f"bold {look.bad}")
        for finding in self.findings(run):
            text.append(f"! {finding.symptom}: ", f"bold {look.bar}")
            text.append(f"{finding.evidence}\n", look.text)
            text.append(f"  → {finding.advice}\n", look.good)
        if not self.findings(run) and diverged is None and not self._ended(run):
            text.append(f"✓ {self._calm(run)}\n", look.muted)
        events = [
            e for e in run.metrics.events if e.update <= self.desk.shown(run) and e is not diverged
        ]
        room = 20 if self.desk.full else 3 if len(self.runs) == 1 else 0
        for event in reversed(events[-room:] if room else []):
            text.append(f"  update {event.update}: {event.message or event.event}\n", look.muted)
        text.rstrip()
        return text

    def words(self) -> Words:
        return []


def diagnosis(run: LiveRun, until: int) -> list[Finding]:
    """The findings of a run as it was at an update."""
    metrics = run.metrics
    if until < run.newest:
        metrics = Metrics()
        for record in run.metrics.until(until):
            metrics.add(record)
    return diagnose(metrics)
