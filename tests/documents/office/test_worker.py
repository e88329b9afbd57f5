"""Every format through the real reader process, which alone imports the libraries."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glmdesk.documents.reader import Reader
from glmdesk.errors import DocumentError, DocumentTooLarge
from tests.documents.office import making
from tests.documents.office.test_mail import letter
from tests.documents.office.test_odt import made
from tests.documents.office.test_pptx import box, new
from tests.documents.office.test_xlsx import sheet
from tests.documents.samples import put


def word(folder: Path) -> Path:
    document = making.new_word()
    document.add_paragraph("The code is 7341.")
    document.add_picture(making.picture())
    return making.word(folder, document)


def slides(folder: Path) -> Path:
    show, slide = new()
    box(slide.shapes, "The code is 7341.", 1, 1)
    return making.word(folder, show, "a.pptx")


def workbook(folder: Path) -> Path:
    return making.word(folder, sheet(["The code is 7341."])[0], "a.xlsx")


def plain(folder: Path, name: str, data: str, encoding: str = "utf-8") -> Path:
    return put(folder, name, data.encode(encoding))


MAKERS: dict[str, Callable[[Path], Path]] = {
    "docx": word,
    "pptx": slides,
    "xlsx": workbook,
    "odt": lambda folder: made(folder, "text", "<text:p>The code is 7341.</text:p>"),
    "html": lambda folder: plain(folder, "a.html", "<html><p>The code is 7341.</html>"),
    "mail": lambda folder: put(folder, "a.eml", letter("The code is 7341.").as_bytes()),
    "csv": lambda folder: plain(folder, "a.csv", "a,b\nThe code is,7341.\n"),
    "json": lambda folder: plain(folder, "a.json", '{"a": "The code is 7341."}'),
    "xml": lambda folder: plain(folder, "a.xml", "<?xml version='1.0'?><a>The code is 7341.</a>"),
    "markdown": lambda folder: plain(folder, "a.md", "# Code\n\nThe code is 7341."),
    "text": lambda folder: plain(folder, "a.py", "# The code is 7341."),
}


@pytest.mark.parametrize("format_", sorted(MAKERS))
def test_every_format_is_read_by_the_real_reader(
    tmp_path: Path, reader: Reader, format_: str
) -> None:
    path = MAKERS[format_](tmp_path)
    inspected = reader.inspect(path, path.name)
    assert (inspected.kind, inspected.pages, inspected.note) == ("document", 1, "")
    document = reader.document(path, path.name, f"{format_:0<64}")
    assert "7341." in document.sheets[0].text
    assert document.complete


def test_a_picture_in_a_document_is_drawn_at_the_wanted_size(
    tmp_path: Path, reader: Reader
) -> None:
    drawn = reader.draw(word(tmp_path), "a.docx", "d" * 64, {(1, 0): (56, 28)})
    picture = drawn[(1, 0)]
    assert picture.path.stat().st_size == 56 * 28 * 3


def test_a_chosen_encoding_is_another_reading(tmp_path: Path, reader: Reader) -> None:
    path = plain(tmp_path, "a.txt", "Größe", "cp1252")
    assert reader.document(path, "a.txt", "e" * 64).sheets[0].text == "Größe"
    chosen = reader.document(path, "a.txt", "e" * 64, "cp1250")
    assert (chosen.encoding, chosen.sheets[0].text) == ("cp1250", "Größe")


def test_the_reader_outlives_a_bomb(tmp_path: Path, reader: Reader) -> None:
    bomb = making.zipped(
        tmp_path, "bomb.docx", {"[Content_Types].xml": "", "word/document.xml": bytes(101 * 2**20)}
    )
    with pytest.raises(DocumentTooLarge, match="unpacks to more than 100 MB; refused"):
        reader.inspect(bomb, "bomb.docx")
    assert reader.inspect(workbook(tmp_path), "a.xlsx").pages == 1


def test_the_reader_outlives_damage(tmp_path: Path, reader: Reader) -> None:
    whole = word(tmp_path).read_bytes()
    for place, end in enumerate(range(100, len(whole), len(whole) // 5)):
        with pytest.raises(DocumentError):
            reader.inspect(put(tmp_path, f"{place}.docx", whole[:end]), f"{place}.docx")
    assert reader.inspect(word(tmp_path), "a.docx").pages == 1


def test_the_app_imports_none_of_the_libraries() -> None:
    code = (
        "import glmdesk.app, glmdesk.documents.reader, glmdesk.documents.child.kinds, glmdesk.documents.text.text, sys;"
        "print(*{'lxml', 'docx', 'pptx', 'openpyxl', 'charset_normalizer', 'PIL'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
