"""What the user does to models and files: forks, other models, breaks, saving."""

from __future__ import annotations

from pathlib import Path

from engine import CutEdge, CutHead, Hold, PeepholeError
from engine.edits import EditAttention
from engine.interventions import Intervention
from tui.given import Given, readers
from tui.lane import Lane
from tui.reading import CROSS
from tui.screens.core import Core
from tui.screens.saving import save_as, save_picture
from tui.session import MOST
from tui.tracks.attention import AttentionTrack
from tui.tracks.heads import HeadsTrack
from tui.tracks.units import UnitsTrack


class Doing(Core):
    """Interventions with both branches on the screen, lanes, breaks and files."""

    # Interventions --------------------------------------------------------------------------------

    def fork(self, *items: Intervention) -> None:
        """Do something to the lane in focus; the fork appears beside it."""
        index, session = self.index, self.session

        async def put(made: Lane) -> None:
            session.put_fork(made)
            await self.show_session(session)
            self.notify(f"{made.label}: {made.cut}", title="Both readings · u takes it back")

        self.in_thread(lambda: session.forked(index, *items), put, "fork")

    def action_hold(self, value: int) -> None:
        track, row = self.score.focused, self.session.cursor
        if isinstance(track, UnitsTrack):
            gate = track.value in track.lane.trace.header.gates
            if value and not gate:
                self.complain(
                    PeepholeError(f"{track.value} is no gate to open", do="- holds it at 0")
                )
                return
            self.fork(Hold(track.value, float(value), track.layer_index))
        elif isinstance(track, AttentionTrack) and not value:
            key = track.chosen()
            if key is None or key == row:
                self.complain(
                    PeepholeError("a row always sees itself", do="Choose another row with ←")
                )
                return
            self.fork(CutEdge(row, key, track.looked_in, track.head))
        elif isinstance(track, AttentionTrack):
            key = track.chosen()
            if key is not None:
                of = "cross_weights" if track.look == CROSS else "weights"
                self.fork(
                    EditAttention(
                        "only", key, track.looked_in, track.head, of, start=row, stop=row + 1
                    )
                )
        else:
            self.complain(
                PeepholeError("nothing to hold here", do="Go to a state or a gate with Tab")
            )

    def action_cut(self) -> None:
        track = self.score.focused
        if isinstance(track, UnitsTrack):
            unit = min(self.session.unit, track.width_units - 1)
            self.fork(Hold(track.value, 0.0, track.layer_index, (unit,)))
        elif isinstance(track, HeadsTrack | AttentionTrack):
            head = self.session.head
            if head is None:
                self.complain(PeepholeError("no head is chosen", do="Choose one with { or }"))
                return
            look = track.lane.look(self.session.cursor, self.session.which)
            of = "cross_context" if look == CROSS else "context"
            self.fork(CutHead(track.layer_index, min(head, track.lane.heads - 1), of))
        else:
            self.complain(
                PeepholeError("nothing to cut here", do="Go to a unit or to attention with Tab")
            )

    def action_intervene(self) -> None:
        self._intervene("hold")

    def action_replace(self) -> None:
        self._intervene("replace")

    def _intervene(self, kind: str) -> None:
        lane, track = self.lane, self.score.focused
        if lane.model is None:
            self.complain(
                PeepholeError(
                    "this trace has no model to run again",
                    do="Open the model: peephole open MODEL TEXT",
                )
            )
            return
        from tui.dialogs.intervene import InterveneDialog

        self.playing(False)
        dialog = InterveneDialog(
            lane.model,
            lane.trace,
            min(self.session.cursor, len(lane) - 1),
            layer=track.layer_index if track is not None else lane.layers - 1,
            unit=min(self.session.unit, lane.model.architecture.width - 1),
            head=self.session.head or 0,
            kind=kind,
            name=track.value if isinstance(track, UnitsTrack) else "",
        )
        self.app.push_screen(dialog, lambda item: None if item is None else self.fork(item))

    async def action_undo(self) -> None:
        if self.session.undo():
            await self.show_session(self.session)
        else:
            self.notify("Nothing to take back")

    # Models ---------------------------------------------------------------------------------------

    def read_with(self, names: list[str], keep: list[Lane]) -> None:
        """Show lanes that are there, and more models that are given the same."""
        session, given = self.session, Given.of(self.session.lanes[0])

        def work() -> list[Lane]:
            from scenarios import zoo

            models = [zoo.model(name) for name in names]
            read = [
                Lane(name, given.read(model), model)
                for name, model in zip(names, models, strict=True)
            ]
            return [*keep, *read]

        async def put(lanes: list[Lane]) -> None:
            session.set_lanes(lanes)
            await self.show_session(session)

        self.in_thread(work, put, "models")

    def action_beside(self) -> None:

        lanes = self.session.lanes
        names = [name for name in readers(lanes[0].label) if name != lanes[0].label]
        shown = lanes[1].label if len(lanes) > 1 and not lanes[1].cut else ""
        ordered = [*names[::-1], ""]  # the Transformer first, after the last one none
        if not names:
            self.notify("No other model reads this")
            return
        following = ordered[(ordered.index(shown) + 1) % len(ordered)] if shown else ordered[0]
        self.read_with([following] if following else [], lanes[:1])

    def action_models(self) -> None:
        from scenarios import zoo
        from tui.dialogs.models import ModelsDialog

        self.playing(False)
        names = readers(self.session.lanes[0].label)
        about = {name: zoo.entry(name).title for name in names}
        chosen = [lane.label for lane in self.session.lanes if lane.label in about]

        def answer(names: tuple[str, ...] | None) -> None:
            if names:
                self.read_with(list(names), [])

        self.app.push_screen(ModelsDialog(about, chosen, MOST), answer)

    # Jumps and breaks -----------------------------------------------------------------------------

    def action_jump(self) -> None:
        from tui.dialogs.jump import JumpDialog

        self.playing(False)
        self.app.push_screen(
            JumpDialog(self.session.tokens, self.session.cursor),
            lambda row: None if row is None else self.go(row),
        )

    def action_break(self) -> None:
        from tui.dialogs.condition import ConditionDialog

        lane = self.lane

        def answer(condition: object) -> None:
            if condition is not None:
                self.session.add_break(condition)  # type: ignore[arg-type]
                self.say()

        self.app.push_screen(
            ConditionDialog(lane.trace, self.session.cursor, lookup=lane.lens), answer
        )

    def action_unbreak(self) -> None:
        self.session.breaks.clear()
        self.say()

    # Files ----------------------------------------------------------------------------------------

    def action_save_trace(self) -> None:
        lane = self.lane

        def save(path: Path) -> None:
            from engine import save_trace
            from engine.lenses.record import record

            if lane.model is not None:
                record(lane.model, lane.trace)
            save_trace(lane.trace, path)

        save_as(self, f"the trace of {lane.name}", f"{self._stem(lane)}.safetensors", save)

    def action_save_picture(self) -> None:
        save_picture(self, f"{self._stem(self.lane)}.svg")

    @staticmethod
    def _stem(lane: Lane) -> str:
        label = "".join(c if c.isalnum() else "-" for c in lane.label)
        return f"peephole-{label}-{lane.trace.id[:6]}"
