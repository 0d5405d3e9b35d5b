"""The keys of the score: one table feeds the footer, the command palette and the help.

Each binding has an id, so that a keymap can change its key, and a tooltip that says what it does.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType


def _key(
    keys: str, action: str, text: str, about: str, *, show: bool = False,
    display: str | None = None, priority: bool = False,
) -> Binding:  # fmt: skip
    name = action.replace("(", ".").replace(")", "").replace("'", "").replace("-", "minus")
    return Binding(
        keys, action, text, show=show, key_display=display, id=f"score.{name}", tooltip=about,
        priority=priority,
    )  # fmt: skip


ANSWERS = (
    "choose",
    "digit",
    "erase",
    "reveal",
    "hint",
)  # actions that are only there while a question is open
# What would change something else: its letters, but those that go about (n, N, G, j, k), enlarge (z), draw
# the curtain (c) or are the app's (q, A, T).
_OTHERS = "abdefghilmoprstuvwxyBCDEFHIJKLMOPQRSUVWXYZ"
_ANSWERS = [  # before all others of their keys
    *(
        _key(letter, f"choose({n})", "Choose", "Choose an answer")
        for n, letter in enumerate("abcdef")
    ),
    *(
        _key(key, f"digit({n})", "Guess", "Type the number that you guess")
        for n, key in enumerate([*"0123456789", "full_stop", "minus", "percent_sign", "e"])
    ),
    _key("backspace", "erase", "Erase", "Take back what was typed last"),
    _key(
        "enter",
        "reveal",
        "Answer",
        "Measure what was asked, and show it",
        show=True,
        display="Enter",
    ),
    # Without an id: not in the help, nor in the palette.
    Binding(",".join([*_OTHERS, "minus", "plus", "equals_sign"]), "hint", show=False),
]
KEYS: list[BindingType] = [
    *_ANSWERS,
    _key("space", "play", "Play", "Play or pause", show=True, display="Space"),
    _key("down,j", "row(1)", "Row", "One row on or back, reading it if need be", show=True, display="↑↓"),
    _key("up,k", "row(-1)", "Row back", "One row on or back, reading it if need be", display="↑↓"),
    _key("right", "unit(1)", "Unit", "The next or the previous unit, head or row of this track",
         show=True, display="←→"),
    _key("left", "unit(-1)", "Unit before",
         "The next or the previous unit, head or row of this track", display="←→"),
    _key("shift+right", "unit(8)", "8 units on", "Eight units on"),
    _key("shift+left", "unit(-8)", "8 units back", "Eight units back"),
    _key("tab", "track(1)", "Track", "The next track, those without room too; in a view the next lane",
         show=True, display="Tab"),
    _key("shift+tab", "track(-1)", "Track before", "The track before"),
    _key("home", "first", "First row", "The first row"),
    _key("end", "last", "Last row", "The last row: read everything"),
    _key("n,pagedown", "beat(1)", "Next", "The next beat; without a scenario a page of rows", show=True),
    _key("pageup,N", "beat(-1)", "Previous", "The beat before; without a scenario a page back"),
    _key("G", "go_beat", "Go to", "Go to a beat by its number",
         priority=True),  # its action ends before the next key is looked at, which is a digit
    _key("z", "big", "Big", "Fewer and larger cells, for a projector; or as before", show=True),
    _key("c", "curtain", "Curtain", "A dark screen, until the next key"),
    _key("full_stop,>", "speed(1)", "Faster", "Play faster"),
    _key("comma,<", "speed(-1)", "Slower", "Play slower"),
    _key("l", "loop", "Loop", "Begin again at the end, or stop there"),
    _key("g", "jump", "Jump", "Jump to a row or a word"),
    _key("b", "break", "Break", "Stop where a condition holds, such as f[17] < 0.1"),
    _key("B", "unbreak", "No breaks", "Forget all conditions"),
    _key("1", "view('score')", "Views", "The score (1) and its full-size views (2 to 9, 0, P)",
         show=True, display="1-9"),
    _key("2", "view('attention')", "Attention", "The attention matrix, full size"),
    _key("3", "view('gradient')", "Gradient", "The gradient map, full size"),
    _key("4", "view('equation')", "Equation", "The equation with this row's numbers"),
    _key("5", "view('unit')", "One unit", "One unit through time"),
    _key("6", "view('jacobian')", "Jacobian", "The step Jacobian: eigenvalues, and products over many rows"),
    _key("7", "view('training')", "Training", "Loss and accuracy of the recorded runs on the screen"),
    _key("8", "view('alignment')", "Alignment", "What each written word looked at in the source"),
    _key("9", "view('residual')", "Residual", "What every block adds to the residual stream"),
    _key("0", "view('decoding')", "Candidates", "How each word was chosen: what was cut, and the beam"),
    _key("P", "view('patching')", "Patching", "Which layer and row carry the answer"),
    _key("i", "type", "Type", "Type a sentence of your own", show=True,
         priority=True),  # its action ends before the next key is looked at, which is a letter
    _key("m", "models", "Models", "Which models read it, side by side", show=True),
    _key("t", "beside", "Beside", "Put the next model beside this one"),
    _key("x", "intervene", "Change", "Hold a value, cut attention or replace a token", show=True),
    _key("f", "force", "Forced, free", "Teacher forcing (the right target is read), or free running",
         show=True),
    _key("d", "decode", "Decoding", "How words are chosen: greedy, beam, top-k, top-p, temperature",
         show=True),
    _key("w", "which", "Cross, self", "Attention to the source (cross), or to its own half (self)",
         show=True),
    _key("minus", "hold(0)", "Hold at 0", "Hold the focused gate or state at 0; cut the edge t→k"),
    _key("plus,equals_sign", "hold(1)", "Hold at 1", "Hold the focused gate at 1; look at k alone"),
    _key("X", "cut", "Cut one", "Hold the chosen unit at 0, or cut the chosen head"),
    _key("r", "replace", "Replace", "Read another word at the cursor"),
    _key("u", "undo", "Undo", "Take the last change back"),
    _key("left_square_bracket", "layer(-1)", "Layer below", "Show the layer below"),
    _key("right_square_bracket", "layer(1)", "Layer above", "Show the layer above"),
    _key("left_curly_bracket", "head(-1)", "Head before", "Show the head before"),
    _key("right_curly_bracket", "head(1)", "Next head", "Show the next head, then their mean"),
    _key("o", "feed", "One by one", "Feed a language model word by word, or have it read all at once"),
    _key("v", "vary", "h, c or x", "Gradient of h, of c or of the input x"),
    _key("s", "save_trace", "Save trace", "Save the trace as a file"),
    _key("p", "save_picture", "Picture", "Save a picture of the screen (SVG)"),
    _key("e", "guide", "Guide", "Explain the focused track below the rows, or do not"),
    _key("escape", "back", "Back", "Back to the score, then to where you came from"),
    _key("question_mark", "explain", "Help", "Explain the focused panel", show=True, display="?"),
]  # fmt: skip
