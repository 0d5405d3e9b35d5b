"""What is chosen in every full-size view, key by key: who follows draws what the presenter draws."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.follow_stage import follows, room, until
from tests.tui.score_stage import idle, lines
from tui.session import Session

SENTENCE = "the cats that sat on the mat were happy ."


def session(models: str, text: str) -> Session:
    from scenarios import zoo
    from tui.start import of_text

    return of_text([zoo.model(name) for name in models.split()], text)


def drawn(pilot: Pilot) -> list[str]:
    """All but the top line, in which each is told who presents."""
    return [line.rstrip() for line in lines(pilot)[1:]]


async def same(follower: Pilot, presenter: Pilot, after: str) -> None:
    """The follower comes to draw what the presenter draws."""
    await idle(presenter)
    presenter.app.clear_notifications()
    await follows(follower, presenter)
    await until(
        lambda: drawn(follower) == drawn(presenter),
        f"after {after}:\n"
        + "\n".join(
            f"presenter {a}\nfollower  {b}"
            for a, b in zip(drawn(presenter), drawn(follower), strict=False)
            if a != b
        ),
    )


LEFT, ROUND = ("left", "left", "right"), ("left_square_bracket", "right_square_bracket")
VIEWS = {
    "gradient": ("lstm", SENTENCE, "3", (*LEFT, "v", "v", "left", "v", *ROUND, "up")),
    "equation": ("lstm transformer", SENTENCE, "4", (
        "right", "right", "left", *ROUND, "tab", "h", "h", "H", "right", "left_square_bracket",
        "shift+down", "shift+down", "shift+up", "up")),
    "unit": ("gru", SENTENCE, "5", ("down", "down", "up", "v", "v", "V", "d", "left", *ROUND, "d")),
    "jacobian": ("lstm", SENTENCE, "6", (
        "left", "left", "right", "v", "v", "v", "right_curly_bracket", "left_curly_bracket", *ROUND, "up")),
    "attention": ("transformer", SENTENCE, "2", (
        *LEFT, "h", "h", "H", *ROUND, "d", "left", "d", "a", "a", "a", "h", "h", "h", "h", "up", "left")),
    "across": ("spell-transformer", "through", "2", (
        "w", "left", "w", "left", "d", "w", "left", "h", "up", "up", "d")),
    "alignment": ("spell-bahdanau", "through", "8", (*LEFT, *ROUND, "up")),
    "crossing": ("spell-gru", "through", "8", ("right", "right", "left", "up")),
    "heads": ("spell-transformer", "through", "8", (*LEFT, "h", "h", "H", *ROUND)),
    "residual": ("transformer", SENTENCE, "9", (*LEFT, "v", "right", "v", *ROUND, "up")),
    "decoding": ("spell-gru", "through", "0", (
        "h", "right", "o", "right", "left", "h", "v", "v", "right", "up", "o", "right", "h", "h", "c")),
    "given": ("lstm", SENTENCE, "0", ("up", "h", "o", "o", "o", "right", "h", "right", "v", "c")),
    "patching": ("transformer", SENTENCE, "P", (*LEFT, "up", "down", "up", "right")),
    "patched pair": ("spell-bahdanau", "through", "P", (*LEFT, "up")),
    "patched lanes": ("lstm lstm@600", SENTENCE, "P", ("tab", *LEFT, "up")),
}  # fmt: skip


@pytest.mark.parametrize("case", VIEWS)
async def test_a_follower_draws_what_the_presenter_draws(case: str, tmp_path: Path) -> None:
    models, text, view, keys = VIEWS[case]
    async with room(tmp_path) as here:
        ada = await here.join("presenter", session(models, text))
        bob = await here.join("follower")
        await follows(bob, ada)
        for key in ("end", view, *keys):
            await ada.press(key)
            await same(bob, ada, key)
        eve = await here.join("follower")  # who comes late has seen none of the keys
        await same(eve, ada, "all of it")
