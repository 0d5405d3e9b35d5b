"""Every key of a scenario's file, once: what it may hold, and what its writer is told of it.

From these come the checks of `scenarios.reader`, the JSON Schema (`scenarios.schema`) and the tables of
docs/scenarios.md (`scenarios.reference`). A new key is one line here, and its meaning in the reader.
"""

from __future__ import annotations

from engine.recipe import CHOICES
from engine.registry import NETWORKS
from scenarios.script import HERE, MOST, VIEWS, WINGS, YEARS
from scenarios.tables import NUMBER, Key, Table

LONGEST = 200  # tokens that a model may write
LETTERS = 6  # answers to choose from, a to f

READING = {
    "text": Key(
        str,
        "What the lanes read: words with spaces between, and for a model of pairs its source. A lane or "
        "a beat may have another.",
        "the cats on the mat were happy .",
    ),
    "task": Key(
        str,
        "In place of `text`: the probe sequence of a task and its length. `peephole list tasks` names them.",
        "recall 100",
    ),
    "target": Key(
        str,
        "What a model of pairs reads as its own output, word by word (teacher forcing), instead of "
        "writing one.",
        "TH R UW1",
    ),
    "decode": Key(
        str,
        "How a model writes: `greedy`, `beam 4 length 0.6`, `temperature 0.7`, `top-k 5` or "
        "`top-p 0.9 seed 1`.",
        "beam 4",
        default="greedy",
    ),
    "most": Key(int, "Tokens that a model writes at most.", 20, low=1, high=LONGEST, default=40),
}
APART = (("text", "task"), ("target", "decode"), ("target", "most"), ("target", "task"))

