"""The keys of the learning screen: one table feeds the footer, the command palette and the help."""

from __future__ import annotations

from textual.binding import Binding, BindingType


def _key(
    keys: str, action: str, text: str, about: str, *, show: bool = False, display: str | None = None
) -> Binding:
    name = action.replace("(", ".").replace(")", "").replace("'", "").replace("-", "minus")
    return Binding(
        keys, action, text, show=show, key_display=display, id=f"learn.{name}", tooltip=about
    )


KEYS: list[BindingType] = [
    _key("space", "go", "Pause", "Pause after this update, or train on", show=True, display="Space"),
    _key("full_stop,enter", "step", "Step", "One update, then pause", show=True, display="."),
    _key("k", "knobs", "Knobs", "Change learning rate, clip, k1, k2 or momentum from the next update on",
         show=True),
    _key("1", "panel('loss')", "Panels", "One panel in full size: 1 to 6; again or Esc: all of them",
         show=True, display="1-6"),
    _key("c", "compare", "Compare", "Train a second run beside this one with another setting", show=True),
    _key("left,left_square_bracket", "back(-1)", "Rewind", "Back to the checkpoint before, and on again",
         show=True, display="←→"),
    _key("right,right_square_bracket", "back(1)", "On again", "Back to the checkpoint before, and on again",
         display="←→"),
    _key("home", "back(-1000000)", "First", "The first checkpoint: before any update"),
    _key("f,end", "live", "Live", "Back to the newest update", display="f"),
    _key("b", "branch", "Branch", "A new run from the checkpoint on show, with other knobs", show=True),
    _key("o", "open", "Open", "The network of this checkpoint on the score, with all its views", show=True),
    _key("2", "panel('params')", "Parameters", "The gradient of each parameter in full size"),
    _key("3", "panel('time')", "Through time", "The gradient of each time step in full size"),
    _key("4", "panel('inside')", "Inside", "Spectral radius, gates and saturation in full size"),
    _key("5", "panel('score')", "Score", "The probe sequence in full size, as the model reads it"),
    _key("6", "panel('findings')", "Findings", "What is wrong, and what happened, in full size"),
    _key("a", "other", "A / B", "The other run: keys are about the one that is marked"),
    _key("r", "resume", "Resume", "Go on with a run whose process has ended", show=True),
    _key("tab", "next(1)", "Next panel", "The next panel; in the score the next track"),
    _key("shift+tab", "next(-1)", "Panel before", "The panel before"),
    _key("down,j", "row(1)", "Row", "The next row of the focused panel, for its exact number", display="↑↓"),
    _key("up", "row(-1)", "Row", "The next row of the focused panel, for its exact number", display="↑↓"),
    _key("v", "vary", "Vary", "Another form of the panel: shares or norms; h or c"),
    _key("l", "layer", "Layer", "The next layer"),
    _key("p", "save_picture", "Picture", "Save a picture of the screen (SVG)"),
    _key("escape", "leave", "Leave", "All panels, then leave: the run is saved and can be resumed"),
    _key("question_mark,f1", "explain", "Help", "Explain the focused panel", show=True, display="?"),
]  # fmt: skip
