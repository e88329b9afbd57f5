"""Word files: prose, tables, pictures, page breaks, tracked changes, notes, text boxes."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import docx
from docx.enum.text import WD_BREAK

from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.packed import packed, unpacked
from tests.documents.corpus.sheets import encoded, figure
from tests.documents.corpus.words import prose

_SPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/>%s</Types>'
)
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'


def cases() -> tuple[Case, ...]:
    return (_long(), _broken_pages(), _tables(), _pictures(), *_by_hand(), _heads())


def made(fill: Callable[[Any], None]) -> bytes:
    document = docx.Document()
    fill(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return packed(unpacked(buffer.getvalue()))


def _flow(name: str, fill: Callable[[Any], None], *leaves: Leaf, **more: Any) -> Case:
    return Case(name=name, make=partial(made, fill), leaves=leaves, paged=False, **more)


def _long() -> Case:
    texts = [prose(f"word {number}", 70) for number in range(60)]

    def fill(document: Any) -> None:
        for number, text in enumerate(texts):
            if number % 10 == 0:
                document.add_heading(f"Chapter {number // 10 + 1}", 1)
            style = "List Bullet" if number % 10 == 5 else None
            document.add_paragraph(text, style)

    words = " ".join(
        f"Chapter {number // 10 + 1} {text}" if number % 10 == 0 else text
        for number, text in enumerate(texts)
    )
    return _flow("long.docx", fill, Leaf(words=words))


def _broken_pages() -> Case:
    """Where the writer ends pages, those are the pages."""
    texts = [prose(f"word page {number}", 60) for number in range(5)]

    def fill(document: Any) -> None:
        for number, text in enumerate(texts):
            document.add_paragraph(text)
            if number < len(texts) - 1:
                document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)

    return Case(
        name="page-breaks.docx",
        make=partial(made, fill),
        leaves=tuple(Leaf(words=text) for text in texts),
    )


def _tables() -> Case:
    """Merged cells are said once, and a table in a cell is not lost."""

    def fill(document: Any) -> None:
        document.add_paragraph("Beforetable")
        table = document.add_table(rows=4, cols=3)
        for row in range(4):
            for column in range(3):
                table.cell(row, column).text = f"cell{row}x{column}"
        wide = table.cell(1, 0).merge(table.cell(1, 2))
        wide.text = "Mergedwide"
        tall = table.cell(2, 0).merge(table.cell(3, 0))
        tall.text = "Mergedtall"
        inner = table.cell(2, 1).add_table(rows=1, cols=2)
        inner.cell(0, 0).text, inner.cell(0, 1).text = "innerleft", "innerright"
        document.add_paragraph("Aftertable")

    words = (
        "Beforetable cell0x0 cell0x1 cell0x2 Mergedwide Mergedtall cell2x1 innerleft innerright "
        "cell2x2 cell3x1 cell3x2 Aftertable"
    )
    return _flow("tables.docx", fill, Leaf(words=words))


def _pictures() -> Case:
    before, after = prose("before picture", 40), prose("after picture", 40)

    def fill(document: Any) -> None:
        document.add_paragraph(before)
        document.add_picture(io.BytesIO(encoded(figure((480, 320)))))
        document.add_paragraph(after)

    return _flow("pictures.docx", fill, Leaf(words=f"{before} {after}", picture=True))


def _heads() -> Case:
    def fill(document: Any) -> None:
        document.sections[0].header.paragraphs[0].text = "Runninghead"
        document.sections[0].footer.paragraphs[0].text = "Runningfoot"
        document.add_paragraph("Bodytext of the letter")

    return _flow("heads.docx", fill, Leaf(words="Bodytext of the letter"))


def by_hand(body: str, parts: dict[str, str] | None = None, relations: str = "") -> bytes:
    """A Word file of this body; `parts` are further members under word/."""
    extra = parts or {}
    overrides = "".join(
        f'<Override PartName="/word/{name}" ContentType="application/vnd.openxmlformats-'
        f'officedocument.wordprocessingml.{name.removesuffix(".xml")}+xml"/>'
        for name in extra
    )
    links = relations + "".join(
        f'<Relationship Id="r{at}" Type="{_OFFICE}/{name.removesuffix(".xml")}" Target="{name}"/>'
        for at, name in enumerate(extra)
    )
    main = f'<Relationship Id="d" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    return packed(
        {
            "[Content_Types].xml": TYPES % overrides,
            "_rels/.rels": RELATIONS % main,
            "word/document.xml": f'<w:document xmlns:w="{_SPACE}" xmlns:r="{_OFFICE}"><w:body>'
            f"{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": RELATIONS % links,
            **{f"word/{name}": content for name, content in extra.items()},
        }
    )


def paragraph(inner: str) -> str:
    return f"<w:p>{inner}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def _by_hand() -> tuple[Case, ...]:
    return (_tracked(), _notes(), _boxes())


def _tracked() -> Case:
    """As the writer sees it when the changes are taken: what was put in is there."""
    mark = 'w:id="1" w:author="Ann" w:date="2026-01-01T00:00:00Z"'
    body = paragraph(
        run("Startword ")
        + f"<w:ins {mark}>{run('Insertedword ')}</w:ins>"
        + f"<w:del {mark}><w:r><w:delText>Deletedword </w:delText></w:r></w:del>"
        + f"<w:moveTo {mark}>{run('Movedword ')}</w:moveTo>"
        + '<w:hyperlink w:anchor="x">' + run("Linkedword ") + "</w:hyperlink>"
        + run("Endword")
    )  # fmt: skip
    return Case(
        name="tracked.docx",
        make=lambda: by_hand(body),
        leaves=(Leaf(words="Startword Insertedword Movedword Linkedword Endword"),),
        paged=False,
    )


def _note_part(tag: str, item: str, text: str) -> str:
    return (
        f'<w:{tag} xmlns:w="{_SPACE}"><w:{item} w:id="2" w:author="Bo">'
        f"{paragraph(run(text))}</w:{item}></w:{tag}>"
    )


def _notes() -> Case:
    """Footnotes, endnotes and comments stand elsewhere in the file; they are part of what it says."""
    body = paragraph(
        run("Mainword")
        + '<w:r><w:footnoteReference w:id="2"/></w:r>'
        + '<w:r><w:endnoteReference w:id="2"/></w:r>'
        + '<w:r><w:commentReference w:id="2"/></w:r>'
        + run(" Lastword")
    )
    parts = {
        "footnotes.xml": _note_part("footnotes", "footnote", "Footnoteword"),
        "endnotes.xml": _note_part("endnotes", "endnote", "Endnoteword"),
        "comments.xml": _note_part("comments", "comment", "Commentword"),
    }
    return Case(
        name="notes.docx",
        make=lambda: by_hand(body, parts),
        leaves=(Leaf(words="Mainword Lastword Footnoteword Endnoteword Commentword"),),
        paged=False,
        ordered=False,
    )


def _boxes() -> Case:
    """A text box is written twice, for new and for old programs, and must be read once."""
    box = f"<w:txbxContent>{paragraph(run('Boxedword'))}</w:txbxContent>"
    space = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    body = paragraph(
        run("Outerword ")
        + f'<w:r><mc:AlternateContent xmlns:mc="{space}">'
        + '<mc:Choice Requires="wps"><w:drawing><wps:txbx xmlns:wps="http://schemas.microsoft.com/'
        + f'office/word/2010/wordprocessingShape">{box}</wps:txbx></w:drawing></mc:Choice>'
        + f'<mc:Fallback><w:pict><v:textbox xmlns:v="urn:schemas-microsoft-com:vml">{box}'
        + "</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    ) + paragraph(f"<w:sdt><w:sdtContent>{run('Controlword')}</w:sdtContent></w:sdt>")
    return Case(
        name="boxes.docx",
        make=lambda: by_hand(body),
        leaves=(Leaf(words="Outerword Boxedword Controlword"),),
        paged=False,
        ordered=False,
    )
