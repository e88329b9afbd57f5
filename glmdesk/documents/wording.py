"""What the text of a page tells of itself: whether it is language, and what of it words cannot say. Pure."""

import re
from collections import Counter

from glmdesk.documents.pdf.lettering import likeness

_CLEAN = re.compile(
    r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+(?:[.,:/-]\d+)*%?|[^\W\d_]{1,4}-?\d+(?:[.,]\d+)*", re.ASCII
)
_EDGES = " .,;:!?()[]\"'“”‘’„«»…•–—-*/&+="
_MOST_CLEAN = 0.65
_STRANGE = 0.7
_LONG_WORD, _MOST_SIGNS = 18, 0.08

_SIGNS = re.compile(
    "[\u2200-\u22ff\u2a00-\u2aff\U0001d400-\U0001d7ff\u2070\u2074-\u209c\u222b\u221a]"
)
_LONE_GREEK = re.compile(
    r"(?<![\u0370-\u03ff\u1f00-\u1fff])[α-ωΓΔΘΛΞΠΣΦΨΩ](?![\u0370-\u03ff\u1f00-\u1fff])"
)
_FEWEST_SIGNS, _SHARE_OF_SIGNS = 7, 0.008

_LEADER = re.compile(r"[.…·_ ]{4,}\t?\d*$")
_MANY_CELLS = 90
_FEWEST_ROWS, _WIDE, _UNEVEN = 6, 5, 0.2


def is_language(text: str) -> bool:
    """Whether most of it are words and numbers, and not what a bad reader of scans made of them."""
    words = text.split()
    letters = sum(map(len, words))
    if not text.isascii():
        words = [word for word in words if word.isascii()]
    clean = sum(len(word) for word in words if _is_clean(word))
    ascii_letters = sum(map(len, words))
    if ascii_letters * 2 < letters:
        return True
    return clean >= _MOST_CLEAN * ascii_letters and likeness(text) >= _STRANGE


def _is_clean(word: str) -> bool:
    bare = word.strip(_EDGES)
    if not bare or (len(bare) == 1 and bare not in "aAI0123456789"):
        return False
    usual_case = bare.islower() or bare.isupper() or bare[1:].islower() or not bare.isalpha()
    return usual_case and bool(_CLEAN.fullmatch(bare))


def is_made_up(text: str) -> bool:
    """Whether it runs on without spaces and with signs where letters should be: its font lied."""
    words = text.split()
    letters = sum(map(len, words))
    signs = sum(not letter.isalnum() for word in words for letter in word)
    if letters <= _LONG_WORD * len(words) or not text.isascii() or is_language(text):
        return False
    return signs > _MOST_SIGNS * letters or likeness(text) < _STRANGE


def has_formulas(text: str) -> bool:
    """Whether there are more signs of mathematics than a sentence here and there has."""
    signs = len(_SIGNS.findall(text)) + len(_LONE_GREEK.findall(text))
    return signs >= _FEWEST_SIGNS and signs >= _SHARE_OF_SIGNS * len(text)


def has_hard_table(text: str) -> bool:
    """Whether there is a table that is long, or whose rows do not have the same cells."""
    lines = [line for line in text.split("\n") if "\t" in line and not _LEADER.search(line)]
    cells = [line.count("\t") + 1 for line in lines]
    if sum(cells) >= _MANY_CELLS and max(cells) > 2:
        return True
    if len(cells) < _FEWEST_ROWS or max(cells) < _WIDE:
        return False
    (_, usual), *_ = Counter(cells).most_common(1)
    return usual <= (1 - _UNEVEN) * len(cells)
