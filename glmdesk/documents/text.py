"""Turns the bytes of a text file into words, whatever encoding they are in; drops none of them."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import CharsetMatches, from_bytes

_COMMON = [
    "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1252", "cp1251", "cp1250", "koi8_r",
    "cp1253", "cp1254", "cp1255", "cp1256", "cp874", "cp1257", "cp1258",
]  # fmt: skip
_WESTERN = "cp1252"

_NAMES = {
    "gb18030": "GB18030", "big5": "Big5", "cp932": "Shift JIS", "euc_jp": "EUC-JP",
    "cp949": "EUC-KR", "koi8_r": "KOI8-R", "cp874": "Windows-874", "latin_1": "Latin-1",
    "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32",
}  # fmt: skip

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The words, and a sentence naming the encoding when it is not UTF-8."""

    text: str
    note: str


def decode(data: bytes) -> Decoded:
    """Decode a whole text file; line ends become "\\n"."""
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        return Decoded(text=_plain_lines(text), note=_note(encoding))
    # Every byte is a character here, so the worst that happens is a wrong letter.
    text = _plain_lines(data.decode("latin_1"))
    return Decoded(text=text, note="Read as Latin-1; some letters may be wrong.")


def _candidates(data: bytes) -> Iterator[str]:
    yield from (encoding for mark, encoding in _MARKS if data.startswith(mark))
    even, odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
    if min(even, odd) == 0 and max(even, odd) * 5 > min(len(data), 4096):
        yield "utf-16-be" if even else "utf-16-le"
    yield "utf-8"
    yield from _guesses(from_bytes(data, cp_isolation=_COMMON))


def _guesses(matches: CharsetMatches) -> list[str]:
    """Best first; a tie goes to Western European, which short texts cannot be told from others."""
    best = matches.best()
    if best is None:
        return []
    tied = [m for m in matches if (m.chaos, m.coherence) == (best.chaos, best.coherence)]
    western = any(_WESTERN in (m.encoding, *m.could_be_from_charset) for m in tied)
    return [_WESTERN if western else best.encoding, best.encoding]


def _plain_lines(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _note(encoding: str) -> str:
    if encoding in ("utf-8", "utf-8-sig"):
        return ""
    return f"Read as {_NAMES.get(encoding, encoding.replace('cp', 'Windows-'))}."
