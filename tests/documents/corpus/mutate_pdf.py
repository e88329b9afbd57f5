"""Wrong PDF objects: lengths, references, filters, page trees, fonts, tables, content."""

import re
from collections.abc import Callable
from random import Random

_NUMBERS = (
    b"0 1 -1 3 255 65536 99999 2147483647 -2147483648 4294967296 9223372036854775807 1e38".split()
)
_FILTERS = (
    b"LZWDecode ASCII85Decode ASCIIHexDecode RunLengthDecode CCITTFaxDecode JBIG2Decode JPXDecode "
    b"DCTDecode FlateDecode Crypt Nothing"
).split()
_VALUES = (
    b"null", b"true", b"(words)", b"[1 2 3]", b"[]", b"<</A 1>>", b"/Name", b"1 0 R", b"2 0 R",
    b"99999 0 R", b"-7", b"0.00001", b"<" + b"41" * 3000 + b">", b"[" * 400 + b"]" * 400,
)  # fmt: skip
_CONTENT = (
    b"q " * 40000, b"1e30 0 0 1e30 0 0 cm ", b"/F 1e38 Tf ", b"BT " * 2000, b"0 0 0 0 0 0 cm ",
    b"BI /W 60000 /H 60000 /BPC 1 /CS /G ID x EI ", b"[(a) -1e9 (b) 1e9 (c)] TJ ", b"/Im0 Do " * 900,
    b"1e9 w 0 0 m 1e9 1e9 l S ", b"[1e-9 1e-9] 0 d 0 0 m 600 800 l S ", b"(" * 500, b"]]>> >> ", b"Q " * 999,
)  # fmt: skip
_Change = Callable[[Random, re.Match[bytes]], bytes]


def _number(rng: Random, found: re.Match[bytes]) -> bytes:
    return found[1] + b" " + rng.choice(_NUMBERS)


def _reference(rng: Random, found: re.Match[bytes]) -> bytes:
    return b"%d 0 R" % rng.choice((0, 1, 2, 3, 4, rng.randrange(30), 99999))


def _filter(rng: Random, found: re.Match[bytes]) -> bytes:
    if rng.random() < 0.3:
        return b"[" + b" /FlateDecode" * rng.choice((2, 30)) + b"]"
    return b"/" + rng.choice(_FILTERS)


def _kids(rng: Random, found: re.Match[bytes]) -> bytes:
    return b"/Kids " + rng.choice(
        (b"[2 0 R]", b"[]", b"null", b"[" + b"4 0 R " * 2000 + b"]", b"[1 0 R 2 0 R 3 0 R]")
    )


def _value(rng: Random, found: re.Match[bytes]) -> bytes:
    return found[1] + b" " + rng.choice(_VALUES)


def _box(rng: Random, found: re.Match[bytes]) -> bytes:
    return b"[" + b" ".join(rng.choice(_NUMBERS) for _ in range(4)) + b"]"


def _kind(rng: Random, found: re.Match[bytes]) -> bytes:
    names = b"Type0 Type1 Type3 TrueType CIDFontType0 Page Pages Catalog XObject Image Form".split()
    return found[1] + b" /" + rng.choice(names)


def _content(rng: Random, found: re.Match[bytes]) -> bytes:
    return found[0] + rng.choice(_CONTENT)


def _place(rng: Random, found: re.Match[bytes]) -> bytes:
    return b"%010d 00000 n" % rng.randrange(4000)


_CHANGES: tuple[tuple[bytes, _Change], ...] = (
    (rb"(/Length|/Count|/Size|/Prev|/First|/N|/Index|startxref)\s+-?\d+", _number),
    (rb"(/Width|/Height|/BitsPerComponent|/Predictor|/Columns|/Colors|/Rotate|/V|/R|/P)\s+-?\d+", _number),
    (rb"\b\d+ 0 R", _reference),
    (rb"/(?:Flate|DCT|LZW)Decode", _filter),
    (rb"/Kids\s*\[[^\]]*\]", _kids),
    (rb"(/[A-Z]\w*)\s*(?:-?\d+(?:\.\d+)?|/\w+|\([^)]*\))(?=[/>\s])", _value),
    (rb"\[(?:\s*-?[\d.]+){4}\s*\]", _box),
    (rb"(/Type|/Subtype)\s*/\w+", _kind),
    (rb"stream\r?\n", _content),
    (rb"\d{10} \d{5} n", _place),
)  # fmt: skip


def mutate(rng: Random, data: bytes) -> bytes:
    """Change one to four objects, each in a way that a parser has to notice."""
    for _ in range(rng.randint(1, 4)):
        pattern, change = rng.choice(_CHANGES)
        places = list(re.finditer(pattern, data))
        if places:
            found = rng.choice(places)
            data = data[: found.start()] + change(rng, found) + data[found.end() :]
    return data
