"""PDF files that are right but put together in unusual ways: packed objects, updates, trees of trees."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pymupdf

from tests.documents.corpus import raw
from tests.documents.corpus.case import Case, leaves
from tests.documents.corpus.sheets import finished, pdf, prose_page, write
from tests.documents.corpus.words import prose


def cases() -> tuple[Case, ...]:
    texts = [prose(f"structure {number}", 60) for number in range(6)]
    every = leaves(*texts)
    return (
        Case(name="packed.pdf", make=partial(_packed, texts), leaves=every),
        Case(name="deep-tree.pdf", make=partial(_deep, texts), leaves=every),
        Case(name="lopsided-tree.pdf", make=partial(_lopsided, texts), leaves=every),
        Case(name="inherited.pdf", make=partial(_inherited, texts), leaves=every),
        Case(name="many-contents.pdf", make=partial(_contents, texts), leaves=every),
        Case(name="updated.pdf", make=partial(_updated, texts), leaves=every),
        Case(name="twice-the-page.pdf", make=partial(_twice, texts), leaves=leaves(texts[0], texts[0])),
        Case(name="named-pages.pdf", make=partial(_named, texts), leaves=every),
        Case(name="unit.pdf", make=partial(_unit, texts[:1]), leaves=every[:1]),
        Case(name="two-ends.pdf", make=partial(_rubbish_after, texts), leaves=every),
    )  # fmt: skip


def _packed(texts: list[str]) -> bytes:
    return pdf(*map(prose_page, texts), garbage=4, deflate=True, use_objstms=1)


def _deep(texts: list[str]) -> bytes:
    """Twenty nodes lie between the root and the pages."""
    objects = raw.pages(texts)
    objects[400] = objects[2]
    objects[2] = b"<</Type/Pages/Count %d/Kids[401 0 R]>>" % len(texts)
    for number in range(401, 420):
        objects[number] = b"<</Type/Pages/Count %d/Kids[%d 0 R]>>" % (len(texts), number + 1)
    objects[420] = objects.pop(400)
    return raw.written(objects)


def _lopsided(texts: list[str]) -> bytes:
    """Pages and nodes side by side: one, then a node of two with a node of one, then the rest."""
    objects = raw.pages(texts)
    objects[2] = b"<</Type/Pages/Count 6/Kids[10 0 R 50 0 R 51 0 R 18 0 R 20 0 R]>>"
    objects[50] = b"<</Type/Pages/Count 2/Parent 2 0 R/Kids[12 0 R 52 0 R]>>"
    objects[52] = b"<</Type/Pages/Count 1/Parent 50 0 R/Kids[14 0 R]>>"
    objects[51] = b"<</Type/Pages/Count 1/Parent 2 0 R/Kids[16 0 R]>>"
    return raw.written(objects)


def _inherited(texts: list[str]) -> bytes:
    """Size, fonts and turning stand in the tree and not at the pages."""
    objects = raw.pages(texts)
    for at in range(len(texts)):
        objects[10 + 2 * at] = b"<</Type/Page/Parent 2 0 R/Contents %d 0 R>>" % (11 + 2 * at)
    more = b"/MediaBox[0 0 595 842]/Rotate 90/Resources<</Font<</F 3 0 R>>>>"
    objects[2] = objects[2].replace(b"/Type/Pages", b"/Type/Pages" + more)
    return raw.written(objects)


def _contents(texts: list[str]) -> bytes:
    """A page's content in pieces, cut between any two words of the language."""
    objects = raw.pages(texts)
    for at, text in enumerate(texts):
        rows = raw.shown(text).split(b"\n")
        numbers = [1000 + 100 * at + row for row in range(len(rows))]
        objects |= {n: raw.stream(row) for n, row in zip(numbers, rows, strict=True)}
        refs = b" ".join(b"%d 0 R" % number for number in numbers)
        objects[10 + 2 * at] = raw.page(0).replace(b"0 0 R", b"[" + refs + b"]")
    return raw.written(objects)


def _updated(texts: list[str]) -> bytes:
    """Saved three times by adding to the end: only the last state counts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.pdf"
        path.write_bytes(pdf(prose_page(prose("outdated", 40)), *map(prose_page, texts[:4])))
        for change in (0, 1, 2):
            with pymupdf.open(path) as document:
                if change == 0:
                    document.delete_page(0)
                else:
                    write(document.new_page(), texts[3 + change])
                document.save(
                    path, incremental=True, encryption=pymupdf.PDF_ENCRYPT_KEEP, no_new_id=True
                )
        return path.read_bytes()


def _twice(texts: list[str]) -> bytes:
    """The tree names one page twice."""
    objects = raw.pages(texts[:1])
    objects[2] = b"<</Type/Pages/Count 2/Kids[10 0 R 10 0 R]>>"
    return raw.written(objects)


def _named(texts: list[str]) -> bytes:
    """Pages called i, ii, A-1: they are counted from one all the same."""
    with pymupdf.open(stream=pdf(*map(prose_page, texts))) as document:
        document.set_page_labels(
            [
                {"startpage": 0, "style": "r", "firstpagenum": 1},
                {"startpage": 2, "prefix": "A-", "style": "D"},
            ]
        )
        return finished(document)


def _unit(texts: list[str]) -> bytes:
    """A point is a hundred points."""
    return raw.written(raw.pages(texts)).replace(b"/MediaBox", b"/UserUnit 100/MediaBox")


def _rubbish_after(texts: list[str]) -> bytes:
    """Something else was stuck to its end."""
    return raw.written(raw.pages(texts)) + b"\r\n\0\0" * 3000
