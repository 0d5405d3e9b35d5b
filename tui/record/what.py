"""What is recorded: a scenario, models that read a text, a trace, or runs of training; each as an app."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from engine import PeepholeError
from engine.errors import did_you_mean
from engine.learning.folder import is_run
from engine.storage import content_of, load_trace
from scenarios import readers, shelf, zoo
from scenarios.measures.steps import untimed
from scenarios.script import Scenario
from tui import start
from tui.app import PeepholeApp
from tui.export.what import is_scenario
from tui.palette import Colours
from tui.start import of_scenario

Theme = Literal["dark", "light", "safe"]
Press = tuple[str, str | None]  # a key's name in Textual, and the letter that it types
RUNS = 2  # side by side


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes:
        what: a scenario or its file, a model, a saved trace, or the folder of a run.
        text: what a model reads.
        beside: further models that read it, or a second run.
        target, decode, most: as in `peephole open`.
        press: keys, one after the other.
    """

    what: str
    text: str | None = None
    beside: tuple[str, ...] = ()
    target: str | None = None
    decode: str | None = None
    most: int | None = None
    press: tuple[Press, ...] = ()


@dataclass(frozen=True)
class Subject:
    """An app that shows what was asked for.

    Attributes:
        title: for people.
        script: whose beats are played; None where keys are pressed.
    """

    app: PeepholeApp
    title: str
    script: Scenario | None = None


def subject(
    asked: Asked, theme: Theme, plain: bool, colours: Colours, bare: bool = False
) -> Subject:
    """The app for what was asked for; `bare` is without the line of keys and what it could show more.

    Raises:
        PeepholeError: there is nothing of that name, or it does not go with the rest.
    """
    look: dict[str, Any] = {"plain": plain, "colours": colours}
    path = readers.run_folder(asked.what)
    if is_run(path):
        made = _runs(asked, look)
    elif os.path.isfile(path) and content_of(path) == "trace":
        _only(asked, "a trace has its text already", "text", "beside", "target", "decode", "most")
        session = start.of_trace(load_trace(path))
        made = Subject(PeepholeApp(session, **look), path.stem)
    elif asked.text is not None and not is_scenario(asked.what):
        made = _reading(asked, look)
    else:
        made = _scenario(asked, look)
    made.app.theme = f"peephole-{theme}"
    made.app.set_class(bare, "-bare")
    return made


def _scenario(asked: Asked, look: dict[str, Any]) -> Subject:
    named = asked.what in zoo.names() and asked.what not in shelf.bundled()
    if named or asked.what.endswith(".safetensors"):
        zoo.model(asked.what)  # says what is wrong with a file
        raise PeepholeError(
            f"{asked.what} is a model, and reads nothing here",
            do=f'Give it a text: peephole record {asked.what} "the cats were happy ."',
        )
    script = shelf.find(asked.what)
    _only(asked, "a scenario takes no text", "text")
    _only(asked, "a scenario says itself what is read", "beside", "target", "decode", "most")
    _only(asked, "a scenario is played beat by beat, not by keys", "press")
    app = PeepholeApp(of_scenario(script), script, **look)  # what is wrong is told before it runs
    return Subject(app, script.title, script)


def _reading(asked: Asked, look: dict[str, Any]) -> Subject:
    from engine.decoding import Decoding
    from tui.headless.reading import target_given

    target_given(asked.target)
    decoding = Decoding.parse(asked.decode) if asked.decode is not None else None
    models = [zoo.model(name) for name in (asked.what, *asked.beside)]
    session = start.of_text(models, asked.text or "", asked.target, decoding, asked.most)
    app = PeepholeApp(session, start="" if asked.press else "play", **look)
    names = " + ".join(model.name for model in models)
    return Subject(app, f"{names}: {asked.text}")


def _runs(asked: Asked, look: dict[str, Any]) -> Subject:
    from tui.learning.screen import RunScreen

    _only(asked, "a run has its own probe to read", "text", "target", "decode", "most")
    paths = [readers.run_folder(name) for name in (asked.what, *asked.beside)]
    if len(paths) > RUNS:
        raise PeepholeError(f"only {RUNS} runs stand side by side")
    app = PeepholeApp(first=RunScreen.open(paths, drive=False), **look)
    return Subject(app, " + ".join(path.name for path in paths))


def _only(asked: Asked, why: str, *names: str) -> None:
    """Refuse what was said beside something that it does not go with."""
    said = next((name for name in names if getattr(asked, name) not in (None, ())), None)
    if said is not None:
        shown = {"text": "TEXT", "press": "--keys"}.get(said, f"--{said}")
        raise PeepholeError(
            f"{why}: {shown} does not go with it", where=asked.what, do="Leave it out"
        )


def keys(words: str) -> tuple[Press, ...]:
    """Keys that are to be pressed, by their names with blanks between, e.g. `end up 2`.

    Raises:
        PeepholeError: there is no key of that name.
    """
    from textual.keys import Keys, _character_to_key

    known = {key.value for key in Keys if not key.value.startswith("<")} | {"space"}
    pressed: list[Press] = []
    for word in words.split():
        name = word.lower()
        if len(word) == 1:
            pressed.append((_character_to_key(word), word))
        elif name in known:
            pressed.append((name, " " if name == "space" else None))
        else:
            nearest = did_you_mean(name, sorted(known))
            raise PeepholeError(f"no key is called {word!r}", where="--keys", do=nearest)
    return tuple(pressed)


def beats(words: str | None, script: Scenario | None) -> Sequence[int]:
    """Numbers of a scenario's beats, e.g. `2-4`, `3` or `5-`; all without words.

    Raises:
        PeepholeError: they are none, or there are not so many.
    """
    if script is None:
        if words is not None:
            raise PeepholeError("only a scenario has beats", where="--beats")
        return ()
    count = len(script.beats)
    begin, dash, end = (words or "-").replace(" ", "").partition("-")
    try:
        first = int(begin or 1)
        last = int(end or count) if dash else first
    except ValueError:
        raise PeepholeError(f"{words!r} are no beats", where="--beats", do='As "2-4"') from None
    if not 1 <= first <= last <= count:
        raise PeepholeError(f"there are beats 1 to {count}, not {words}", where="--beats")
    return range(first, last + 1)


@contextmanager
def terminal() -> Iterator[None]:
    """A terminal with all colours, whatever the recording runs in; and no measure asks a clock."""
    kept = dict(os.environ)
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    try:
        with untimed():
            yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
