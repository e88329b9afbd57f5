import subprocess
import sys
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from glmdesk.documents.page import Sheet
from glmdesk.documents.pdf import pdf
from glmdesk.errors import DocumentDamaged, DocumentLocked
from tests.documents.samples import (
    damaged_pdf,
    new_pdf,
    noise,
    put,
    scan,
    scanned_pdf,
    sentence,
    text_pdf,
)


def sheets(path: Path) -> list[Sheet]:
    with pdf.opened(path, path.name) as book:
        return [book.sheet(number) for number in range(1, book.total + 1)]


def texts(path: Path) -> list[str]:
    return [sheet.text for sheet in sheets(path)]


def one(folder: Path, document: Any) -> Sheet:
    (sheet,) = sheets(put(folder, "a.pdf", document.tobytes()))
    return sheet


def test_no_layout_model_is_loaded() -> None:
    code = "import sys, glmdesk.documents.pdf; print(sys.modules.get('onnxruntime'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


def test_text_of_each_page(folder: Path) -> None:
    path = put(folder, "a.pdf", text_pdf(3))
    assert texts(path) == [sentence(1), sentence(2), sentence(3)]


def test_a_page_can_be_drawn(folder: Path) -> None:
    path = put(folder, "a.pdf", scanned_pdf())
    with pdf.opened(path, "a.pdf") as book:
        sheet = book.sheet(2)
        assert sheet.whole
        assert sheet.pictures == ((1240, 1754),)
        raster = book.draw(2, 0, (560, 784))
    assert raster.width >= 560
    assert raster.height >= 784
    assert len(raster.rgb) == raster.width * raster.height * 3
    assert len(set(raster.rgb)) > 20


@pytest.mark.parametrize("owner_only", [False, True])
def test_encrypted(folder: Path, owner_only: bool) -> None:
    path = put(folder, "bank.pdf", locked_pdf("" if owner_only else "secret"))
    if owner_only:
        assert texts(path) == [sentence(1)]
        return
    with (
        pytest.raises(DocumentLocked, match=r"bank\.pdf needs a password"),
        pdf.opened(path, "bank.pdf"),
    ):
        pass


def locked_pdf(user: str) -> bytes:
    with pymupdf.open(stream=text_pdf(1), filetype="pdf") as document:
        return bytes(
            document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=user, owner_pw="owner")
        )


@pytest.mark.parametrize("password", ["secret", "owner"])
def test_the_right_password_gives_an_open_copy(folder: Path, password: str) -> None:
    path, target = put(folder, "bank.pdf", locked_pdf("secret")), folder / "open.pdf"
    pdf.unlock(path, "bank.pdf", password, target)
    assert texts(target) == [sentence(1)]


@pytest.mark.parametrize("password", ["Secret", "", "secret "])
def test_a_wrong_password_is_said_and_writes_nothing(folder: Path, password: str) -> None:
    path, target = put(folder, "bank.pdf", locked_pdf("secret")), folder / "open.pdf"
    with pytest.raises(DocumentLocked, match=r"does not open bank\.pdf"):
        pdf.unlock(path, "bank.pdf", password, target)
    assert not target.exists()


def test_an_open_file_unlocks_with_any_password(folder: Path) -> None:
    path, target = put(folder, "a.pdf", text_pdf(2)), folder / "open.pdf"
    pdf.unlock(path, "a.pdf", "whatever", target)
    assert texts(target) == [sentence(1), sentence(2)]


@pytest.mark.parametrize("data", [b"%PDF-1.7\nnothing here", b"%PDF-1.4\n%%EOF"])
def test_what_is_no_pdf_inside_is_damaged(folder: Path, data: bytes) -> None:
    path = put(folder, "a.pdf", data)
    with pytest.raises(DocumentDamaged, match=r"a\.pdf is damaged"), pdf.opened(path, "a.pdf"):
        pass


