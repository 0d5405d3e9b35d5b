"""`peephole list` and `peephole card`: what there is."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator

from engine import LanguageModel, foreign
from engine.learning.folder import RunFolder
from scenarios import corpus, readers, shelf, sides, zoo
from scenarios.expressions import signature
from scenarios.measures import MEASURES, listed


def models() -> Iterator[str]:
    """The bundled models, and which of them have weights here."""
    width = max(map(len, zoo.names()))
    for name, entry in zoo.entries().items():
        stems = [*zoo.seeds(name), *([zoo.stem(name, entry.early)] if entry.early else [])]
        have = [s for s in stems if (zoo.WEIGHTS / f"{s}.safetensors").exists()]
        weights = ", ".join(have) if have else f"no weights yet: peephole train {name}"
        yield f"  {name:<{width}} {entry.title}  [{weights}]"
    for name in zoo.FOREIGN:
        yield f"  {name:<{width}} {foreign.about(name)}"


def scenarios() -> Iterator[str]:
    """The bundled scenarios and those of other packages, wing by wing, in the order of history."""
    headings = shelf.headings()
    wing, width = None, max(len(heading.name) for heading in headings)
    for heading in headings:
        if heading.wing != wing:
            wing = heading.wing
            yield f" {wing or 'Of other packages'}"
        when = str(heading.year or "").rjust(4)
        beats = f", {heading.beats} beats" if heading.beats else ""
        by = f"  [{heading.package}]" if heading.package else ""
        yield f"  {heading.name:<{width}}  {when}  {heading.title}{beats}{by}"
        about, indent = heading.problem or heading.about, " " * (width + 10)
        if about:
            yield textwrap.indent(textwrap.fill(about, _width() - len(indent)), indent)


def words() -> Iterator[str]:
    """Every word that the language models of a little English know."""
    known = [word for word in corpus.vocabulary() if word != corpus.START]
    yield textwrap.fill(" ".join(known), _width(), break_on_hyphens=False)


def words_of(model: LanguageModel) -> Iterator[str]:
    """Every word that a model knows: of a model of pairs the source's and the target's apart."""
    for line in sides.lines(model):
        yield textwrap.fill(line, _width(), break_on_hyphens=False)


def measures() -> Iterator[str]:
    """The functions that a scenario's measures and claims can call."""
    yield "A row (at, to) is a number, a word ('were', 'that#2' the second 'that'), or `here`."
    yield "Without it a measure gives the list over all rows."
    group = ""
    for measure in listed():
        yield ""
        if measure.group != group:
            group = measure.group
            yield group
            yield ""
        yield f"  {signature(measure.name, MEASURES[measure.name])}   [{measure.unit}]"
        yield textwrap.indent(textwrap.fill(measure.about, _width() - 6), " " * 6)


def tasks() -> Iterator[str]:
    """The tasks that `peephole learn` can train a model on."""
    from scenarios import tasks as known

    for name in known.TASKS:
        task = known.load(name)
        yield f"  {name:<12} {task.title}  [T = {task.length} {task.unit}]"
        yield textwrap.indent(textwrap.fill(task.about, _width() - 15), " " * 15)


def runs() -> Iterator[str]:
    """The recorded runs that are bundled: what learned what, and the last update that is kept."""
    names = readers.bundled_runs()
    width = max(map(len, names))
    for name in names:
        folder = RunFolder.open(readers.RUNS / name)
        config, kept = folder.config, folder.checkpoints()
        cell = config.model.cell if config.model else "?"
        task = f"{config.task.name} {config.task.length}" if config.task else "?"
        yield f"  {name:<{width}}  {cell} on {task}, to update {kept[-1] if kept else 0:,}"


KINDS: dict[str, Callable[[], Iterator[str]]] = {
    "models": models,
    "scenarios": scenarios,
    "words": words,
    "measures": measures,
    "tasks": tasks,
    "runs": runs,
}


def _width() -> int:
    return max(40, min(100, shutil.get_terminal_size().columns))
