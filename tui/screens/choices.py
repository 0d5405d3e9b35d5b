"""What home offers: scenarios, models, and sentences, each as one searchable line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from textual.fuzzy import FuzzySearch

from engine import PeepholeError, UnknownWords, Vocabulary, tokenize
from scenarios import corpus, shelf, zoo
from scenarios.samples import sample
from scenarios.script import Scenario
from tui.guest import visitor
from tui.screens.recent import recent

ALSO = {"train": "train learn"}  # what else one may call a kind
RUNS = 5  # of the runs that are listed
Kind = Literal["tour", "scenario", "model", "text", "train", "run"]

PACKAGE = 20  # letters of a package's name in the list


@dataclass(frozen=True)
class Choice:
    """One thing to open.

    Attributes:
        kind: the tour to take, a scenario to play, a model to type for, a text to read, a task to train
            a network on, or a run that was trained here.
        name: of the scenario, the model or the task; the text itself for a text; a run's folder.
        title, about, size: for the list; `size` is beats, parameters, tokens or a length.
        enter: what Enter does, in words.
        problem: why it cannot be opened; "" when it can.
        group: the heading that it is listed under.
        when: the year that it is of.
    """

    kind: Kind
    name: str
    title: str
    about: str
    size: str
    enter: str
    problem: str = ""
    group: str = ""
    when: str = ""


def tour() -> list[Choice]:
    """The tour, and how far one is; nothing where its file cannot be read."""
    from scenarios.tour import course
    from tui.tour.progress import load
    from tui.tour.standing import standing, upcoming

    try:
        whole = course()
    except PeepholeError:  # `peephole check tour` says what is wrong
        return []
    if not whole.chapters:
        return []
    known = load()
    chapter = upcoming(whole, known)
    place = f"chapter {chapter.number} of {len(whole)}"
    first, last = whole.years
    about = f"{whole.title}, {first} to {last}: {standing(whole, known)}"
    enter = f"{'goes on with' if known.begun else 'begins'} the tour: {chapter.heading.title}"
    return [Choice("tour", "tour", "Take the tour", about, place, enter)]


def scenarios() -> list[Choice]:
    """The scenarios with a name, wing by wing, in the order of history. Only their heads are read."""
    choices = []
    guest = visitor()
    for h in shelf.headings(guest.scenarios if guest else None, guest is not None):
        about, size, enter = (
            h.about,
            f"{h.beats} beat{'s' * (h.beats != 1)}",
            "plays it beat by beat",
        )
        if h.package:  # said in the list as well: on a small screen there is no preview
            size, enter = f"{size} [{h.package[:PACKAGE]}]", f"{enter} (from {h.package})"
        if h.problem:
            about, size, enter = h.problem, "broken", "cannot be played"
        problem = h.problem  # a guest does not know what the words of the file's reader are about
        if problem and guest:
            problem = f"Its file is broken, so it cannot be played: {problem}"
        group, when = h.wing or "Scenarios", str(h.year or "")
        choices.append(
            Choice("scenario", h.name, h.title, about, size, enter, problem, group, when)
        )
    return choices


def scenario(name: str) -> Scenario:
    """The scenario of a choice; a guest's is found where they may look, and nowhere else.

    Raises:
        PeepholeError: there is none, or there is a mistake in it.
    """
    guest = visitor()
    return shelf.find(name, guest.scenarios if guest else None, guest is not None)


def models() -> list[Choice]:
    """The bundled models that have weights here, and how to get those that have none; no guest can."""
    choices = []
    for name, entry in zoo.entries().items():
        size = zoo.size(name)
        if not size and visitor() is not None:
            continue
        problem = "" if size else f"no weights yet: peephole train {name}"
        shelf, text = sample(name)
        typed = entry.reads == "english"
        enter = "reads a sentence that you type, word by word" if typed else f"reads '{text}'"
        weights = f"{size:,} weights" if size else ""
        choices.append(
            Choice("model", name, name, entry.title, weights, enter, problem, group=shelf)
        )
    order = list(dict.fromkeys(choice.group for choice in choices))
    return sorted(choices, key=lambda choice: order.index(choice.group))


def tasks() -> list[Choice]:
    """The tasks that one can train a network on; a guest cannot."""
    from scenarios import tasks as known

    if visitor() is not None:
        return []

    choices = []
    for name in known.TASKS:
        task = known.load(name)
        enter = "asks for cell and knobs, then trains a network while you watch"
        size = f"{task.length} {task.unit}"
        choices.append(Choice("train", name, task.title, task.about, size, enter))
    return choices


def runs() -> list[Choice]:
    """The latest runs in ./runs, where new ones are put, the newest first; not shown to guests."""
    from engine.learning.folder import is_run

    if visitor() is not None:
        return []

    try:
        found = [path for path in Path("runs").iterdir() if is_run(path)]
        found.sort(key=lambda path: (path / "metrics.jsonl").stat().st_mtime, reverse=True)
    except OSError:
        return []
    return [_run(path) for path in found[:RUNS]]


def _run(path: Path) -> Choice:
    from engine.learning.folder import RunFolder

    try:
        config = RunFolder.open(path).config
    except PeepholeError as error:
        return Choice("run", str(path), path.name, str(error), "", "cannot be opened", str(error))
    about = config.command or f"watched, begun {config.created}"
    steps = f"{config.recipe['steps']} updates" if "steps" in config.recipe else ""
    enter = "shows the run as it stands; r goes on with it"
    return Choice("run", str(path), config.name, about, steps, enter)


def texts() -> list[Choice]:
    """Sentences read lately."""
    return [text(words) for words in recent()]


def text(words: str) -> Choice:
    """A typed sentence; its problem names the words that no model knows."""
    tokens, problem = tokenize(words), ""
    try:
        Vocabulary(corpus.vocabulary()).encode(tokens)
    except UnknownWords as error:
        problem = str(error)
    size = f"{len(tokens)} tokens"
    return Choice(
        "text",
        words,
        words,
        "your own sentence",
        size,
        "has the LSTM and the Transformer read it, side by side",
        problem,
    )


def matching(query: str, choices: Iterable[Choice]) -> list[Choice]:
    """The choices that a query matches, the best first; all of them, as they stand, for none."""
    if not query.strip():
        return list(choices)
    search = FuzzySearch()
    scored = []
    for c in choices:
        name, *others = (
            search.match(query, part)[0]
            for part in (c.name, c.title, c.about, ALSO.get(c.kind, c.kind))
        )
        # of equal ones what is called so comes first, and most of all what is called just so
        scored.append((-max(name, *others), -name, len(c.name), c))
    return [c for score, *_, c in sorted(scored, key=lambda item: item[:3]) if score < 0]


def is_sentence(query: str, known: Sequence[Choice]) -> bool:
    """Whether what is typed is to be read rather than searched for.

    Two words that no title contains, or anything that ends like a sentence.
    """
    if query.rstrip().endswith((".", "?", "!")):
        return True
    words = query.split()
    found = any(all(w.lower() in f"{c.title} {c.about}".lower() for w in words) for c in known)
    return len(words) > 1 and not found
