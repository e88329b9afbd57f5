import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from docx.oxml import parse_xml

from glmdesk.documents.office import docx
from glmdesk.documents.page import Sheet
from glmdesk.errors import DocumentDamaged
from tests.documents.office import making
from tests.documents.office.making import W, paragraph, run


def read(path: Path) -> tuple[list[Sheet], str]:
    with docx.opened(path, path.name) as book:
        return [book.sheet(number) for number in range(1, book.total + 1)], book.note


def text(folder: Path, document: Any) -> str:
    sheets, _ = read(making.word(folder, document))
    return "\n\n".join(sheet.text for sheet in sheets)


def body(folder: Path, *markup: str) -> str:
    document = making.new_word()
    for part in markup:
        making.add_xml(document, part)
    return text(folder, document)


def test_headings_paragraphs_and_lists_become_markdown(tmp_path: Path) -> None:
    document = making.new_word()
    document.add_heading("The report", 0)
    document.add_heading("First part", 1)
    document.add_paragraph("Some words.")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    document.add_heading("Deeper", 2)
    document.add_paragraph("first", style="List Number")
    document.add_paragraph("second", style="List Number")
    assert text(tmp_path, document) == (
        "# The report\n\n# First part\n\nSome words.\n\n- one\n- two\n\n## Deeper\n\n"
        "1. first\n2. second"
    )


def test_a_table_keeps_its_cells_and_says_merged_ones_once(tmp_path: Path) -> None:
    document = making.new_word()
    table = document.add_table(3, 3)
    for place, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"c{place}"
    table.cell(0, 0).merge(table.cell(0, 2)).text = "wide | head"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "tall"
    assert text(tmp_path, document) == (
        "| wide \\| head |  |  |\n|---|---|---|\n| tall | c4 | c5 |\n|  | c7 | c8 |"
    )


def test_a_table_in_a_table_is_said_in_its_cell(tmp_path: Path) -> None:
    document = making.new_word()
    table = document.add_table(2, 2)
    inner = table.cell(0, 1).add_table(2, 2)
    for place, cell in enumerate(cell for row in inner.rows for cell in row.cells):
        cell.text = f"i{place}"
    table.cell(1, 0).text = "outer"
    assert "|  | i0, i1<br>i2, i3 |" in text(tmp_path, document)


def test_tracked_changes_are_applied_and_said(tmp_path: Path) -> None:
    document = making.new_word()
    making.add_xml(
        document,
        paragraph(
            run("We pay ")
            + '<w:ins w:id="1" w:author="A">' + run("nine") + "</w:ins>"
            + '<w:del w:id="2" w:author="A"><w:r><w:delText>eight</w:delText></w:r></w:del>'
            + run(" euros.")
        ),
    )  # fmt: skip
    sheets, note = read(making.word(tmp_path, document))
    assert sheets[0].text == "We pay nine euros."
    assert note == "It holds tracked changes: inserted text was read, deleted text was left out."


def test_a_row_that_was_deleted_is_left_out(tmp_path: Path) -> None:
    cell = "<w:tc>" + paragraph(run("{}")).replace(f" {W}", "") + "</w:tc>"
    row = "<w:tr>{}" + cell * 2 + "</w:tr>"
    markup = (
        f"<w:tbl {W}>" + row.format("", "a", "b")
        + row.format('<w:trPr><w:del w:id="3" w:author="A"/></w:trPr>', "gone", "gone")
        + row.format("", "c", "d") + "</w:tbl>"
    )  # fmt: skip
    assert body(tmp_path, markup) == "| a | b |\n|---|---|\n| c | d |"


def test_hidden_text_is_left_out_and_said(tmp_path: Path) -> None:
    document = making.new_word()
    document.add_paragraph("seen ").add_run("unseen").font.hidden = True
    sheets, note = read(making.word(tmp_path, document))
    assert (sheets[0].text, note) == ("seen", "Hidden text was left out.")


def test_comments_are_marked(tmp_path: Path) -> None:
    document = making.new_word()
    words = document.add_paragraph("The sky is green.")
    document.add_comment(words.runs, text="Is it?", author="Ann")
    assert text(tmp_path, document) == "The sky is green. [comment by Ann: Is it?]"


def test_a_comment_is_said_once_however_often_it_is_referred_to(tmp_path: Path) -> None:
    document = making.new_word()
    words = document.add_paragraph("The sky is green.")
    document.add_comment(words.runs, text="Is it?", author="Ann")
    mark = document.element.body.xpath(".//w:commentReference")[0].getparent()
    for _ in range(9):
        mark.addnext(deepcopy(mark))
    assert text(tmp_path, document).count("Is it?") == 1


def test_headers_and_footers_stand_once_at_the_beginning(tmp_path: Path) -> None:
    document = making.new_word()
    document.sections[0].header.paragraphs[0].text = "Secret"
    document.sections[0].footer.paragraphs[0].text = "Page"
    document.add_section().header.is_linked_to_previous = True
    document.add_paragraph("words")
    assert text(tmp_path, document).startswith("[header: Secret]\n[footer: Page]\n\nwords")


