"""Office files as other programs write them: other names, other encodings, parts that few files have."""

import io
import zipfile
from functools import partial
from typing import Any

from tests.documents.corpus import opened, slides, tables, word
from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.packed import packed, unpacked
from tests.documents.corpus.words import prose

_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def cases() -> tuple[Case, ...]:
    return (
        _flow("other-main-part.docx", _other_part),
        _flow("absolute-target.docx", _absolute),
        _flow("utf-16-part.docx", _wide_part),
        _flow("streamed.docx", _streamed),
        _flow("stored.docx", partial(_repacked, zipfile.ZIP_STORED)),
        _flow("strict.docx", _strict),
        _formula(),
        _fields(),
        _lists(),
        _inner_table(),
        *_workbooks(),
        *_presentations(),
        *_open_documents(),
    )


WORDS = "Alpha beta gamma delta"


def _words() -> bytes:
    return word.by_hand(word.paragraph(word.run(WORDS)))


def _flow(name: str, make: Any, words: str = WORDS, *, refuse: bool = False, **more: Any) -> Case:
    """With `refuse` nothing is said of how it ends."""
    leaf = Leaf() if refuse else Leaf(words=words)
    return Case(name=name, make=make, leaves=(leaf,), paged=False, **more)


def _other_part() -> bytes:
    """Some servers call the main part document2.xml; the relations say so."""
    members = unpacked(_words())
    for name in ("[Content_Types].xml", "_rels/.rels"):
        members[name] = members[name].replace(b"word/document.xml", b"word/document2.xml")
    members["word/document2.xml"] = members.pop("word/document.xml")
    members["word/_rels/document2.xml.rels"] = members.pop("word/_rels/document.xml.rels")
    return packed(members)


def _absolute() -> bytes:
    members = unpacked(_words())
    members["_rels/.rels"] = members["_rels/.rels"].replace(b'"word/', b'"/word/')
    return packed(members)


def _wide_part() -> bytes:
    members = unpacked(_words())
    text = members["word/document.xml"].decode()
    members["word/document.xml"] = f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16")
    return packed(members)


class _Pipe(io.BytesIO):
    """A place that cannot be written backwards, so that sizes follow the data."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation


def _streamed() -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in unpacked(_words()).items():
            archive.writestr(
                zipfile.ZipInfo(name, (2026, 11, 25, 0, 0, 0)), data, zipfile.ZIP_DEFLATED
            )
    return pipe.getvalue()


def _repacked(method: int) -> bytes:
    return packed(unpacked(_words()), method)


def _strict() -> bytes:
    """ISO's own spaces, which Word writes on request."""
    members = unpacked(_words())
    for name, data in members.items():
        members[name] = data.replace(
            b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        ).replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
    return packed(members)


def _formula() -> Case:
    body = word.paragraph(
        word.run("Beforeformula ")
        + f'<m:oMath xmlns:m="{_MATH}"><m:f><m:num><m:r><m:t>upperpart</m:t></m:r></m:num>'
        + "<m:den><m:r><m:t>lowerpart</m:t></m:r></m:den></m:f></m:oMath>"
        + word.run(" Afterformula")
    )
    words = "Beforeformula upperpart lowerpart Afterformula"
    return _flow("formula.docx", lambda: word.by_hand(body), words)


def _fields() -> Case:
    """Of a field what it shows, not how it is made; tabs and breaks part words."""
    body = word.paragraph(
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGEREF codeword</w:instrText>'
        '</w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        + word.run("Shownword")
        + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        + "<w:r><w:tab/><w:t>Tabbed</w:t><w:br/><w:t>Broken</w:t><w:noBreakHyphen/><w:t>word</w:t></w:r>"
        + '<w:r><w:rPr><w:vanish/></w:rPr><w:t>Vanishedword</w:t></w:r>'
        + '<w:smartTag><w:customXml><w:r><w:t> Taggedword</w:t></w:r></w:customXml></w:smartTag>'
    )  # fmt: skip
    leaf = Leaf(words="Shownword Tabbed Broken Taggedword", absent=("codeword",))
    return Case(name="fields.docx", make=lambda: word.by_hand(body), leaves=(leaf,), paged=False)


def _lists() -> Case:
    items = [prose(f"item {n}", 6) for n in range(20)]

    def fill(document: Any) -> None:
        for n, text in enumerate(items):
            document.add_paragraph(text, "List Number" if n % 2 else "List Bullet 2")

    return _flow("lists.docx", partial(word.made, fill), " ".join(items))


