import pytest

from glmdesk.documents.kinds import sniff
from glmdesk.errors import DocumentDamaged, DocumentUnsupported
from tests.documents.samples import noise, saved, text_pdf


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_pictures_are_told_by_their_bytes(form: str) -> None:
    kind = sniff(saved(noise(64, 64), form), "photo")
    assert (kind.kind, kind.media_type, kind.note) == ("picture", f"image/{form.lower()}", "")


@pytest.mark.parametrize("name", ["scan.png", "scan.jpg", "notes.txt"])
def test_pdf_with_another_name_says_so(name: str) -> None:
    kind = sniff(text_pdf(1), name)
    assert kind.media_type == "application/pdf"
    assert kind.note == "This is a PDF; opened as PDF."


def test_picture_with_another_name_says_so() -> None:
    kind = sniff(saved(noise(64, 64), "PNG"), "report.pdf")
    assert kind.kind == "picture"
    assert kind.note == "This is a PNG; opened as PNG."


def test_text_called_pdf_says_so() -> None:
    assert sniff(b"plain words", "report.PDF").note == "This is a text file; opened as text."


def test_rubbish_before_a_pdf_is_allowed() -> None:
    assert sniff(b"\xef\xbb\xbf\n" + text_pdf(1), "a.pdf").format == "pdf"
    assert sniff(b"HTTP rubbish\n" + text_pdf(1), "a.pdf").format == "pdf"


@pytest.mark.parametrize(
    "data",
    [
        b"if data.startswith(b'%PDF-'):\n    pass\n",
        b"BM is a verb tense in some notations, and this is a text.",
        b"MZ is a country code.",
        "Größe und Übung".encode("cp1252"),
        "测试文件，用来检查编码".encode("gb18030"),
        "hello".encode("utf-16"),
        "hello world".encode("utf-16-le"),
        "你好".encode("utf-16"),
        b"\x1b[31mcoloured log\x1b[0m\r\n",
    ],
)
def test_text_is_whatever_reads_as_text(data: bytes) -> None:
    kind = sniff(data, "notes.py")
    assert (kind.kind, kind.format, kind.media_type) == ("document", "text", "text/plain")


def test_markdown_keeps_its_type() -> None:
    assert sniff(b"# Title", "README.md").media_type == "text/markdown"


@pytest.mark.parametrize(
    ("data", "name", "what"),
    [
        (b"PK\x03\x04\x14\x00\x08\x00" + b"\x00" * 18 + b"word/document.xml", "a.zip", "Word"),
        (b"PK\x03\x04\x14\x00\x08\x00" + b"\x00" * 20, "budget.xlsx", "Excel"),
        (b"PK\x03\x04\x14\x00\x08\x00" + b"\x00" * 20, "things.zip", "ZIP archive"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "IMG_1.HEIC", "HEIC"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "a.jpg", "AVIF"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "a.mp4", "video"),
        (b"II*\x00\x08\x00\x00\x00\x00", "a.tif", "TIFF"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "setup.exe", "Windows program"),
        (b"{\\rtf1\\ansi hello}", "a.rtf", "rich text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", "a.doc", "Office"),
        (bytes(range(256)), "a.bin", "unknown kind"),
    ],
)
def test_other_files_are_named_and_refused(data: bytes, name: str, what: str) -> None:
    with pytest.raises(DocumentUnsupported) as caught:
        sniff(data, name)
    message = caught.value.message
    assert message.startswith(f"{name} seems to be a")
    assert what in message
    assert "Nothing was attached." in message
    assert "PDF" in message


def test_empty_file_is_refused() -> None:
    with pytest.raises(DocumentDamaged, match=r"nothing\.txt is empty \(0 bytes\)"):
        sniff(b"", "nothing.txt")
