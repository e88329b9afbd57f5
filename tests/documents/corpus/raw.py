"""Writes PDF objects by hand, so that each can be wrong in its own way."""

from collections.abc import Mapping, Sequence

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def stream(data: bytes, entries: bytes = b"", length: int | None = None) -> bytes:
    """A stream object; `length` lies about it."""
    said = len(data) if length is None else length
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, said, data)


def written(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A file of these objects in their order, with a right table of where they are."""
    out = bytearray(HEADER)
    places: dict[int, int] = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = max(objects) + 1
    start = len(out)
    out += b"xref\n0 %d\n" % size
    for number in range(size):
        used = number in places
        out += b"%010d %05d %s \n" % (
            places.get(number, 0),
            0 if used else 65535,
            b"n" if used else b"f",
        )
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def pages(texts: Sequence[str], first: int = 10) -> dict[int, bytes]:
    """Catalogue, page tree and font in front, then page after page, each followed by its content."""
    kids = b" ".join(b"%d 0 R" % (first + 2 * at) for at in range(len(texts)))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(texts), kids),
        3: FONT,
    }
    for at, text in enumerate(texts):
        objects[first + 2 * at] = page(first + 2 * at + 1)
        objects[first + 2 * at + 1] = stream(shown(text))
    return objects


def page(content: int, extra: bytes = b"") -> bytes:
    return (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>"
        b"/Contents %d 0 R%s>>" % (content, extra)
    )


def shown(text: str) -> bytes:
    """Content that sets the words in lines."""
    words = text.encode("cp1252").split()
    rows = [b" ".join(words[at : at + 10]) for at in range(0, len(words), 10)]
    body = b"".join(b"(%s) Tj T*\n" % row for row in rows)
    return b"BT /F 10 Tf 14 TL 50 780 Td\n" + body + b"ET"


def escaped(data: bytes) -> bytes:
    """As it stands between the brackets of a string."""
    return data.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