def _inner_table() -> Case:
    """A letter laid out as one table: everything is in its cells."""
    texts = [prose(f"layout {n}", 80) for n in range(6)]

    def fill(document: Any) -> None:
        table = document.add_table(rows=3, cols=2)
        for at, text in enumerate(texts):
            table.cell(at // 2, at % 2).text = text

    return _flow("layout-table.docx", partial(word.made, fill), " ".join(texts))


def _sheet(body: str, strings: str = "", name: str = "xl/worksheets/sheet1.xml") -> bytes:
    members = unpacked(tables.made(lambda book: book.active.append(["a"])))
    members[name] = f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'.encode()
    if strings:
        members["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{strings}</sst>'.encode()
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
        types = members["[Content_Types].xml"].decode()
        entry = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
        members["[Content_Types].xml"] = types.replace("</Types>", entry).encode()
    return packed(members)


def _workbooks() -> tuple[Case, ...]:
    bare = '<row><c t="inlineStr"><is><t>Firstbare</t></is></c><c><v>17</v></c></row>'
    rich = "<si><r><t>Rich</t></r><r><rPr><b/></rPr><t>text</t></r></si><si><t>Plain</t><rPh sb='0' eb='1'><t>aid</t></rPh></si>"
    shared = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    computed = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>T("a")</f><v>Stringresult</v></c>'
        '<c r="C1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="D1" t="b"><v>1</v></c></row>'
        '<row r="4000"><c r="A4000" t="inlineStr"><is><t>Fardown</t></is></c></row>'
    )
    return (
        _flow("bare.xlsx", partial(_sheet, bare), "Firstbare 17"),
        _flow("rich.xlsx", partial(_sheet, shared, rich), "Richtext Plain"),
        _flow("computed.xlsx", partial(_sheet, computed), "2 Stringresult DIV Fardown"),
        _formats(),
        _flow("very-hidden.xlsx", partial(tables.made, _very_hidden), "Openword Buriedword"),
    )


def _formats() -> Case:
    """Numbers as a person sees them; what is in the file is the least that must come."""

    def fill(book: Any) -> None:
        sheet = book.active
        for row, (value, form) in enumerate(
            ((0.25, "0%"), (1234.5, "#,##0.00"), (45987, "yyyy-mm-dd"), (0.5, "hh:mm")), 1
        ):
            sheet.cell(row, 1, f"row{row}")
            sheet.cell(row, 2, value).number_format = form

    return _flow("formats.xlsx", partial(tables.made, fill), "row1 row2 row3 2025 11 26 row4")


def _very_hidden(book: Any) -> None:
    book.active.append(["Openword"])
    sheet = book.create_sheet("Buried")
    sheet.append(["Buriedword"])
    sheet.sheet_state = "veryHidden"


def _presentations() -> tuple[Case, ...]:
    return (
        Case(
            name="moved.pptx",
            make=_moved,
            leaves=(Leaf(words="Thirdword"), Leaf(words="Firstword"), Leaf(words="Secondword")),
        ),
        Case(name="chart.pptx", make=_chart, leaves=(Leaf(words="Chartslide Eastside Westside Seriesname"),), ordered=False),
    )  # fmt: skip


def _moved() -> bytes:
    """The order is what the presentation says, not what the files are called."""

    def fill(show: Any) -> None:
        for text in ("Firstword", "Secondword", "Thirdword"):
            slides.slide(show, text)
        order = show.slides._sldIdLst
        order.insert(0, order[2])

    return slides.made(fill)


def _chart() -> bytes:
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    def fill(show: Any) -> None:
        page = slides.slide(show, "Chartslide")
        data = CategoryChartData()
        data.categories = ["Eastside", "Westside"]
        data.add_series("Seriesname", (19.2, 21.4))
        place = (Inches(1), Inches(2), Inches(5), Inches(3))
        page.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)

    return slides.made(fill)


def _open_documents() -> tuple[Case, ...]:
    row = (
        "<table:table-row><table:table-cell><text:p>{}</text:p></table:table-cell>"
        '<table:table-cell office:value="7"><text:p>7</text:p></table:table-cell></table:table-row>'
    )
    sheets = "".join(
        f'<table:table table:name="Sheet{n}">{row.format(f"Cellword{n}")}</table:table>'
        for n in (1, 2)
    )
    pages = "".join(
        f'<draw:page draw:name="p{n}"><draw:frame><draw:text-box><text:p>Slideword{n}</text:p>'
        "</draw:text-box></draw:frame></draw:page>"
        for n in (1, 2)
    )
    return (
        Case(
            name="sheets.ods",
            make=lambda: opened.document("spreadsheet", sheets),
            leaves=(Leaf(words="Cellword1 7"), Leaf(words="Cellword2 7")),
        ),
        Case(
            name="slides.odp",
            make=lambda: opened.document("presentation", pages),
            leaves=(Leaf(words="Slideword1"), Leaf(words="Slideword2")),
        ),
    )
