"""What the user does to runs: pause, step, knobs, a second run, a branch, resume, leave."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

from engine import PeepholeError
from engine.learning.folder import trainer
from tui.learning import making, words
from tui.learning.core import Core
from tui.learning.driver import Driver
from tui.learning.live import LiveRun

AGAIN = 4.0  # seconds in which a second Esc leaves


class Driving(Core):
    """Talks to the workers."""

    _esc = -math.inf  # when Esc was pressed last

    @property
    def driver(self) -> Driver | None:
        """The worker of the run that keys are about, while there is one."""
        driver = self.drivers.get(self.desk.run)
        return driver if driver is not None and driver.pid is not None else None

    def action_go(self) -> None:
        """Pause if anything runs, else go on; with two runs both of them."""
        self.desk.at = None
        working = [
            d for run, d in self.drivers.items() if run in self.desk.runs and d.pid is not None
        ]
        if not working:
            return
        running = any(driver.run.state in ("running", "starting") for driver in working)
        for driver in working:
            driver.send("pause" if running else "go")

    def action_step(self) -> None:
        """One update of every run that is paused; what runs is paused first."""
        self.desk.at = None
        for run in self.desk.runs:
            driver = self.drivers.get(run)
            if driver is not None and driver.pid is not None:
                driver.send("step", n=1)

    def action_knobs(self) -> None:
        run, driver = self.desk.run, self.driver
        if driver is None:
            self.complain(PeepholeError("its process has ended", do="r resumes it"))
            return
        from tui.learning.dialogs.knobs import KnobsDialog

        def answer(new: dict[str, Any] | None) -> None:
            if new:
                driver.send("set", **new)

        letter = f" of {run.letter}" if len(self.desk.runs) > 1 else ""
        question = f"Knobs{letter}, from the next update on"
        recipe = run.knobs(run.newest)
        self.app.push_screen(KnobsDialog(recipe, question, "from the next update on"), answer)

    def action_other(self) -> None:
        self.desk.active = (self.desk.active + 1) % len(self.desk.runs)
        self.draw()

    # A second run ---------------------------------------------------------------------------------

    def action_compare(self) -> None:
        run = self.desk.run
        if run.task is None:
            self.complain(
                PeepholeError(
                    "a watched run is trained elsewhere", do="peephole watch RUN OTHER compares"
                )
            )
            return
        from tui.learning.dialogs.setting import Setting, SettingDialog

        def answer(setting: Setting | None) -> None:
            if setting is not None:
                self.run_worker(self._beside(run, setting), exclusive=True, group="beside")

        self.app.push_screen(SettingDialog(making.setting_of(run), beside=True), answer)

    async def _beside(self, run: LiveRun, setting: Any) -> None:
        try:
            made = LiveRun(making.create(setting, like=run.folder))
        except PeepholeError as error:
            self.complain(error)
            return
        await self.put([run, made], drive=made)

    def action_branch(self) -> None:
        """A new run from the checkpoint on show, beside the one that it came from."""
        run = self.desk.run
        update = run.checkpoint(self.desk.shown(run))
        if update is None:
            self.complain(
                PeepholeError("there is no checkpoint to branch from yet", do="Wait for one")
            )
            return
        from tui.learning.dialogs.knobs import KnobsDialog

        def answer(new: dict[str, Any] | None) -> None:
            if new is not None:
                self.run_worker(self._branch(run, update, new), exclusive=True, group="beside")

        when = f"from update {update} on, as a run of its own"
        question = f"Branch from update {update} with other knobs"
        self.app.push_screen(KnobsDialog(run.knobs(update), question, when, same=True), answer)

    async def _branch(self, run: LiveRun, update: int, new: dict[str, Any]) -> None:
        try:
            made = LiveRun(making.branch(run, update, new))
        except PeepholeError as error:
            self.complain(error)
            return
        await self.put([run, made], drive=made)

    # Resuming and leaving -------------------------------------------------------------------------

    @property
    def resumable(self) -> bool:
        """Whether the run that keys are about has updates left, and no process of ours."""
        run = self.desk.run
        left = run.folder.config.kind == "learn" and run.newest < run.total
        return left and self.driver is None

    async def action_resume(self) -> None:
        run = self.desk.run
        if not self.taken(run):
            self.desk.at = None
            await self.drive(run)

    def taken(self, run: LiveRun) -> bool:
        """Whether another process trains a run; then it is followed, and that is said."""
        who = trainer(run.folder)
        if who:
            self.follow(run)
            self.notify(f"Followed here: {who} trains {run.name} already", timeout=8, markup=False)
        return bool(who)

    async def action_leave(self) -> None:
        """From a full-size panel to the dashboard; from there back to home, the workers stopped.

        Where there is no home to go back to, only a second time: Esc is pressed to be rid of things.
        """
        if self.full:
            self.full = ""
            self.settle()
            self.call_after_refresh(self.draw)
            return
        if len(self.app.screen_stack) <= 2:
            before, self._esc = self._esc, time.monotonic()
            if self._esc - before < AGAIN:
                await self.app.action_quit()
            else:
                self.notify("Esc again leaves, as q does; the run is saved", timeout=AGAIN)
            return
        await self.leaving()
        for line in self.app.parting:
            self.app.notify(line, timeout=8, markup=False)
        self.app.pop_screen()

    async def leaving(self) -> None:
        """Have all workers write their checkpoints and end."""
        await self.stop(list(self.drivers))

    async def stop(self, runs: list[LiveRun]) -> None:
        """Have workers write their checkpoints and end; how to go on with them is said at last."""
        drivers = [self.drivers.pop(run) for run in runs]
        for driver in drivers:
            if driver.pid is not None:
                driver.run.state = "saving"
        self.draw()
        await asyncio.gather(*(driver.stop() for driver in drivers))
        for run in runs:
            line = f"saved; {words.resume(run)} goes on with it"
            if run.state != "done" and line not in self.app.parting:
                self.app.parting.append(line)
