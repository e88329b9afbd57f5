"""One long text that a file says very often."""

import re
import zlib

from tests.documents.corpus import opened, raw, slides, word
from tests.documents.corpus.bomb import Bomb, sheet
from tests.documents.corpus.packed import packed, unpacked


def bombs() -> tuple[Bomb, ...]:
    """One long text that is said very often: what arrives must have an end, too."""
    return (
        Bomb(name="echo.pdf", make=_echoed_content),
        Bomb(name="echo.xlsx", make=_echoed_string),
        Bomb(name="echo.odt", make=_echoed_row),
        Bomb(name="echo.docx", make=_echoed_note),
        Bomb(name="echo.pptx", make=_echoed_slide),
        Bomb(name="echo.epub", make=_echoed_chapter),
    )


LONG = "word " * 50_000


def _echoed_content() -> bytes:
    """Five pages share the content of one."""
    objects = raw.pages(["x"] * 5)
    content = zlib.compress(b"BT /F 1 Tf 1 TL 50 780 Td " + raw.shown(LONG)[26:])
    objects[11] = raw.stream(content, b"/Filter/FlateDecode")
    for at in range(5):
        objects[10 + 2 * at] = raw.page(11)
    return raw.written(objects)


def _echoed_string() -> bytes:
    """Two thousand cells share one string."""
    members: dict[str, str | bytes] = dict(unpacked(sheet("")))
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 2001))
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    members["xl/sharedStrings.xml"] = f'<sst xmlns="{space}"><si><t>{LONG}</t></si></sst>'
    members["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    entry = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = bytes(unpacked(packed(members))["[Content_Types].xml"]).decode()
    members["[Content_Types].xml"] = types.replace("</Types>", entry)
    return packed(members)


def _echoed_row() -> bytes:
    return opened.document(
        "spreadsheet",
        '<table:table><table:table-row table:number-rows-repeated="2000"><table:table-cell '
        f'table:number-columns-repeated="100"><text:p>{LONG}</text:p></table:table-cell>'
        "</table:table-row></table:table>",
    )


def _echoed_note() -> bytes:
    note = '<w:r><w:commentReference w:id="2"/></w:r>' * 2000
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = word.paragraph(word.run(LONG))
    part = f'<w:comments xmlns:w="{space}"><w:comment w:id="2">{body}</w:comment></w:comments>'
    return word.by_hand(word.paragraph(note), {"comments.xml": part})


def _echoed_slide() -> bytes:
    """A show that names one slide five hundred times."""
    members: dict[str, str | bytes] = dict(
        unpacked(slides.made(lambda show: slides.slide(show, LONG)))
    )
    text = bytes(unpacked(packed(members))["ppt/presentation.xml"]).decode()
    found = re.search(r"<p:sldId [^>]*/>", text)
    if found is None:
        raise ValueError("no slide is listed")
    members["ppt/presentation.xml"] = text.replace(found[0], found[0] * 500)
    return packed(members)


def _echoed_chapter() -> bytes:
    """A book that reads one chapter two hundred times."""
    members: dict[str, str | bytes] = dict(unpacked(opened.epub({"a.xhtml": f"<p>{LONG}</p>"})))
    text = bytes(unpacked(packed(members))["book.opf"]).decode()
    members["book.opf"] = text.replace('<itemref idref="c0"/>', '<itemref idref="c0"/>' * 200)
    return packed(members)
