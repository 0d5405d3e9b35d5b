"""Writing on: a run goes on by itself, each word chosen from what the model expects.

What happens is kept in the trace's lenses. `decoding` has every step of greedy decoding and of sampling:
the distribution before and after the cut, what was kept, the draw and the word. `search` has the tree of
a beam (`engine.beam.Search`). Step n chooses the word of row `first` + n, which stands in the header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.arrays import log_softmax, to_numpy
from engine.checks import whole_number
from engine.decoding import Decoding, choose, cut, draw
from engine.errors import PeepholeError
from engine.interventions import Replace
from engine.text import END, START, Vocabulary
from engine.trace import Named, Trace

if TYPE_CHECKING:
    from engine.beam import Search
    from engine.models import LanguageModel
    from engine.runner import Run

LONGEST = 1000  # words that a run may go on for


def header(decoding: Decoding, first: int, most: int) -> dict[str, Any]:
    """How a text was made, for a trace's header: the rows from `first` on were written."""
    return {**decoding.record(), "first": first, "most": most}


def check(model: LanguageModel, most: int) -> None:
    """Refuse to write where the model's outputs are no words.

    Raises:
        PeepholeError: they are not, or `most` is no number of words.
    """
    if model.architecture.axes.get("logits") != ("word",):
        raise PeepholeError(f"{model.name} foretells numbers, not words", do="It cannot write on")
    whole_number(most, "words to write", 1, LONGEST)


def ending(model: LanguageModel) -> int | None:
    """The word id that ends a text: `</s>`, or for models of sentences in a row the next one's `<s>`."""
    ids = model.vocabulary.ids
    return ids.get(END, ids.get(START))


def write_on(run: Run, decoding: Decoding, most: int) -> None:
    """Let a run that has read its rows go on, for `most` words or until the text ends.

    A row whose token is replaced by hand reads that one, whatever the model would have chosen.
    """
    first, stop = len(run.trace), ending(run.model)
    ids, words = run.model.vocabulary.ids, run.model.vocabulary.words
    forced = {
        item.row: ids[item.token] for item in run.interventions.items if isinstance(item, Replace)
    }
    chosen: list[int | None] = []
    if decoding.how == "beam":
        search = _search(run, decoding, most, stop, forced)
        run.trace.lenses["search"] = search.lens()
        chosen = [*search.best, *[stop] * most]
    steps: dict[str, list[Any]] = {
        name: [] for name in ("before", "after", "kept", "chosen", "draw")
    }
    for row in range(first, first + most):
        if decoding.how == "beam":
            word = chosen[row - first]
        else:
            found = cut(run.trace["logits"][-1], decoding)
            word = forced.get(row, choose(found, decoding, row))
            at = draw(decoding.seed, row) if decoding.how == "sample" else np.nan
            told = (found.before, found.after, found.kept, word, at)
            for name, value in zip(steps, told, strict=True):
                steps[name].append(value)
        if word is None or word == stop:
            break
        run.feed(words[word])
    if decoding.how != "beam":
        run.trace.lenses["decoding"] = _lens(steps)


def _lens(steps: dict[str, list[Any]]) -> dict[str, Named]:
    kinds = {"before": np.float32, "after": np.float32, "kept": np.uint8, "chosen": np.int32}
    return {
        name: Named(
            np.array(values, kinds.get(name, np.float64)),
            ("step",) if name in ("chosen", "draw") else ("step", "word"),
            "probability" if name in ("before", "after") else "",
        )
        for name, values in steps.items()
    }


def _search(
    run: Run, decoding: Decoding, most: int, stop: int | None, forced: dict[int, int]
) -> Search:
    """The beam that goes on from where the run is; the run itself stays there."""
    first, model = len(run.trace), run.model

    def log_p(logits: Any, row: int) -> np.ndarray:
        found = log_softmax(to_numpy(logits).astype(np.float64))
        if row in forced:
            found[np.arange(len(found)) != forced[row]] = -np.inf
        return found

    def expand(state: Any, word: int, step: int) -> tuple[Any, np.ndarray]:
        row = first + step
        state, values = model.architecture.step(
            model.params, state, np.asarray(word), run.interventions, row
        )
        return state, log_p(values["logits"], row + 1)

    from engine.beam import beam_search  # a text that is only read does not wait for it

    return beam_search(
        run.state,
        log_p(run.trace["logits"][-1], first),
        expand,
        beam=decoding.beam,
        most=most,
        stop=stop,
        alpha=decoding.length,
    )


class Written(NamedTuple):
    """What a run wrote.

    Attributes:
        tokens: the words, without the one that ends the text.
        ended: whether it ended the text itself; else it was stopped, or the target was given.
        log_p: of these words (and of the end, where it ended), in nats.
    """

    tokens: tuple[str, ...]
    ended: bool
    log_p: float


def written(trace: Trace) -> Written | None:
    """What a run wrote by itself; None where all of it was given."""
    if not trace.header.decoding:
        return None
    first = int(trace.header.decoding["first"])
    ids = Vocabulary(trace.header.vocabulary).ids
    words = [ids[token] for token in trace.tokens[first:]]
    log_p = log_softmax(trace["logits"][first - 1 :].astype(np.float64))
    last = _last(trace)
    ended = last is not None and len(words) < int(trace.header.decoding["most"])
    if ended and last is not None:
        words.append(last)
    total = float(log_p[np.arange(len(words)), words].sum())
    return Written(tuple(trace.tokens[first:]), ended, total)


def _last(trace: Trace) -> int | None:
    """The word id that was chosen last."""
    for lens in ("decoding", "search"):
        found = trace.lenses.get(lens, {})
        if lens == "decoding" and "chosen" in found:
            return int(found["chosen"].array.ravel()[-1]) % len(trace.header.vocabulary)
        if "token" in found and "chosen" in found:
            from engine.beam import Search

            return Search.from_lens(found).best[-1]
    return None