FOOTNOTES = (
    f'<w:footnotes {W}><w:footnote w:id="-1" w:type="separator"><w:p/></w:footnote>'
    f'<w:footnote w:id="2"><w:p>{run("As Kant says.")}</w:p></w:footnote></w:footnotes>'
)
LINK = (
    '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/footnotes" Target="footnotes.xml"/></Relationships>'
)


def test_footnotes_follow_their_paragraph(tmp_path: Path) -> None:
    document = making.new_word()
    making.add_xml(document, paragraph(run("Yes") + '<w:r><w:footnoteReference w:id="2"/></w:r>'))
    plain = making.word(tmp_path, document)
    links = making.member(plain, "word/_rels/document.xml.rels").decode()
    path = making.changed(plain, tmp_path / "b.docx", {
        "word/_rels/document.xml.rels": links.replace("</Relationships>", LINK).encode(),
        "word/footnotes.xml": FOOTNOTES.encode(),
    })  # fmt: skip
    assert read(path)[0][0].text == "Yes[^2]\n\n[^2]: As Kant says."


def test_links_keep_where_they_lead(tmp_path: Path) -> None:
    document = making.new_word()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    link = document.part.relate_to("https://example.org/a", kind, is_external=True)
    space = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    making.add_xml(
        document, paragraph(f'<w:hyperlink {space} r:id="{link}">{run("the site")}</w:hyperlink>')
    )
    assert text(tmp_path, document) == "[the site](https://example.org/a)"


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = f"<w:txbxContent><w:p>{run('boxed')}</w:p></w:txbxContent>"
    inner = (
        f"<w:r><mc:AlternateContent {space}><mc:Choice Requires='wps'><w:drawing>{box}</w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert body(tmp_path, paragraph(run("anchor") + inner)) == "anchor\n\nboxed"


def test_a_formula_is_one_line(tmp_path: Path) -> None:
    space = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    letter = "<m:r><m:t>{}</m:t></m:r>".format
    formula = (
        f"<m:oMath {space}><m:f><m:num>{letter('a')}</m:num><m:den>{letter('b')}</m:den></m:f>"
        f"<m:sSup><m:e>{letter('x')}</m:e><m:sup>{letter('2')}</m:sup></m:sSup></m:oMath>"
    )
    assert body(tmp_path, paragraph(formula)) == r"$\frac{a}{b}x^2$"


def test_pictures_come_in_order_with_their_words(tmp_path: Path) -> None:
    document = making.new_word()
    document.add_paragraph("before")
    document.add_picture(making.picture(120, 90))
    document.add_paragraph("between")
    document.add_picture(making.picture(60, 80, 2))
    drawn = document.element.body.xpath(".//wp:docPr")
    drawn[0].set("descr", "a red\nboat")
    path = making.word(tmp_path, document)
    with docx.opened(path, "a.docx") as book:
        sheet = book.sheet(1)
        raster = book.draw(1, 1, (60, 80))
        assert book.find(1, "before") == ()
    assert sheet.text == "before\n\n[picture: a red boat]\n\nbetween\n\n[picture]"
    assert (sheet.pictures, sheet.whole) == (((120, 90), (60, 80)), False)
    assert raster.width >= 60
    assert len(raster.rgb) == raster.width * raster.height * 3


def test_a_picture_that_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    document = making.new_word()
    document.add_picture(making.picture())
    plain = making.word(tmp_path, document)
    path = making.changed(
        plain, tmp_path / "b.docx", {"word/media/image1.png": b"\x01\x00\x00\x00EMF"}
    )
    sheet = read(path)[0][0]
    assert (sheet.text, sheet.pictures) == ("[picture that cannot be shown]", ())


def test_a_picture_whose_bytes_are_damaged_costs_only_itself(tmp_path: Path) -> None:
    document = making.new_word()
    document.add_paragraph("words")
    document.add_picture(making.picture())
    path = making.word(tmp_path, document)
    data = bytearray(path.read_bytes())
    at = data.index(b"word/media/image1.png") + 200
    data[at : at + 20] = bytes(20)
    path.write_bytes(bytes(data))
    assert read(path)[0][0].text == "words\n\n[picture that cannot be shown]"


def test_pages_follow_the_breaks_of_the_document(tmp_path: Path) -> None:
    document = making.new_word()
    document.add_paragraph("page one")
    document.add_page_break()
    document.add_paragraph("page two")
    making.add_xml(
        document,
        paragraph("<w:r><w:t>end of two</w:t><w:lastRenderedPageBreak/><w:t>three</w:t></w:r>"),
    )
    making.add_xml(document, paragraph("<w:pPr><w:pageBreakBefore/></w:pPr>" + run("four")))
    sheets, _ = read(making.word(tmp_path, document))
    assert [sheet.text for sheet in sheets] == [
        "page one",
        "page two\n\nend of two",
        "three",
        "four",
    ]
    assert [sheet.number for sheet in sheets] == [1, 2, 3, 4]


def test_a_table_over_two_pages_has_its_header_twice(tmp_path: Path) -> None:
    document = making.new_word()
    table = document.add_table(4, 2)
    for place, row in enumerate(table.rows):
        row.cells[0].text, row.cells[1].text = f"a{place}", f"b{place}"
    first = table.rows[2].cells[0].paragraphs[0].runs[0]._r
    first.insert(0, first.makeelement(first.tag.replace("}r", "}lastRenderedPageBreak")))
    sheets, _ = read(making.word(tmp_path, document))
    assert [sheet.text for sheet in sheets] == [
        "| a0 | b0 |\n|---|---|\n| a1 | b1 |",
        "| a0 | b0 |\n|---|---|\n| a2 | b2 |\n| a3 | b3 |",
    ]


def test_without_breaks_pages_are_of_one_size_and_lose_nothing(tmp_path: Path) -> None:
    document = making.new_word()
    for part in range(6):
        document.add_heading(f"Part {part}", 1)
        for place in range(12):
            document.add_paragraph(f"Sentence {part}.{place} says something of its own. " * 3)
    sheets, _ = read(making.word(tmp_path, document))
    assert len(sheets) == 3
    assert all(len(sheet.text) < 4_000 for sheet in sheets)
    assert not any(re.search(r"# Part \d$", sheet.text) for sheet in sheets)
    whole = " ".join(sheet.text for sheet in sheets)
    found = re.findall(r"Sentence (\d+\.\d+) says", whole)
    assert list(dict.fromkeys(found)) == [
        f"{part}.{place}" for part in range(6) for place in range(12)
    ]
    assert len(found) == 6 * 12 * 3


def test_numbers_are_counted_as_word_does(tmp_path: Path) -> None:
    document = making.new_word()
    document.part.numbering_part.element.clear()
    levels = "".join(
        f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{words}"/></w:lvl>'
        for place, (form, words) in enumerate(
            (("decimal", "%1."), ("decimal", "%1.%2"), ("lowerRoman", "(%3)"))
        )
    )
    for markup in (
        f'<w:abstractNum {W} w:abstractNumId="0">{levels}</w:abstractNum>',
        f'<w:num {W} w:numId="7"><w:abstractNumId w:val="0"/></w:num>',
    ):
        document.part.numbering_part.element.append(parse_xml(markup))
    for place, level in enumerate((0, 1, 1, 2, 0, 1)):
        numbers = f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="7"/></w:numPr></w:pPr>'
        making.add_xml(document, paragraph(numbers + run(f"p{place}")))
    assert [line.strip() for line in text(tmp_path, document).split("\n")] == [
        "1. p0", "1.1 p1", "1.2 p2", "(i) p3", "2. p4", "2.1 p5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.ms-word.document.macroEnabled.main+xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
    ],
)
def test_macros_and_templates_open_too(tmp_path: Path, kind: str) -> None:
    document = making.new_word()
    document.add_paragraph("words")
    plain = making.word(tmp_path, document)
    types = making.member(plain, "[Content_Types].xml").decode()
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    path = making.changed(
        plain, tmp_path / "b.docm", {"[Content_Types].xml": types.replace(main, kind).encode()}
    )
    assert read(path)[0][0].text == "words"


