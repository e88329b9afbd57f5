from pathlib import Path

import pytest

from glmdesk.documents.office import odt
from glmdesk.documents.page import Sheet
from glmdesk.errors import DocumentDamaged, DocumentUnsupported
from tests.documents.office import making

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "draw", "style", "presentation")
) + (
    ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
)  # fmt: skip


def made(folder: Path, kind: str, inner: str, **members: bytes) -> Path:
    content = f"<office:document-content {SPACES}><office:body><office:{kind}>{inner}</office:{kind}></office:body></office:document-content>"
    names = {name.replace("__", "/").replace("_", "."): data for name, data in members.items()}
    stated = f"application/vnd.oasis.opendocument.{kind}"
    return making.zipped(folder, "a.odt", {"mimetype": stated, "content.xml": content, **names})


def read(path: Path) -> tuple[list[Sheet], str]:
    with odt.opened(path, "a.odt") as book:
        return [book.sheet(number) for number in range(1, book.total + 1)], book.note


def text(folder: Path, inner: str) -> str:
    return "\n\n".join(sheet.text for sheet in read(made(folder, "text", inner))[0])


def test_headings_lists_and_spaces(tmp_path: Path) -> None:
    inner = (
        '<text:h text:outline-level="2">Head</text:h><text:p>two<text:s text:c="2"/>words,'
        "<text:tab/>then <text:span>more</text:span><text:line-break/>lines</text:p>"
        "<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>deep</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
    )
    assert text(tmp_path, inner) == "## Head\n\ntwo  words,\tthen more\nlines\n\n- one\n  - deep"


def test_tables_say_merged_cells_once(tmp_path: Path) -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>".format
    inner = (
        "<table:table><table:table-header-rows><table:table-row>"
        '<table:table-cell table:number-columns-spanned="2"><text:p>wide</text:p></table:table-cell>'
        "<table:covered-table-cell/></table:table-row></table:table-header-rows>"
        f"<table:table-row>{cell('a')}{cell('b')}</table:table-row></table:table>"
    )
    assert text(tmp_path, inner) == "| wide |  |\n|---|---|\n| a | b |"


def test_notes_comments_links_and_changes(tmp_path: Path) -> None:
    inner = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        '<text:p><text:a xlink:href="https://example.org/">site</text:a><text:note>'
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>Below.</text:p>"
        "</text:note-body></text:note><office:annotation><dc:creator>Ann</dc:creator>"
        "<text:p>Why?</text:p></office:annotation></text:p>"
    )
    sheets, note = read(made(tmp_path, "text", inner))
    assert sheets[0].text == (
        "[site](https://example.org/)[^1] [comment by Ann: Why?]\n\n[^1]: Below."
    )
    assert "deleted text was left out" in note


def test_page_breaks_are_kept(tmp_path: Path) -> None:
    inner = "<text:p>one</text:p><text:soft-page-break/><text:p>two <text:soft-page-break/>three</text:p>"
    sheets, _ = read(made(tmp_path, "text", inner))
    assert [sheet.text for sheet in sheets] == ["one", "two", "three"]


def test_pictures_and_boxes(tmp_path: Path) -> None:
    inner = (
        '<text:p>See <draw:frame><draw:image xlink:href="Pictures/a.png"/>'
        "<svg:desc>a boat</svg:desc></draw:frame></text:p>"
        "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"
        '<text:p><draw:frame><draw:image xlink:href="Pictures/none.png"/></draw:frame></text:p>'
    )
    path = made(tmp_path, "text", inner, Pictures__a_png=making.PNG)
    with odt.opened(path, "a.odt") as book:
        sheet = book.sheet(1)
        raster = book.draw(1, 0, (120, 90))
    assert sheet.pictures == ((120, 90),)
    assert sheet.text == "See [picture: a boat]\n\nboxed\n\n[picture that cannot be shown]"
    assert len(raster.rgb) == raster.width * raster.height * 3


def test_headers_stand_once_at_the_beginning(tmp_path: Path) -> None:
    styles = f"<office:document-styles {SPACES}><style:header><text:p>Secret</text:p></style:header></office:document-styles>"
    path = made(tmp_path, "text", "<text:p>words</text:p>", styles_xml=styles.encode())
    assert read(path)[0][0].text == "[header: Secret]\n\nwords"


def test_sheets_repeat_what_is_repeated_and_no_more(tmp_path: Path) -> None:
    inner = (
        '<table:table table:name="One"><table:table-row>'
        '<table:table-cell table:number-columns-repeated="2"><text:p>twice</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
        '<table:table-row><table:table-cell office:value="7"/></table:table-row></table:table>'
        '<table:table table:name="Two"/>'
    )
    sheets, _ = read(made(tmp_path, "spreadsheet", inner))
    assert [sheet.label for sheet in sheets] == ["One", "Two"]
    assert sheets[0].text == (
        "# One\n\n|  | A | B |\n|---|---|---|\n| 1 | twice | twice |\n| 1048002 | 7 |  |"
    )


def test_a_sheet_that_is_a_bomb_is_cut(tmp_path: Path) -> None:
    inner = (
        '<table:table table:name="One"><table:table-row table:number-rows-repeated="9000">'
        '<table:table-cell table:number-columns-repeated="1000"><text:p>x</text:p></table:table-cell>'
        "</table:table-row></table:table>"
    )
    _, note = read(made(tmp_path, "spreadsheet", inner))
    assert note == "Of the sheet One the first 500 rows were read; there are more."


def test_one_long_text_in_many_cells_is_cut(tmp_path: Path) -> None:
    inner = (
        '<table:table table:name="One"><table:table-row table:number-rows-repeated="9000">'
        f"<table:table-cell><text:p>{'x' * 50_000}</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
    _, note = read(made(tmp_path, "spreadsheet", inner))
    assert note == "Of the sheet One the first 640 rows were read; there are more."


def test_slides_come_one_by_one_as_they_are_looked_at(tmp_path: Path) -> None:
    frame = (
        '<draw:frame svg:y="{}cm" svg:x="1cm"><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>'
    ).format
    inner = (
        f'<draw:page draw:name="Intro">{frame(9, "low")}{frame(2, "high")}<presentation:notes>'
        f'{frame(1, "spoken")}</presentation:notes></draw:page><draw:page draw:name="End"/>'
    )
    sheets, _ = read(made(tmp_path, "presentation", inner))
    assert [(sheet.label, sheet.text) for sheet in sheets] == [
        ("Intro", "high\n\nlow\n\n[notes]\nspoken"), ("End", ""),
    ]  # fmt: skip


def test_a_password_is_said(tmp_path: Path) -> None:
    path = making.zipped(
        tmp_path,
        "a.odt",
        {"META-INF/manifest.xml": "<m:encryption-data/>", "content.xml": b"\x00\x01"},
    )
    with pytest.raises(DocumentUnsupported, match="protected with a password"):
        read(path)


@pytest.mark.parametrize("inner", ["", "<office:body>", "<office:drawing/>"])
def test_what_holds_nothing_is_said(tmp_path: Path, inner: str) -> None:
    path = making.zipped(tmp_path, "a.odt", {"content.xml": f"<a {SPACES}>{inner}</a>"})
    with pytest.raises(DocumentDamaged, match=r"a\.odt (is damaged|holds neither)"):
        read(path)
