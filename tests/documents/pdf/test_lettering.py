import pytest

from glmdesk.documents.pdf import lettering

ENGLISH = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age "
    "of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season."
)
GERMAN = (
    "Wer reitet so spät durch Nacht und Wind? Es ist der Vater mit seinem Kind; er hat den Knaben "
    "wohl in dem Arm, er fasst ihn sicher, er hält ihn warm. Mein Sohn, was birgst du so bang?"
)
POLISH = (
    "Litwo, ojczyzno moja, ty jesteś jak zdrowie; ile cię trzeba cenić, ten tylko się dowie, kto "
    "cię stracił. Dziś piękność twą w całej ozdobie widzę i opisuję, bo tęsknię po tobie."
)


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("a  \nb\t\n", "a\nb"),
        ("zu\xadsam\x00men\r\n", "zusammen"),
        ("e\u0301", "é"),
        ("x\ud800y", "x?y"),
        ("  indented", "  indented"),
        ("a\x0bb\x7f", "ab"),
        ("\uf0b7 item", "• item"),
        ("\ufdfb", "جل جلاله"),
        ("\ufeb3\ufefc\ufee1", "سلام"),
        ("\u2f00\u2f08", "一人"),
        ("zusam\xad\nmen", "zusam-\nmen"),
        ("½ m² ﬀ", "½ m² ff"),
        ("", ""),
        (" \n \n", ""),
    ],
)
def test_tidy(text: str, tidied: str) -> None:
    assert lettering.tidy(text) == tidied


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("exam-\nple of it", "example\nof it"),
        ("exam-\n\nple.", "example.\n"),
        ("well-\nknown, but well-known", "well-known,\nbut well-known"),
        ("Jean-\nPaul went", "Jean-Paul\nwent"),
        ("1990-\n1995", "1990-\n1995"),
        ("a dash -\nand more", "a dash -\nand more"),
        ("Über-\nraschung", "Überraschung\n"),
    ],
)
def test_unbroken(text: str, whole: str) -> None:
    assert lettering.unbroken(text) == whole


@pytest.mark.parametrize(
    ("text", "letters"), [("a b\nc\t", 3), ("\ufffd\ufffda", 1), ("图书 馆", 3), ("", 0)]
)
def test_letters(text: str, letters: int) -> None:
    assert lettering.letters(text) == letters


@pytest.mark.parametrize(
    ("text", "share"),
    [("plain text\n", 0), ("a\ufffdb\ue001", 0.5), ("\x01\x02 \x03", 1), ("naïve 图", 0), ("", 0)],
)
def test_lost(text: str, share: float) -> None:
    assert lettering.lost(text) == share


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, POLISH])
def test_languages_look_like_languages(text: str) -> None:
    assert lettering.likeness(text) > 0.8


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, POLISH])
@pytest.mark.parametrize("shift", [3, 5, 9, 17])
def test_shifted_letters_do_not(text: str, shift: int) -> None:
    shifted = "".join(
        chr((ord(c) - 97 + shift) % 26 + 97) if "a" <= c <= "z" else c for c in text.lower()
    )
    assert lettering.likeness(shifted) < 0.75


@pytest.mark.parametrize("text", ["few", "图书馆" * 60, "1234567890 " * 40])
def test_what_cannot_be_judged_is_not_accused(text: str) -> None:
    assert lettering.likeness(text) == 1.0
