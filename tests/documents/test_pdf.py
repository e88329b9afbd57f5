import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest

from glmdesk.documents import pdf
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


def texts(path: Path) -> list[str]:
    with pdf.opened(path, path.name) as book:
        return [book.sheet(number).text for number in range(1, book.total + 1)]


def test_no_layout_model_is_loaded() -> None:
    code = "import sys, glmdesk.documents.worker; print(sys.modules.get('onnxruntime'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


def test_text_of_each_page(folder: Path) -> None:
    path = put(folder, "a.pdf", text_pdf(3))
    assert texts(path) == [sentence(1), sentence(2), sentence(3)]


def test_two_columns_are_kept_apart(folder: Path) -> None:
    left = "Left column begins here and goes on for several lines until it ends. " * 4
    right = "Right column follows only after the whole of the left one was read. " * 4
    with new_pdf() as document:
        page = document.new_page()
        page.insert_textbox((310, 120, 540, 400), right, fontsize=10)
        page.insert_textbox((50, 120, 280, 400), left, fontsize=10)
        page.insert_text((50, 60), "A title across both columns of this page", fontsize=24)
        path = put(folder, "a.pdf", document.tobytes())
    (text,) = texts(path)
    words = " ".join(text.split())
    assert words.index("A title") < words.index("Left column")
    assert words.rindex("until it ends") < words.index("Right column")


def test_scanned_page_is_found_and_drawn(folder: Path) -> None:
    path = put(folder, "a.pdf", scanned_pdf())
    with pdf.opened(path, "a.pdf") as book:
        assert [book.sheet(number).scanned for number in (1, 2, 3)] == [False, True, False]
        sheet = book.sheet(2)
        assert (sheet.width, sheet.height) == (1240, 1754)
        raster = book.draw(2, (560, 784))
        assert raster.width >= 560
        assert raster.height >= 784
        assert len(raster.rgb) == raster.width * raster.height * 3
        assert len(set(raster.rgb)) > 20


def test_a_blank_page_is_not_a_scan(folder: Path) -> None:
    with new_pdf() as document:
        document.new_page()
        page = document.new_page()
        page.draw_rect(page.rect, color=(1, 1, 1), fill=(1, 1, 1))
        page = document.new_page()
        page.insert_text((300, 800), "17")
        path = put(folder, "a.pdf", document.tobytes())
    with pdf.opened(path, "a.pdf") as book:
        assert [book.sheet(number).scanned for number in (1, 2, 3)] == [False] * 3
        assert book.sheet(3).text == "17"


def test_a_drawing_with_a_page_number_is_a_scan(folder: Path) -> None:
    with new_pdf() as document:
        scan(document, noise(100, 140))
        document[0].insert_text((300, 800), "17")
        path = put(folder, "a.pdf", document.tobytes())
    with pdf.opened(path, "a.pdf") as book:
        assert book.sheet(1).scanned


@pytest.mark.parametrize("owner_only", [False, True])
def test_encrypted(folder: Path, owner_only: bool) -> None:
    with pymupdf.open(stream=text_pdf(1), filetype="pdf") as document:
        user = "" if owner_only else "secret"
        data = document.tobytes(
            encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=user, owner_pw="owner"
        )
    path = put(folder, "bank.pdf", data)
    if owner_only:
        assert texts(path) == [sentence(1)]
        return
    with (
        pytest.raises(DocumentLocked, match=r"bank\.pdf needs a password"),
        pdf.opened(path, "bank.pdf"),
    ):
        pass


@pytest.mark.parametrize("data", [b"%PDF-1.7\nnothing here", b"%PDF-1.4\n%%EOF"])
def test_what_is_no_pdf_inside_is_damaged(folder: Path, data: bytes) -> None:
    path = put(folder, "a.pdf", data)
    with pytest.raises(DocumentDamaged, match=r"a\.pdf is damaged"), pdf.opened(path, "a.pdf"):
        pass


def test_truncated_pdf_is_repaired(folder: Path) -> None:
    data = text_pdf(3)
    path = put(folder, "a.pdf", data[: len(data) // 2])
    with pdf.opened(path, "a.pdf") as book:
        assert book.repaired
        assert book.sheet(1).text == sentence(1)


def test_damaged_page_is_told(folder: Path) -> None:
    path = put(folder, "a.pdf", damaged_pdf())
    with pdf.opened(path, "a.pdf") as book:
        assert book.sheet(1).text == sentence(1)
        with pytest.raises(DocumentDamaged, match="Page 2 of a.pdf"):
            book.sheet(2)
        assert book.sheet(3).text == sentence(3)


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
    with pdf.opened(path, "a.pdf") as book, pytest.raises(DocumentDamaged):
        book.sheet(2)


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("a  \nb\t\n", "a\nb"),
        ("zu\xadsam\x00men\r\n", "zusammen"),
        ("e\u0301", "é"),
        ("x\ud800y", "x?y"),
        ("  indented", "  indented"),
    ],
)
def test_tidy(text: str, tidied: str) -> None:
    assert pdf.tidy(text) == tidied