def test_a_link_to_a_missing_member_does_not_matter(tmp_path: Path) -> None:
    document = making.new_word()
    document.add_paragraph("words")
    plain = making.word(tmp_path, document)
    links = making.member(plain, "word/_rels/document.xml.rels").decode()
    path = making.changed(plain, tmp_path / "b.docx", {
        "word/_rels/document.xml.rels": links.replace(
            "</Relationships>", LINK.replace("footnotes.xml", "../NULL")
        ).encode()
    })  # fmt: skip
    assert read(path)[0][0].text == "words"


def test_a_part_that_is_not_well_formed_is_said(tmp_path: Path) -> None:
    plain = making.word(tmp_path, making.new_word())
    path = making.changed(plain, tmp_path / "b.docx", {"word/_rels/document.xml.rels": b"<a><b>"})
    with pytest.raises(DocumentDamaged, match=r"b\.docx is damaged"):
        read(path)


def test_an_empty_document_is_one_empty_page(tmp_path: Path) -> None:
    sheets, _ = read(making.word(tmp_path, making.new_word()))
    assert [(sheet.text, sheet.looks.ink) for sheet in sheets] == [("", False)]


def test_the_strict_form_of_the_standard_is_read(tmp_path: Path) -> None:
    document = making.new_word()
    document.add_heading("Head", 1)
    document.add_picture(making.picture())
    plain = making.word(tmp_path, document)
    usual, strict = (
        rb"http://schemas\.openxmlformats\.org/(\w+)/2006/",
        rb"http://purl.oclc.org/ooxml/\1/",
    )
    names = ("_rels/.rels", "word/document.xml", "word/styles.xml", "word/_rels/document.xml.rels")
    path = making.changed(plain, tmp_path / "b.docx", {
        name: re.sub(usual, strict, making.member(plain, name)).replace(
            b"purl.oclc.org/ooxml/package/", b"schemas.openxmlformats.org/package/2006/"
        )
        for name in names
    })  # fmt: skip
    sheet = read(path)[0][0]
    assert (sheet.text, sheet.pictures) == ("# Head\n\n[picture]", ((120, 90),))