LANE = Table(
    "a lane",
    READING
    | {
        "hand-set": Key(
            list,
            "What is set by hand in this lane; the screen says so. Values are held "
            "(`f[17] = 0 from 3 to 9`), heads cut (`cut head 1 of layer 0`), tokens replaced (`3 = mats`), "
            "attention put in (`attention uniform from 9`). `{name}` is a measure of the scenario's.",
            ["f = 0 from 3"],
        )
    },
    kinds={
        "model": {
            "model": Key(
                str,
                "A trained model: a bundled one (`peephole list models`), `NAME+1` its second seed, or a "
                "`.safetensors` file beside this one.",
                "lstm",
                needed=True,
            ),
            "steps": Key(int, "An earlier checkpoint: after so many updates.", 600, low=0),
        },
        "cell": {
            "cell": Key(
                str,
                "An untrained network, its weights drawn as training would draw them.",
                "lstm",
                needed=True,
                known=NETWORKS,
            ),
            "init": Key(
                str, "How they are drawn.", "orthogonal", known=CHOICES["init"], default="torch"
            ),
            "gain": Key(
                NUMBER, "Multiplies the recurrent weights.", 1.1, low=0, high=100, default=1.0
            ),
            "forget-bias": Key(
                NUMBER, "Added to an LSTM's forget gate.", 2, low=-100, high=100, default=0.0
            ),
            "width": Key(int, "Units of a layer.", 32, low=1, high=1024, default=64),
            "layers": Key(int, "Layers.", 2, low=1, high=16, default=1),
            "seed": Key(int, "Of the draw.", 3, low=0, high=2**31 - 1, default=0),
        },
        "run": {
            "run": Key(
                str,
                "A recorded training run: a bundled one (`peephole list runs`), or a folder beside this file "
                "(`./my-run`).",
                "recall-gru-100",
                needed=True,
            ),
            "update": Key(
                int,
                "The checkpoint after so many updates; without it the last one.",
                40,
                low=0,
            ),
        },
    },
    apart=APART,
)
CHOICE = Table(
    "a choice",
    {
        "text": Key(str, "The answer.", "all of them", needed=True, least=1),
        "if": Key(str, "The claim that makes it the right one.", "p > 0.9", needed=True),
    },
)
ASKING = {
    "ask": Key(
        str,
        "A question that waits for a guess before anything is told; then the answer is measured. It has no "
        "numbers.",
        "Which verb does it expect?",
        least=1,
    ),
    "choices": Key(
        list,
        "The answers to choose from; exactly one of them must be measured as true.",
        [{"text": "were", "if": "p > 0.5"}, {"text": "was", "if": "p <= 0.5"}],
        least=2,
        most=LETTERS,
        items=CHOICE,
    ),
    "guess": Key(str, "In place of `choices`: the measure whose number is asked for.", "p"),
    "in": Key(
        str,
        "What that number is, told behind it; a `share ...` or a `probability` is also taken, and told, "
        "in percent.",
        "share right",
    ),
    "near": Key(NUMBER, "A guess that is so much off is near.", 0.1, low=0),
    "factor": Key(NUMBER, "A guess so many times too large or too small is near.", 10, low=1),
}
_MEASURE = Key(
    dict,
    "Named measures: each is an expression of lanes, `here` and the measures before it. "
    "`peephole list measures` prints the functions.",
    {"p": "probability(lstm, here, 'were')"},
    taken=(HERE,),
)
BEAT = Table(
    "a beat",
    {
        "title": Key(
            str,
            "The heading of the beat; no two have the same.",
            "A surprise",
            needed=True,
            least=1,
        ),
        "say": Key(
            str,
            "What is told. Each number in it is a placeholder for a measure, `{p}` or `{p:.0%}`; a number in "
            "digits is refused. `*word*` is set off.",
            "It gives {p:.0%} to 'were'.",
            needed=True,
            least=1,
        ),
        "notes": Key(
            str,
            "What only the speaker sees (`peephole notes`); numbers need no measure here.",
            "Ask first: who would write 'was'?",
            default="",
        ),
        "lanes": Key(
            list,
            f"The lanes side by side, {MOST} at most; without it those of the beat before.",
            ["lstm", "shut"],
            least=1,
            most=MOST,
        ),
        **READING,
        "stop": Key(
            (int, str),
            "Where it stops: a row, a word (`that#2` is the second 'that') or a condition (`f[17] < 0.1`); "
            "without it the last row.",
            "were",
        ),
        "view": Key(str, "What the screen shows.", "attention", known=VIEWS, default="score"),
        "of": Key(
            str,
            "What of it: values or tracks (`c f i`, `gradient`, `self`); of the decoding its settings.",
            "c f",
        ),
        "unit": Key((int, str), "The unit that is looked at: a number, or a measure.", 17),
        "layer": Key(int, "The layer that is looked at.", 0, low=0),
        "head": Key(int, "The attention head that is looked at.", 2, low=0),
        "measure": _MEASURE,
        "expect": Key(
            list,
            "Claims, each a comparison with a measure in it. `peephole check` measures them, and fails "
            "where one is not true.",
            ["p > 0.9"],
        ),
        "literal": Key(
            list,
            "Words of `say` that hold digits and are no measure, as in a name.",
            ["LSTM-64"],
        ),
        **ASKING,
    },
    apart=(*APART, ("choices", "guess"), ("near", "factor")),
    along=(
        ("ask", ("choices", "guess")),
        ("choices", ("ask",)),
        ("guess", ("ask",)),
        ("guess", ("near", "factor")),
        ("in", ("guess",)),
        ("near", ("guess",)),
        ("factor", ("guess",)),
    ),
)
SCENARIO = Table(
    "a scenario",
    {
        "title": Key(str, "The name that people see.", "Keys and cabinets", needed=True, least=1),
        "about": Key(
            str,
            "One line for the list.",
            "The noun next to the verb is not its subject.",
            default="",
        ),
        "year": Key(
            int,
            "When it was found out; orders the list.",
            1990,
            low=YEARS[0],
            high=YEARS[1],
        ),
        "wing": Key(str, "The heading it is listed under.", "Recurrence", known=WINGS),
        **READING,
        "lanes": Key(
            dict,
            "Who reads: each lane is a table with a name of its own.",
            {"lstm": {"model": "lstm"}},
            needed=True,
            least=1,
            items=LANE,
            taken=(HERE,),
        ),
        "measure": _MEASURE,
        "beats": Key(
            list,
            "The stops, one `[[beats]]` each.",
            [{"title": "A surprise", "say": "Look."}],
            needed=True,
            least=1,
            items=BEAT,
        ),
    },
    needs=("text", "task"),
    apart=APART,
)
