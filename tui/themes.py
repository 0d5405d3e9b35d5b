"""The themes: which colours there are and what each is for.

Colour maps, one anchor a level: viridis (Smith & van der Walt 2015) and cividis (Nuñez, Anderton &
Renslow 2018) for 0..1; for signed values iceburn on dark (CMasher, van der Velden 2020) and vik on light
(Crameri 2018), blue for minus and orange for plus. All four are perceptually even and made for
colour-blind readers too; the theme `safe` keeps to such colours everywhere else as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.theme import Theme

MAPS = {
    "viridis": (
        "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c "
        "1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725"
    ),
    "cividis": (
        "00224e 002e6a 1a386f 32436d 434e6c 535a6d 61656f 6f7073 7d7c78 "
        "8c8878 9b9476 aba072 bcae6c cdbb63 dec958 f0d846 fee838"
    ),
    "iceburn": (
        "94f1f3 67cee8 37ace2 1988de 3a64bc 3a4881 2a2f4c 14151f 000000 "
        "221114 4d2326 78322c a04625 c0641a d88a16 e9b427 f5de45"
    ),
    "vik": (
        "001261 022b71 034481 0c5e92 307da6 619ebd 94bed2 c6dbe6 ece5e0 "
        "e9cab8 dbaa8d cf8c66 c27041 b2511d 912d06 731406 590008"
    ),
}


@dataclass(frozen=True)
class Look:
    """The colours of a theme by what they are for."""

    signed: str  # name of a map
    unit: str
    background: str
    surface: str  # header, footer, dialogs
    primary: str  # titles, borders
    text: str
    muted: str
    faint: str  # what has not been read yet
    accent: str  # the cursor
    cursor: str  # background of the cursor row
    bar: str
    attention: str
    word: str
    good: str
    bad: str


DARK = Look(
    signed="iceburn",
    unit="viridis",
    background="#15161c",
    surface="#20222c",
    primary="#8fa8ff",
    text="#e4e4e8",
    muted="#a3a5b2",
    faint="#5d5f6c",
    accent="#f6c945",
    cursor="#34364a",
    bar="#f0a63c",
    attention="#b79cf2",
    word="#8fdc9a",
    good="#8fdc9a",
    bad="#ff8b80",
)
LIGHT = Look(
    signed="vik",
    unit="viridis",
    background="#fbfaf7",
    surface="#ebe9e2",
    primary="#274b9f",
    text="#1d1f26",
    muted="#595b66",
    faint="#9d9ea6",
    accent="#a34700",
    cursor="#dfe4f2",
    bar="#c8690a",
    attention="#6b46c1",
    word="#1c6b34",
    good="#1c6b34",
    bad="#b3261e",
)
SAFE = Look(
    signed="iceburn",
    unit="cividis",
    background="#15161c",
    surface="#20222c",
    primary="#8fa8ff",
    text="#f2f2f4",
    muted="#b4b6c2",
    faint="#666876",
    accent="#ffd84d",
    cursor="#3a3d55",
    bar="#e69f00",  # Okabe & Ito 2008, as the next three
    attention="#56b4e9",
    word="#f0e442",
    good="#56b4e9",
    bad="#e69f00",
)

LOOKS = {"peephole-dark": DARK, "peephole-light": LIGHT, "peephole-safe": SAFE}
"""By the name of the Textual theme; `T` goes through them in this order."""
SPOKEN = {
    "peephole-dark": "dark",
    "peephole-light": "light",
    "peephole-safe": "colour-blind safe",
}


def themes() -> list[Theme]:
    """The looks as Textual themes, for the widgets that are not ours."""
    return [
        Theme(
            name=name,
            dark=look is not LIGHT,
            primary=look.primary,
            accent=look.accent,
            foreground=look.text,
            background=look.background,
            surface=look.surface,
            panel=look.cursor,
            boost=look.cursor,
            success=look.good,
            warning=look.bar,
            error=look.bad,
            variables={"footer-key-foreground": look.accent, "footer-background": look.surface},
        )
        for name, look in LOOKS.items()
    ]
