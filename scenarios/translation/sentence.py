"""What a sentence says, and how English and French say it.

    the girl does not see the small red car .    la fille ne voit pas la petite voiture rouge .
    this book is heavy and she carries it .      ce livre est lourd et elle le porte .

Every rule where the two differ is here: adjectives before or after the noun, the object pronoun before
the verb and in the gender of what it stands for, negation around the verb, the possessive in the gender
of what is possessed.
"""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.translation.forms import Adjective, Noun, Verb

PRONOUNS = {"he": "il", "she": "elle", "they": "ils"}
# determiner -> masculine, feminine, plural
DETERMINERS = {
    "the": ("le", "la", "les"),
    "a": ("un", "une", "des"),
    "this": ("ce", "cette", "ces"),
    "my": ("mon", "ma", "mes"),
    "his": ("son", "sa", "ses"),
    "her": ("son", "sa", "ses"),
}
OBJECTS = ("le", "la", "les")  # him or it, her or it, them


@dataclass(frozen=True)
class Phrase:
    """A noun with its determiner and up to two adjectives in their English order."""

    noun: Noun
    determiner: str = "the"
    adjectives: tuple[Adjective, ...] = ()
    plural: bool = False

    @property
    def english(self) -> list[str]:
        words = {"this": "these", "a": ""} if self.plural else {}
        determiner = words.get(self.determiner, self.determiner)
        adjectives = [adjective.en for adjective in self.adjectives]
        return [*([determiner] if determiner else []), *adjectives, self.noun.en[self.plural]]

    @property
    def french(self) -> list[str]:
        column = 2 if self.plural else int(self.noun.feminine)
        before = [self.agreeing(a) for a in self.adjectives if a.before]
        after = [self.agreeing(a) for a in self.adjectives if not a.before]
        determiner = DETERMINERS[self.determiner][column]
        return [determiner, *before, self.noun.fr[self.plural], *after]

    def agreeing(self, adjective: Adjective) -> str:
        """The French form of an adjective that says something of it."""
        return adjective.fr[2 * self.noun.feminine + self.plural]


@dataclass(frozen=True)
class Sentence:
    """Somebody does something to something.

    subject    a pronoun or a phrase
    pronoun    the object is said as a pronoun
    quality    with it, the object is named first, in a clause of its own: "the car is red and ..."
    """

    subject: str | Phrase
    verb: Verb
    object: Phrase
    negated: bool = False
    pronoun: bool = False
    quality: Adjective | None = None

    @property
    def construction(self) -> str:
        """Its name on the card."""
        if self.quality:
            return "antecedent"
        kind = "pronoun" if self.pronoun else "noun"
        return f"negated-{kind}" if self.negated else kind

    @property
    def plural(self) -> bool:
        """Of the subject."""
        return self.subject == "they" if isinstance(self.subject, str) else self.subject.plural

    @property
    def english(self) -> str:
        subject = [self.subject] if isinstance(self.subject, str) else self.subject.english
        auxiliary = ["do" if self.plural else "does", "not"] if self.negated else []
        verb = self.verb.en[self.plural or self.negated].split()
        thing = self.object.noun
        if self.pronoun:
            it = ("her" if thing.feminine else "him") if thing.person else "it"
            said = ["them" if self.object.plural else it]
        else:
            said = self.object.english
        first = []
        if self.quality:
            be = "are" if self.object.plural else "is"
            first = [*self.object.english, be, self.quality.en, "and"]
        return " ".join([*first, *subject, *auxiliary, *verb, *said, "."])

    @property
    def french(self) -> str:
        subject = [PRONOUNS[self.subject]] if isinstance(self.subject, str) else self.subject.french
        verb = [self.verb.fr[self.plural]]
        if self.pronoun:
            column = 2 if self.object.plural else int(self.object.noun.feminine)
            verb = [OBJECTS[column], *verb]
        if self.negated:
            verb = ["ne", *verb, "pas"]
        said = [] if self.pronoun else self.object.french
        first = []
        if self.quality:
            be = "sont" if self.object.plural else "est"
            first = [*self.object.french, be, self.object.agreeing(self.quality), "et"]
        return " ".join([*first, *subject, *verb, *said, "."])
