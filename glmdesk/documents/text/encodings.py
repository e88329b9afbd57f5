"""Finds out in which encoding bytes were written. The only file that knows charset_normalizer."""

import codecs
import re
from collections.abc import Iterator

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What the beginning of a file says of its encoding; the longer marks come first."""

_COMMON = [
    "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1252", "cp1251", "cp1250", "koi8_r",
    "cp1253", "cp1254", "cp1255", "cp1256", "cp874", "cp1257", "cp1258",
]  # fmt: skip
_WESTERN = "cp1252"
_SAMPLE = 1 << 16
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_SHIFTED = re.compile(rb"\x1b\$[@B]")
"""How a text of seven bits changes to Japanese."""
_HIGH = re.compile(rb"[\x80-\xff]")
_TRUST = 2
"""Whole UTF-8 letters for each stray byte, from which on a text is UTF-8 with strays."""


def candidates(data: bytes) -> Iterator[str]:
    """Encodings in which the bytes may be, the likeliest first; each is still to be tried."""
    yield from (encoding for mark, encoding in MARKS if data.startswith(mark))
    if encoding := wide(data[:_SAMPLE]):
        yield encoding
    if _SHIFTED.search(data[:_SAMPLE]):
        yield "iso2022_jp"
    yield "utf-8"
    if not strays(data):
        yield from _guesses(data)


def wide(sample: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, "" when it is neither."""
    if 0 not in sample:
        return ""
    if len(sample) >= 8 and (encoding := _four_bytes(sample)):
        return encoding
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    # A letter such as U+4E00 has a zero on the other side, so that counting alone does not tell.
    both = ("utf-16-be", "utf-16-le") if even > odd else ("utf-16-le", "utf-16-be")
    return next((encoding for encoding in both if _reads(sample, encoding)), "")


def strays(data: bytes) -> int:
    """Bytes that do not fit UTF-8 in a text that is UTF-8 for the most part; 0 for any other."""
    letters = [len(found) for found in _SEQUENCE.findall(data)]
    alone = len(_HIGH.findall(data)) - sum(letters)
    return alone if alone * _TRUST <= len(letters) else 0


def _four_bytes(sample: bytes) -> str:
    whole = sample[: len(sample) // 4 * 4]
    if not any(whole[0::4]) and not any(byte > 0x10 for byte in whole[1::4]):
        return "utf-32-be" if _reads(whole, "utf-32-be") else ""
    if not any(whole[3::4]) and not any(byte > 0x10 for byte in whole[2::4]):
        return "utf-32-le" if _reads(whole, "utf-32-le") else ""
    return ""


def _reads(sample: bytes, encoding: str) -> bool:
    """Whether nearly all of it becomes letters; a last one cut in two does not count."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    odd = sum(not (letter.isprintable() or letter in "\t\n\v\f\r\x1b\ufeff") for letter in text)
    return bool(text) and odd * 50 <= len(text)


def _guesses(data: bytes) -> list[str]:
    """Best first; a tie goes to Western European, which short texts cannot be told from others."""
    from charset_normalizer import from_bytes

    matches = from_bytes(data, cp_isolation=_COMMON)
    best = matches.best()
    if best is None:
        return []
    tied = [m for m in matches if (m.chaos, m.coherence) == (best.chaos, best.coherence)]
    western = any(_WESTERN in (m.encoding, *m.could_be_from_charset) for m in tied)
    return [_WESTERN if western else best.encoding, best.encoding]