def test_truncated_pdf_is_repaired(folder: Path) -> None:
    data = text_pdf(3)
    path = put(folder, "a.pdf", data[: len(data) // 2])
    with pdf.opened(path, "a.pdf") as book:
        assert book.sheet(1).text == sentence(1)
        assert "repaired" in book.note


def test_a_sound_file_has_no_note(folder: Path) -> None:
    with pdf.opened(put(folder, "a.pdf", text_pdf(3)), "a.pdf") as book:
        book.sheet(1)
        assert book.note == ""


def test_damaged_page_is_told(folder: Path) -> None:
    first, second, third = sheets(put(folder, "a.pdf", damaged_pdf()))
    assert (first.text, third.text) == (sentence(1), sentence(3))
    assert second.fault.startswith("Page 2 of a.pdf is damaged")
    assert (second.text, second.pictures) == ("", ())


@pytest.mark.parametrize("broken", ["stream", "filter", "page"])
def test_empty_looking_page_whose_parts_are_broken_is_damaged(folder: Path, broken: str) -> None:
    with pymupdf.open(stream=text_pdf(3), filetype="pdf") as document:
        (stream,) = document[1].get_contents()
        if broken == "stream":
            document.update_stream(stream, b"\x00\xff garbage (((((")
        elif broken == "filter":
            document.xref_set_key(stream, "Filter", "/JPXDecode")
        else:
            document.update_object(document.page_xref(1), "[1 2 3]")
        path = put(folder, "a.pdf", document.tobytes())
    with pdf.opened(path, "a.pdf") as book:
        assert book.sheet(2).fault
        assert book.sheet(3).text == sentence(3)


def test_a_damaged_page_cannot_be_drawn(folder: Path) -> None:
    path = put(folder, "a.pdf", damaged_pdf())
    with (
        pdf.opened(path, "a.pdf") as book,
        pytest.raises(DocumentDamaged, match=r"Page 2 of a\.pdf"),
    ):
        book.draw(2, 0, (100, 100))


def test_a_very_long_document_is_cut(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_PAGES", 2)
    with pdf.opened(put(folder, "a.pdf", text_pdf(5)), "a.pdf") as book:
        assert book.total == 2
        assert "first 2 of 5 pages" in book.note


def test_files_inside_are_named(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        page.insert_text((72, 72), "See the numbers.")
        document.embfile_add("figures.csv", b"a,b\n1,2\n", filename="figures.csv")
        page.add_file_annot((300, 700), b"hello", "note.txt")
        path = put(folder, "a.pdf", document.tobytes())
    with pdf.opened(path, "a.pdf") as book:
        assert book.sheet(1).text.startswith("See the numbers.")
        assert "figures.csv" in book.note
        assert "note.txt" in book.note


def test_fields_say_their_names(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        page.insert_text((60, 60), "Application")
        for row, (name, kind, value) in enumerate(
            [
                ("given", pymupdf.PDF_WIDGET_TYPE_TEXT, "Philippa"),
                ("empty", pymupdf.PDF_WIDGET_TYPE_TEXT, ""),
                ("agreed", pymupdf.PDF_WIDGET_TYPE_CHECKBOX, True),
                ("refused", pymupdf.PDF_WIDGET_TYPE_CHECKBOX, False),
                ("colour", pymupdf.PDF_WIDGET_TYPE_COMBOBOX, "blue"),
            ]
        ):
            widget = pymupdf.Widget()
            widget.rect = pymupdf.Rect(160, 100 + row * 40, 400, 120 + row * 40)
            widget.field_type, widget.field_name, widget.field_value = kind, name, value
            widget.choice_values = ["red", "blue"] if name == "colour" else None
            page.add_widget(widget)
        text = one(folder, document).text
    marked = [line for line in text.splitlines() if line.startswith("[form field]")]
    assert marked == [
        "[form field] given: Philippa",
        "[form field] agreed: chosen",
        "[form field] colour: blue",
    ]


def test_notes_in_the_margin_are_read(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        page.insert_text((60, 60), "A contract.")
        page.add_text_annot((450, 80), "Ask a lawyer\nfirst")
        page.add_freetext_annot((60, 420, 400, 460), "Written across")
        text = one(folder, document).text
    assert "[note] Ask a lawyer first" in text
    assert text.count("Written across") == 1


def test_scripts_are_not_run(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        widget = pymupdf.Widget()
        widget.rect, widget.field_type = (
            pymupdf.Rect(60, 60, 300, 90),
            pymupdf.PDF_WIDGET_TYPE_TEXT,
        )
        widget.field_name, widget.field_value = "total", "12"
        widget.script_calc = widget.script_format = "event.value = 'changed'"
        page.add_widget(widget)
        action = document.get_new_xref()
        script = "this.getField('total').value = 'changed'"
        document.update_object(action, f"<</S/JavaScript/JS({script})>>".replace("()", "\\(\\)"))
        document.xref_set_key(document.pdf_catalog(), "OpenAction", f"{action} 0 R")
        text = one(folder, document).text
    assert "total: 12" in text
    assert "changed" not in text


def test_a_turned_page_is_found_where_it_is_seen(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page(width=600, height=800)
        page.insert_text((60, 100), "The treasure lies under the old oak.", fontsize=10)
        page.set_rotation(90)
        path = put(folder, "a.pdf", document.tobytes())
    with pdf.opened(path, "a.pdf") as book:
        assert book.sheet(1).pictures == ((1667, 1250),)
        ((x0, y0, x1, y1),) = book.find(1, "treasure lies under the old oak")
    assert 860 < x0 < x1 < 900  # 100 of 800 points from the right
    assert 100 < y0 < y1 < 500


def test_a_passage_of_several_lines_is_found(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        for row in range(20):
            page.insert_text((72, 72 + 20 * row), f"Line {row} speaks of matter number {row * 7}.")
        path = put(folder, "a.pdf", document.tobytes())
    with pdf.opened(path, "a.pdf") as book:
        found = book.find(
            1, "Line 4 speaks of matter number 28. Line 5 speaks of matter number 35."
        )
        assert len(found) == 2
        assert book.find(1, "Nothing of the kind was ever written anywhere") == ()
    assert [round(box[1] * 0.842) for box in found] == pytest.approx([152 - 12, 172 - 12], abs=4)


def test_an_epub_is_read_by_chapters(folder: Path) -> None:
    with pdf.opened(put(folder, "b.epub", epub()), "b.epub", "epub") as book:
        read = [book.sheet(number) for number in range(1, book.total + 1)]
        assert len(book.draw(1, 0, (200, 300)).rgb) > 200 * 300
    assert [sheet.label for sheet in read] == ["The river", "The hill"]
    assert [sheet.text.split()[-1] for sheet in read] == ["downhill.", "slowly."]
    assert all(sheet.whole and sheet.looks.ink for sheet in read)


def epub() -> bytes:
    import io
    import zipfile

    chapters = {"The river": "All water runs downhill.", "The hill": "Stones wear away slowly."}
    pages = [
        f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>{text}</p></body></html>"
        for title, text in chapters.items()
    ]
    items = "".join(
        f"<item id='c{n}' href='c{n}.xhtml' media-type='application/xhtml+xml'/>"
        for n in range(len(pages))
    )
    points = "".join(
        f"<navPoint id='n{n}' playOrder='{n + 1}'><navLabel><text>{title}</text></navLabel>"
        f"<content src='c{n}.xhtml'/></navPoint>"
        for n, title in enumerate(chapters)
    )
    spine = "".join(f"<itemref idref='c{n}'/>" for n in range(len(pages)))
    opf = (
        "<package xmlns='http://www.idpf.org/2007/opf' version='2.0' unique-identifier='i'>"
        "<metadata xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>B</dc:title>"
        "<dc:identifier id='i'>1</dc:identifier></metadata><manifest>"
        f"<item id='ncx' href='toc.ncx' media-type='application/x-dtbncx+xml'/>{items}</manifest>"
        f"<spine toc='ncx'>{spine}</spine></package>"
    )
    container = (
        "<container version='1.0' xmlns='urn:oasis:names:tc:opendocument:xmlns:container'>"
        "<rootfiles><rootfile full-path='b.opf' media-type='application/oebps-package+xml'/>"
        "</rootfiles></container>"
    )
    ncx = (
        "<ncx xmlns='http://www.daisy.org/z3986/2005/ncx/' version='2005-1'>"
        f"<navMap>{points}</navMap></ncx>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("b.opf", opf)
        archive.writestr("toc.ncx", ncx)
        for n, page in enumerate(pages):
            archive.writestr(f"c{n}.xhtml", page)
    return buffer.getvalue()


def test_a_page_of_one_picture_and_nothing_else(folder: Path) -> None:
    with new_pdf() as document:
        scan(document, noise(100, 140))
        looks = one(folder, document).looks
    assert (looks.letters, looks.images, looks.ink) == (0, 1.0, True)
