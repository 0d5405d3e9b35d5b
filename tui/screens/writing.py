"""Models that write: what they read, and how they choose what follows; teacher forcing, free running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine import LanguageModel, PeepholeError, write_from
from engine.decoding import MOST, Decoding
from tui.given import ARROW, Given, halves_of, right_of
from tui.lane import Lane
from tui.screens.completing import FORMS
from tui.screens.typing import Typing
from tui.session import Session

if TYPE_CHECKING:  # a view is imported when it is first looked at
    from tui.views.decoding import DecodingView


class Writing(Typing):
    """Reads another source, writes in another way, or has the right target read."""

    def _writers(self) -> list[Lane]:
        """The lanes of pairs whose model is at hand.

        Raises:
            PeepholeError: there is none.
        """
        found = [
            lane for lane in self.session.lanes if lane.source and not lane.whole and lane.model
        ]
        if not found:
            raise PeepholeError(
                "no model here writes a target",
                do="Open one that does, e.g. peephole open spell-gru",
            )
        return found

    def _again(self, change: Callable[[Given], Given]) -> None:
        """Have every lane read what it was given, changed; with what was done to it."""
        session = self.session

        def work() -> list[Lane]:
            made: dict[int, Lane] = {}
            for at, lane in enumerate(session.lanes):
                if lane.model is None:
                    continue
                parent = made.get(id(lane.parent)) if lane.parent is not None else None
                trace = change(Given.of(lane)).read(
                    lane.model, session.interventions(at), parent.trace.id if parent else ""
                )
                made[id(lane)] = Lane(lane.label, trace, lane.model, parent=parent, note=lane.note)
            return list(made.values())

        async def put(lanes: list[Lane]) -> None:
            session.set_lanes(lanes)
            await self.show_session(session)

        self.in_thread(work, put, "read")

    # A source -------------------------------------------------------------------------------------

    def type_source(self, value: str = "") -> None:
        letters, models = self._letters(), self._models()
        what = "a word" if letters else "a source"
        decoding = self.session.decoding

        def given(text: str) -> Given:
            asked = Given.typed(text, decoding)
            for model in models:
                asked.check(model)
            return asked

        def check(text: str) -> None:
            if letters and ARROW[0] not in text:  # a word that is not finished is not known
                given(text)

        def then(text: str) -> None:
            self._open_source(given(text), models)

        about = f"type {what}: Enter reads it · {what} {ARROW} TARGET: teacher forcing · Esc"
        if letters:  # nothing to complete in a letter
            self.ask(about, then, check, value)
            return
        known: list[tuple[str, ...]] = []  # source, target: there once a thread has looked
        self.ask(about, then, check, value, lambda line: known[ARROW in line] if known else ())
        self.in_thread(lambda: halves_of(models[0]), known.extend, "words")

    def _open_source(self, asked: Given, models: Sequence[LanguageModel]) -> None:
        """A new session of the models, played from its first tick."""
        old = self.session

        def work() -> Session:
            session = Session(
                [Lane(model.name, asked.read(model), model) for model in models], "your source"
            )
            session.right = asked.target or right_of(models[0].name, asked)
            session.decoding, session.speed = old.decoding, old.speed
            return session

        async def put(session: Session) -> None:
            await self.show_session(session)
            self.playing(True)

        self.in_thread(work, put, "read")

    # How the target comes ---------------------------------------------------------------------------

    def action_force(self) -> None:
        """Teacher forcing instead of free running, and back."""
        try:
            first = self._writers()[0]
        except PeepholeError as error:
            self.complain(error)
            return
        session, given = self.session, Given.of(first)
        if given.decoding is None:
            session.right = given.target
            self._again(lambda given: given.freely(session.decoding))
            return
        session.decoding = given.decoding
        right = session.right or right_of(first.label, given)
        if right:
            self._again(lambda given: given.forced(right))
        else:
            self.type_source(f"{given.line(first)} {ARROW} ")

    def action_decode(self) -> None:
        """Ask how the words are chosen that the models write."""
        lanes = [lane for lane in self.session.lanes if lane.model is not None and not lane.whole]
        if not lanes:
            self.complain(PeepholeError("no model here writes", do="Open a model with a text"))
            return

        def then(text: str) -> None:
            decoding = Decoding.parse(text)
            self.session.decoding = decoding
            self._again(lambda given: given.freely(decoding))

        about = (
            "how words are chosen: greedy · beam 4 length 0.6 · top-p 0.9 seed 1 · temperature 0.7"
        )
        self.ask(about, then, value=str(self.session.decoding), words=lambda _: FORMS)

    def on_decoding_view_write(self, event: DecodingView.Write) -> None:
        """A reading that writes on from a row, beside the one that it comes from."""
        session, lane, decoding = self.session, event.lane, event.decoding
        model = lane.model
        if model is None:
            self.complain(PeepholeError("this trace has no model", do="Open the model itself"))
            return

        def work() -> Lane:
            most = int(lane.trace.header.decoding.get("most", MOST))
            trace = write_from(model, lane.trace, event.row, decoding, most)
            return Lane(lane.label, trace, model, parent=lane.parent or lane, note=str(decoding))

        async def put(made: Lane) -> None:
            words = " ".join(made.trace.tokens[event.row + 1 :])
            if made.trace.tokens == lane.trace.tokens:  # a lane that says nothing new
                ends = (
                    f"the text ends after row {event.row}: there is nothing to write on from there"
                )
                again = f"the same words again after row {event.row}"
                self.notify(f"{decoding}: {again if words else ends}", title="No other reading")
                return
            session.put_fork(made)
            await self.show_session(session)
            said = words or f"ends after row {event.row}"
            self.notify(f"{decoding}: {said}", title="Both readings · u takes it back")

        self.in_thread(work, put, "fork")
