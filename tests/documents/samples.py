"""Makes real files for the tests: PNG chunks by hand, PDF with pymupdf, pictures with PIL."""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, rows: bytes, *, color: int, depth: int = 8, extra: bytes = b""
) -> bytes:
    """A PNG of any colour type; `rows` has the filter byte before each row."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            extra,
            chunk(b"IDAT", zlib.compress(rows, 9)),
            chunk(b"IEND", b""),
        )
    )


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    """Colours that differ from place to place and come out the same every time."""
    spots = Image.new("RGB", (8, 8))
    spots.putdata([((i * 37 + seed) % 256, (i * 91) % 256, (i * 53) % 256) for i in range(64)])
    return spots.resize((width, height), Image.Resampling.BICUBIC)


def sentence(number: int) -> str:
    return f"This is what page {number} says in its own words."


@contextmanager
def new_pdf() -> Iterator[Any]:
    document = pymupdf.open()
    yield document
    document.close()


def write(document: Any, text: str) -> None:
    document.new_page().insert_text((72, 72), text)


def scan(document: Any, image: Image.Image) -> None:
    """A page that is one picture."""
    page = document.new_page()
    page.insert_image(page.rect, stream=saved(image, "PNG"))


def text_pdf(pages: int = 3) -> bytes:
    with new_pdf() as document:
        for number in range(1, pages + 1):
            write(document, sentence(number))
        return bytes(document.tobytes())


def scanned_pdf(scanned: Sequence[int] = (2,), pages: int = 3) -> bytes:
    with new_pdf() as document:
        for number in range(1, pages + 1):
            if number in scanned:
                scan(document, noise(400, 560, number))
            else:
                write(document, sentence(number))
        return bytes(document.tobytes())


def damaged_pdf() -> bytes:
    """Three pages, the middle one of which is missing from the page tree."""
    with new_pdf() as document:
        for number in (1, 2, 3):
            write(document, sentence(number))
        tree = int(document.xref_get_key(document.page_xref(1), "Parent")[1].split()[0])
        first, _, last = (document.page_xref(number) for number in range(3))
        document.xref_set_key(tree, "Kids", f"[{first} 0 R null {last} 0 R]")
        return bytes(document.tobytes())


def heavy_pdf(pages: int, lines: int = 40_000) -> bytes:
    """Pages that take long to read: each holds tens of thousands of crossing lines."""
    with new_pdf() as document:
        strokes = b"".join(
            b"%d 0 m %d 842 l S\n" % (i * 7 % 595, i * 13 % 595) for i in range(lines)
        )
        page = document.new_page()
        page.draw_line((0, 0), (10, 10))
        stream = page.get_contents()[0]
        document.update_stream(stream, strokes)
        for _ in range(pages - 1):
            document.fullcopy_page(0)
        return bytes(document.tobytes(garbage=3, deflate=True))


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
