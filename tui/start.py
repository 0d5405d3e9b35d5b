"""Starting the screen from the command line; textual is imported only where it can be shown."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine import PeepholeError

if TYPE_CHECKING:
    from engine import LanguageModel, Trace
    from engine.decoding import Decoding
    from scenarios.script import Scenario
    from tui.app import Start
    from tui.session import Session


def only_ascii(environ: Mapping[str, str] = os.environ, encoding: str | None = None) -> bool:
    """Whether to begin in ASCII: PEEPHOLE_ASCII says so, or the locale or stdout is not UTF-8.

    Where no locale is named at all, as in most containers, the terminal most often knows UTF-8.
    Python itself names C.UTF-8 in place of C (PEP 538), so stdout's encoding alone does not tell.
    """
    wish = environ.get("PEEPHOLE_ASCII")
    if wish:
        return wish != "0"
    named = [environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if not named[0] and named[1] in ("C.UTF-8", "C.utf8", "UTF-8") and named[2] in ("C", "POSIX"):
        named[1] = ""  # as PEP 538 leaves it
    locale = next(filter(None, named), "UTF-8")
    encoding = encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
    return any("UTF8" not in name.upper().replace("-", "") for name in (locale, encoding))


def quick() -> None:
    """Look for no garbage until the first frame: imports leave none, and looking is an eighth of a start."""
    gc.disable()


def has_terminal() -> bool:
    """Whether a screen could be shown, and keys read."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def terminal() -> None:
    """See that there is one.

    Raises:
        PeepholeError: there is none.
    """
    if not has_terminal():
        raise PeepholeError(
            "the screen needs a terminal",
            do="Without one, use `peephole run`, `record`, `export`, `check`, `list`, `card` or `train`",
        )


def screen(
    session: Callable[[], Session] | None = None,
    scenario: Scenario | None = None,
    begin: Start = "",
) -> None:
    """Run the app until it is left, and end the process with its code.

    Raises:
        PeepholeError: there is no terminal.
    """
    terminal()
    quick()
    from tui.app import launch

    sys.exit(launch(session() if session else None, scenario, start=begin))


def of_text(
    models: Sequence[LanguageModel],
    text: str,
    target: str | None = None,
    decoding: Decoding | None = None,
    most: int | None = None,
) -> Session:
    """A session of models that read a text, or a source; of a pair's without one, an example.

    Args:
        models: who reads.
        text: what is read.
        target: words that a model of pairs reads as its own (teacher forcing); None: it writes them.
        decoding: how words are chosen that are written; None is greedy for models of pairs, and that
            nothing is written for language models.
        most: how many words are written at most.

    Raises:
        UnknownWords: naming all words that a model does not know.
        PeepholeError: a target for a model that writes none, or a decoding for one.
    """
    from engine.decoding import GREEDY, MOST
    from engine.models import reads
    from tui.given import Given, example, right_of
    from tui.lane import Lane
    from tui.session import Session

    pairs = any(reads(model.architecture) == "source" for model in models)
    if target is not None and not pairs:
        raise PeepholeError(
            f"{models[0].name} writes no target", do="Give a target to a model that reads pairs"
        )
    for model in models:
        if decoding is not None and reads(model.architecture) == "whole":
            raise PeepholeError(f"{model.name} only reads", do="It cannot write on")
    if pairs and target is None and decoding is None:
        decoding = GREEDY
    given = Given(
        text if text.strip() or not pairs else example(models[0]),
        tuple((target or "").split()),
        decoding,
        most or MOST,
    )
    for model in models:
        given.check(model)
    lanes = [Lane(model.name, given.read(model), model) for model in models]
    session = Session(lanes, "a source" if pairs else "free text")
    session.decoding = decoding or session.decoding
    if pairs:
        session.right = given.target or right_of(models[0].name, given)
    return session


def of_run(path: Path, update: int | None = None) -> Session:
    """A session in which a run's network, as it was after an update, reads the run's probe.

    Raises:
        PeepholeError: it is no run of a task, or kept no such checkpoint.
    """
    from engine import run
    from scenarios import readers
    from tui.lane import Lane
    from tui.session import Session

    model, note, _, task = readers.checkpoint(path, update)
    assert task is not None  # a run's
    lane = Lane(model.name, run(model, task.probe_tokens()), model, note=note)
    lane.run, lane.update = path, model.card["updates"]
    lane.answers = task.probe_answers()
    session = Session([lane], "probe of a run")
    session.show(session.rows)
    return session


def of_trace(trace: Trace) -> Session:
    """A session of a saved trace, with its model where that is one of the bundled ones."""
    from scenarios import zoo
    from tui.lane import Lane
    from tui.session import Session

    try:
        model = zoo.model(trace.header.model)
    except PeepholeError:  # a trace is enough to draw it; only new lenses need its model
        model = None
    known = model is not None and model.digest == trace.header.digest
    session = Session([Lane(trace.header.model, trace, model if known else None)], "saved trace")
    session.show(session.rows)  # it stands complete, as it was saved
    return session


def of_scenario(scenario: Scenario) -> Session:
    """What stands on the screen until the first beat's lanes have been run."""
    from scenarios.play import Play
    from tui.lane import Lane
    from tui.session import Session

    lanes = [Lane(lane.label, lane.trace, lane.model) for lane in Play(scenario).stage(0).lanes]
    return Session(lanes, scenario.title)


def of_models(names: list[str], text: str) -> Session:
    """Bundled models that read a text."""
    from scenarios import zoo

    return of_text([zoo.model(name) for name in names], text)
