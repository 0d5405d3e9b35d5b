"""How numbers look: in every form sign and size can be told, and no level is skipped."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.allocate import allocate
from tui.palette import STEPS, Palette
from tui.scales import nice_scale, short
from tui.themes import DARK, LIGHT, LOOKS, SAFE, Look

FORMS = [Palette(look) for look in (DARK, LIGHT, SAFE)] + [
    Palette(colours="few"),
    Palette(colours="none"),
    Palette(ascii=True),
    Palette(colours="none", ascii=True),
]


@pytest.mark.parametrize("palette", FORMS)
def test_sign_and_size_can_be_told(palette: Palette) -> None:
    looks = [palette.signed(v, 1.0) for v in (-1.0, -0.3, 0.0, 0.3, 1.0)]
    assert len({(s.text, s.style) for s in looks}) == 5
    gates = [palette.unit(v) for v in (0.0, 0.3, 0.5, 0.7, 1.0)]
    assert len({(s.text, s.style) for s in gates}) == 5


@pytest.mark.parametrize("palette", [p for p in FORMS if p.colours == "none" or p.ascii])
def test_glyphs_alone_tell_sign_and_size(palette: Palette) -> None:
    assert len({palette.signed(v, 2.0).text for v in (-2, -1, -0.3, 0, 0.3, 1, 2)}) == 7
    assert len({palette.unit(v).text for v in (0, 0.25, 0.5, 0.75, 1)}) == 5


@pytest.mark.parametrize("palette", [p for p in FORMS if p.ascii])
def test_ascii_is_ascii(palette: Palette) -> None:
    cells = palette.cells([-1, 0.4, 0, 1], 1.0) + palette.cells([0, 0.5, 1])
    cells += palette.bar(7, 5) + palette.swatch(True) + palette.swatch(False)
    assert all(segment.text.isascii() for segment in cells)


def test_two_units_share_a_cell_in_full_colour_only() -> None:
    values = [0.1, -0.9, 0.5, 1.0, -0.4]
    assert sum(len(s.text) for s in Palette().cells(values, 1.0)) == 3
    for palette in FORMS[3:]:
        assert sum(len(s.text) for s in palette.cells(values, 1.0)) == 5


def test_the_left_unit_is_the_foreground() -> None:
    palette = Palette()
    (cell,) = palette.cells([-1.0, 1.0], 1.0)
    low, high = (palette.signed(value, 1.0).style for value in (-1.0, 1.0))
    assert low is not None
    assert high is not None
    assert cell.style is not None
    assert (cell.style.color, cell.style.bgcolor) == (low.bgcolor, high.bgcolor)


def test_levels_are_even_and_clipped() -> None:
    levels = [Palette.unit_level(i / 1000) for i in range(1001)]
    assert levels == sorted(levels)
    assert set(levels) == set(range(-STEPS, STEPS + 1))
    assert Palette.signed_level(99.0, 1.0) == STEPS
    assert Palette.signed_level(float("nan"), 1.0) == 0
    assert Palette.signed_level(1.0, 0.0) == 0


@pytest.mark.parametrize("palette", FORMS)
def test_bars_grow_by_half_cells_and_keep_their_width(palette: Palette) -> None:
    bars = ["".join(s.text for s in palette.bar(n, 4)) for n in range(9)]
    assert len(set(bars)) == 9
    assert {len(bar) for bar in bars} == {4}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2, 0 to 1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_words_can_be_read(look: Look) -> None:
    """Contrast of at least 4.5 (WCAG AA) on every ground that they stand on."""
    kinds = ("text", "muted", "accent", "primary", "word", "good", "bad")
    for kind, ground in itertools.product(kinds, ("background", "surface", "cursor")):
        a, b = luminance(getattr(look, kind)), luminance(getattr(look, ground))
        assert (max(a, b) + 0.05) / (min(a, b) + 0.05) >= 4.5, (kind, ground)


def test_scales_are_round_and_large_enough() -> None:
    assert [nice_scale(v) for v in (0.3, 0.5, 0.7, 3, 20, 0)] == [0.5, 0.5, 1, 5, 20, 1]


def test_urgent_claims_come_first_and_nothing_overflows() -> None:
    claims = [[(0.0, 10), (5.0, 20)], [(1.0, 8)], [(2.0, 30)]]
    assert allocate(claims, 18) == [10, 8, 0]
    assert allocate(claims, 28) == [20, 8, 0]
    assert allocate(claims, 48) == [10, 8, 30]
    assert allocate(claims, 58) == [20, 8, 30]
    assert allocate(claims, 9) == [0, 8, 0]


@given(st.floats(0, 1))
def test_a_part_of_one_is_rounded_and_not_cut_off(part: float) -> None:
    """A word that is as good as certain once read .99 for good."""
    assert len(short(part)) == 3
    assert abs(float(short(part)) - part) <= 0.005 + 1e-12
