"""Text as it comes out of a page made readable, and how much of it is no text at all. Knows no files."""

import re
import unicodedata
from operator import mul

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\ufeff]")
_ENDS = re.compile(r"[ \t\u00a0]+$", re.MULTILINE)
_LOST = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
_FORMS = re.compile(r"[\u2e80-\u2fdf\ufb00-\ufdff\ufe70-\ufefc]+")
"""Letters in the shape that their neighbours give them, and radicals that stand for characters."""
_BULLETS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓"}
_CHANGED = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", **_BULLETS})
_BROKEN_WORD = re.compile(r"([^\W\d_]+)[-\u2010]\n+([^\W\d_]+)([^\w\s]*) ?")

_SAMPLE = 600
_ENOUGH = 100
_LETTERS = "etaonirshldcumfpgwybvkxjqz"
_SHARES = (
    12.4, 8.4, 8.1, 7.5, 7.2, 7.3, 6.7, 6.3, 5.2, 4.2, 4.1, 3.2, 2.9,
    2.6, 2.2, 2.1, 2.0, 1.8, 1.7, 1.4, 1.1, 0.9, 0.2, 0.2, 0.1, 0.3,
)  # fmt: skip
_SIZE = sum(share**2 for share in _SHARES) ** 0.5
"""Of a hundred letters, in English and its neighbours; their length as a vector."""


def is_plain(text: str) -> bool:
    """Whether there is nothing but printable ASCII and ends of lines, which is soon found out."""
    return text.isascii() and text.replace("\n", "").isprintable()


def tidy(text: str) -> str:
    """Composed letters, no control characters or soft hyphens, no spaces at the ends of lines."""
    if not is_plain(text):
        text = _cleaned(text)
    if " \n" in text or not text[-1:].strip() or "\t\n" in text:
        text = _ENDS.sub("", text)
    return text.strip("\n")


def _cleaned(text: str) -> str:
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    text = _FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = text.replace("\r\n", "\n").translate(_CHANGED).replace("\xad\n", "-\n")
    return _CONTROLS.sub("", text)


def unbroken(text: str) -> str:
    """Words that a line's end divided are whole again; a compound seen elsewhere keeps its hyphen."""
    if "-\n" not in text and "\u2010\n" not in text:
        return text

    def whole(found: re.Match[str]) -> str:
        first, second, rest = found.groups()
        compound = f"{first}-{second}"
        keeps = not second[0].islower() or compound in text
        return f"{compound if keeps else first + second}{rest}\n"

    return _BROKEN_WORD.sub(whole, text)


def letters(text: str) -> int:
    """How many characters say something."""
    if text.isascii():
        return len(text) - text.count(" ") - text.count("\n") - text.count("\t")
    return len("".join(text.split())) - len(_LOST.findall(text))


def lost(text: str) -> float:
    """The share of the characters, spaces aside, that stand for nothing; `text` is not yet tidied."""
    if is_plain(text):
        return 0.0
    said = len("".join(text.split()))
    return len(_LOST.findall(text)) / said if said else 0.0


def likeness(text: str) -> float:
    """How much its letters are spread as in European languages, 0 to 1; 1 when it is written otherwise.

    Letters that a font's own numbering made up come near 0.6, texts above 0.8.
    """
    sample = text[:_SAMPLE].lower()
    counted = [sample.count(letter) for letter in _LETTERS]
    total = sum(counted)
    if total < _ENOUGH or total * 2 < letters(sample):
        return 1.0
    product = sum(map(mul, _SHARES, counted))
    return float(product / (_SIZE * sum(map(mul, counted, counted)) ** 0.5))
