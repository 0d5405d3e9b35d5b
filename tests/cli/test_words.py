"""What a model knows: `peephole list words MODEL`, and what is said of a word that it does not know."""

from __future__ import annotations

import pytest

from scenarios import sides, zoo
from scenarios.translation.corpus import ENGLISH_FRENCH, held_out
from tests.cli.conftest import TEXT


def parts(output: str) -> list[list[str]]:
    """The words of each paragraph, without its heading."""
    found = [part.partition(":\n")[2] or part for part in output.strip().split("\n\n")]
    return [part.split() for part in found]


def test_the_words_of_a_language_model(cli, models) -> None:
    known = cli("list", "words", models["lstm"]).stdout.split()
    assert known == list(zoo.model("lstm").vocabulary.words[1:])
    assert cli("list", "words", "lstm@600").stdout.split() == known


def test_the_words_of_a_source_and_of_a_target(cli) -> None:
    source, target, *_ = parts(cli("list", "words", "en-fr-gru").stdout)
    assert {"red", "."} <= {*source}
    assert {"rouge", "."} <= {*target}
    assert "rouge" not in source
    assert "red" not in target
    assert {*source, *target} == set(ENGLISH_FRENCH.vocabulary()[3:])
    letters, phonemes = parts(cli("list", "words", "spell-gru").stdout)
    assert "".join(letters) == "abcdefghijklmnopqrstuvwxyz"
    assert "AE1" in phonemes


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("lstm@600", "the kat"), "'kat' (nearest: sat, mat, cat). `peephole list words lstm@600`"),
        (("en-fr-gru", "the gril sees her ."), "'gril' (nearest: girl, girls"),
        (("en-fr-gru", "la voiture ."), "read: 'la', 'voiture'. It reads English words and writes"),
        (("en-fr-gru", "la voiture ."), "`peephole list words en-fr-gru`"),
        (("en-fr-gru", "she sees .", "--target", "she voit"), "does not write: 'she'"),
        (("spell-gru", "c4t!"), "letters that the model does not know: '4', '!'. It reads the letters a to"),
        (("copy-gru", "az"), "'z'. It reads the letters a to p"),
        (("reverse-on", "xaz"), "'x', 'z'"),
        (("spell-gru", "cat", "--target", "k h"), "does not write: 'k' (nearest: K), 'h'."),
        (("spell-gru", "cat", "--target", "KK"), "'KK' (nearest: K)"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_named_with_its_own_side(cli, arguments, says: str) -> None:
    result = cli("run", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_word_that_is_replaced_need_not_be_known(cli, models) -> None:
    text = TEXT.replace("cats", "catz")
    assert cli("run", models["lstm"], text).exit_code == 2
    assert cli("run", models["lstm"], text, "--replace", "2 = cats").exit_code == 0


def test_a_sentence_outside_the_grammar_is_read_and_named(cli) -> None:
    inside = cli("run", "en-fr-transformer", "she sees the red car .")
    assert "note" not in inside.stderr
    outside = cli("run", "en-fr-transformer", "the red coat is old .")
    assert outside.exit_code == 0
    assert "none of its constructions" in outside.stderr


def test_every_scored_sentence_is_of_the_grammar_and_so_are_its_examples() -> None:
    examples = [
        line.partition(": ")[2] for line in ENGLISH_FRENCH.grammar.splitlines() if line[:2] == "- "
    ]
    kinds = [
        line[2:].partition(":")[0]
        for line in ENGLISH_FRENCH.grammar.splitlines()
        if line[:2] == "- "
    ]
    assert kinds == list(dict.fromkeys(said.construction for said in held_out()))
    model = zoo.model("en-fr-transformer")
    for text in (*examples, *(said.english for said in held_out())):
        assert not sides.outside(model, text), text
        sides.check(model, text)
    for text in ("the red coat is old .", "she sees .", "the car is red and", "she sees the car"):
        assert sides.outside(model, text), text


def test_only_words_are_of_a_model(cli) -> None:
    assert "`list words` does" in cli("list", "models", "lstm").stderr
