"""Office files and books that unpack to far more than they are."""

import io
import zipfile
from functools import cache

from glmdesk.errors import DocumentTooLarge, DocumentUnsupported
from tests.documents.corpus import opened, word
from tests.documents.corpus.bomb import LAUGHS, MANY, Bomb, sheet
from tests.documents.corpus.bomb_pictures import promised
from tests.documents.corpus.packed import packed, unpacked


def bombs() -> tuple[Bomb, ...]:
    large = DocumentTooLarge
    return (
        Bomb(name="unpacked.docx", make=_big_word, refused=large),
        Bomb(name="lying.docx", make=_lying),
        Bomb(name="ratio.xlsx", make=_big_sheet),
        Bomb(name="picture.docx", make=_big_media),
        Bomb(name="unpacked.odt", make=lambda: opened.odt("<text:p>" + " " * MANY + "</text:p>"), refused=large),
        Bomb(name="unpacked.epub", make=lambda: opened.epub({"a.xhtml": "<p>" + "word " * (MANY // 5) + "</p>"})),
        Bomb(name="members.docx", make=_members),
        Bomb(name="entities.docx", make=lambda: _entities(word.by_hand(word.paragraph(word.run("&i;"))))),
        Bomb(name="entities.odt", make=lambda: opened.odt("<text:p>&i;</text:p>", before=LAUGHS)),
        Bomb(name="deep.docx", make=lambda: word.by_hand("<w:p>" * 100_000)),
        Bomb(name="nested.docx", make=_nested_tables),
        Bomb(name="rows.odt", make=_repeated_rows),
        Bomb(name="cells.xlsx", make=_far_cell),
        Bomb(name="merged.xlsx", make=_merged),
        Bomb(name="archive.zip", make=lambda: packed({"a.txt": b"hello"}), refused=DocumentUnsupported),
        Bomb(name="nothing.docx", make=lambda: packed({}), refused=DocumentUnsupported),
    )  # fmt: skip


@cache
def _big_word() -> bytes:
    return word.by_hand(word.paragraph(word.run("x" * MANY)))


def _lying() -> bytes:
    """Both headers say that a member of 120 MB is one kilobyte."""
    data = _big_word()
    size = max(info.file_size for info in zipfile.ZipFile(io.BytesIO(data)).infolist())
    return data.replace(size.to_bytes(4, "little"), (1024).to_bytes(4, "little"))


def _big_sheet() -> bytes:
    row = '<row><c t="inlineStr"><is><t>word</t></is></c></row>'
    return sheet(f"<sheetData>{row * 700_000}</sheetData>")


def _far_cell() -> bytes:
    """One cell in the last corner of a sheet of 17 thousand million."""
    cell = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row>'
    return sheet(f'<dimension ref="A1:XFD1048576"/><sheetData>{cell}</sheetData>')


def _merged() -> bytes:
    merges = '<mergeCell ref="A1:XFD1048576"/>' * 50
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>merged</t></is></c></row>'
    return sheet(f"<sheetData>{cell}</sheetData><mergeCells>{merges}</mergeCells>")


def _big_media() -> bytes:
    members: dict[str, str | bytes] = dict(
        unpacked(word.made(lambda document: document.add_paragraph("One line")))
    )
    return packed({**members, "word/media/image1.png": promised(30_000, 40_000) + bytes(MANY)})


def _members() -> bytes:
    return packed({f"word/{number}.xml": b"x" for number in range(20_000)})


def _entities(data: bytes) -> bytes:
    members: dict[str, str | bytes] = dict(unpacked(data))
    members["word/document.xml"] = LAUGHS.encode() + bytes(unpacked(data)["word/document.xml"])
    return packed(members)


def _nested_tables() -> bytes:
    depth = 400
    start = "<w:tbl><w:tr><w:tc>" + word.paragraph(word.run("x"))
    return word.by_hand(start * depth + "<w:p/></w:tc></w:tr></w:tbl>" * depth)


def _repeated_rows() -> bytes:
    return opened.odt(
        '<table:table><table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384"><text:p>again</text:p></table:table-cell>'
        "</table:table-row></table:table>"
    )
