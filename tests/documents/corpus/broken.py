"""Damaged PDF files: cut, shifted, with tables that lie and pages that are not there."""

import re
import zlib
from functools import partial

from glmdesk.errors import DocumentDamaged
from tests.documents.corpus import raw
from tests.documents.corpus.case import Case, Leaf, leaves
from tests.documents.corpus.words import prose

PAGES = 12
WHOLE = 7
"""Pages of a cut file that are still in it."""
LOST = Leaf(broken="must")


def cases() -> tuple[Case, ...]:
    texts = [prose(f"broken {number}", 80) for number in range(PAGES)]
    every = leaves(*texts)
    return (
        Case(
            name="cut.pdf",
            make=partial(_cut, texts),
            leaves=every[:WHOLE] + (LOST,) * (PAGES - WHOLE),
            note="damaged",
        ),
        Case(name="wrong-table.pdf", make=partial(_wrong_table, texts), leaves=every),
        Case(name="no-table.pdf", make=partial(_no_table, texts), leaves=every),
        Case(name="rubbish-before.pdf", make=partial(_rubbish, texts), leaves=every),
        Case(name="windows-ends.pdf", make=partial(_line_ends, texts), leaves=every),
        Case(name="wrong-lengths.pdf", make=partial(_lengths, texts), leaves=every),
        Case(name="wrong-count.pdf", make=partial(_count, texts, 99), leaves=every),
        Case(name="low-count.pdf", make=partial(_count, texts, 2), leaves=every),
        Case(
            name="page-missing.pdf",
            make=partial(_missing, texts),
            leaves=(*every[:4], LOST, *every[5:]),
            note="age 5 ",
        ),
        Case(
            name="content-broken.pdf",
            make=partial(_content, texts),
            leaves=(*every[:4], Leaf(broken="may"), *every[5:]),
        ),
        Case(
            name="page-of-rubbish.pdf",
            make=partial(_page_of_rubbish, texts),
            leaves=(*every[:4], Leaf(broken="may"), *every[5:]),
        ),
        Case(name="no-pages.pdf", make=_no_pages, refused=DocumentDamaged),
        Case(name="only-header.pdf", make=lambda: raw.HEADER, refused=DocumentDamaged),
    )


def _cut(texts: list[str]) -> bytes:
    whole = raw.written(raw.pages(texts))
    return whole[: whole.index(b"%d 0 obj" % (10 + 2 * WHOLE))]


def _wrong_table(texts: list[str]) -> bytes:
    whole = raw.written(raw.pages(texts))
    return re.sub(rb"(\d{10}) 00000 n", lambda m: b"%010d 00000 n" % (int(m[1]) + 5), whole)


def _no_table(texts: list[str]) -> bytes:
    whole = raw.written(raw.pages(texts))
    return whole[: whole.index(b"xref\n")]


def _rubbish(texts: list[str]) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n" + b"\x00\x01" * 200 + raw.written(raw.pages(texts))
    )


def _line_ends(texts: list[str]) -> bytes:
    """Sent as text once: each line end became two letters, and every place is wrong."""
    return raw.written(raw.pages(texts)).replace(b"\n", b"\r\n")


def _lengths(texts: list[str]) -> bytes:
    objects = raw.pages(texts)
    for at, text in enumerate(texts):
        objects[11 + 2 * at] = raw.stream(raw.shown(text), length=(3, 99999)[at % 2])
    return raw.written(objects)


def _count(texts: list[str], count: int) -> bytes:
    objects = raw.pages(texts)
    objects[2] = objects[2].replace(b"/Count %d" % PAGES, b"/Count %d" % count)
    return raw.written(objects)


def _missing(texts: list[str]) -> bytes:
    objects = raw.pages(texts)
    del objects[18]
    return raw.written(objects)


def _content(texts: list[str]) -> bytes:
    objects = raw.pages(texts)
    packed = bytearray(zlib.compress(raw.shown(texts[4])))
    packed[20:60] = bytes(40)
    objects[19] = raw.stream(bytes(packed), b"/Filter/FlateDecode")
    return raw.written(objects)


def _page_of_rubbish(texts: list[str]) -> bytes:
    objects = raw.pages(texts)
    objects[18] = b"<</Type/Page/Parent 2 0 R/MediaBox[(a) null 7]/Contents[1 0 R 2 0 R]>>"
    return raw.written(objects)


def _no_pages() -> bytes:
    return raw.written({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Count 0/Kids[]>>"})
