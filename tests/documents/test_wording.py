"""What a text tells of itself."""

import hashlib
from random import Random

import pytest

from glmdesk.documents.wording import has_formulas, has_hard_table, is_language, is_made_up
from tests.documents import routed_words as words

RNG = Random(4)
GERMAN = (
    "Die Pumpe im zweiten Stock läuft seit gestern wieder, obwohl niemand den Filter gewechselt hat. "
    "Bitte prüfen Sie bis Freitag, 14.30 Uhr, ob der Druck von 3,5 bar gehalten wird (Seite 12)."
)
HASHES = "\n".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(40))


@pytest.mark.parametrize(
    "text",
    [
        words.prose(RNG),
        words.slightly_misread(words.prose(RNG), RNG),
        words.chinese(RNG),
        words.greek(RNG),
        GERMAN,
        "INVOICE 4711-2\nTotal: 1,234.50 EUR (19% VAT)\nDue by 2026-11-24",
    ],
)
def test_language(text: str) -> None:
    assert is_language(text)
    assert not is_made_up(text)


@pytest.mark.parametrize("seed", range(5))
def test_misread_scans_are_no_language(seed: int) -> None:
    rng = Random(seed)
    assert not is_language(words.misread(words.prose(rng), rng))


@pytest.mark.parametrize("shift", range(1, 40, 3))
def test_letters_that_a_font_made_up(shift: int) -> None:
    text = words.paragraph(Random(shift), 20)
    moved = "".join(chr(33 + (ord(letter) - 32 + shift) % 90) for letter in text)
    assert is_made_up(moved)


def test_lists_of_hashes_are_meant_so() -> None:
    assert not is_made_up(HASHES)


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("", False),
        (words.prose(RNG) + " x ≤ 5, y ≥ 7", False),
        (words.greek(RNG), False),
        ("if (a >= b) { c += a * b / 2 - d; } " * 20, False),
        ("Let f be smooth. ∂f/∂x = ∑ₙ λₙ φₙ(x), ∫ f² dx ≤ ‖f‖ √π.", True),
        ("α + β = γ, where θ is the angle and λ the length; δ ε η.", True),
    ],
)
def test_formulas(text: str, formulas: bool) -> None:
    assert has_formulas(text) == formulas


@pytest.mark.parametrize(
    ("cells", "hard"),
    [
        ((), False),
        ((2,) * 60, False),
        ((4,) * 20, False),
        ((3,) * 40, True),
        ((7,) * 10, False),
        ((5, 3, 6, 5, 2, 5, 4), True),
        ((4, 3, 4, 2, 4, 3, 4), False),
    ],
)
def test_tables(cells: tuple[int, ...], hard: bool) -> None:
    assert has_hard_table("\n".join("\t".join("x" * count) for count in cells)) == hard


def test_a_table_of_contents_is_no_table() -> None:
    assert not has_hard_table("\n".join(f"Part {n}\tthe valve\t....... {n}" for n in range(60)))
