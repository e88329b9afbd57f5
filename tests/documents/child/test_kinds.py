import io
import struct
import zipfile
from pathlib import Path

import pytest

from glmdesk.documents.child import contents
from glmdesk.documents.child.kinds import READABLE, sniff
from glmdesk.errors import DocumentDamaged, DocumentTooLarge, DocumentUnsupported
from tests.documents.samples import noise, put, saved, text_pdf

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_pictures_are_told_by_their_bytes(form: str) -> None:
    kind = sniff(saved(noise(64, 64), form), "photo")
    assert (kind.kind, kind.media_type, kind.note) == ("picture", f"image/{form.lower()}", "")


@pytest.mark.parametrize(
    ("head", "format_"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1miafheic", "heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "avif"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "avif"),
    ],
)
def test_heic_and_avif_are_told_by_their_brands(head: bytes, format_: str) -> None:
    assert sniff(head, "IMG_1.HEIC").format == format_


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
        "hello world".encode("utf-32-be"),
        "一次，两次\n".encode("utf-16-be"),
        "你好".encode("utf-16"),
        b"\x1b[31mcoloured log\x1b[0m\r\n",
        b"<html>in a program</html>",
        b"From: a\nTo: b\nSubject: c\n\nin a test of mail",
    ],
)
def test_text_is_whatever_reads_as_text(data: bytes) -> None:
    kind = sniff(data, "notes.py")
    assert (kind.kind, kind.format, kind.media_type) == ("document", "text", "text/plain")


MAIL = b"Received: from a\r\n by b\r\nFrom: Ann <a@b>\r\nTo: Bob\r\nSubject: Hi\r\n\r\nwords"


@pytest.mark.parametrize(
    ("data", "name", "format_", "media_type"),
    [
        (b"# Title", "README.md", "markdown", "text/markdown"),
        (b"a;b\n1;2\n", "a.csv", "csv", "text/csv"),
        (b'{"a": 1}', "a.json", "json", "application/json"),
        (b"<?xml version='1.0'?><a/>", "a.xml", "xml", "application/xml"),
        (b"<?xml version='1.0'?><a/>", "unnamed", "xml", "application/xml"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "xml", "application/xml"),
        (b"<!-- made by hand -->\n<!DOCTYPE html><p>x", "page", "html", "text/html"),
        ("<!doctype html><p>x".encode("utf-16"), "page.html", "html", "text/html"),
        (b"<p>only a part</p>", "page.htm", "html", "text/html"),
        (b"<?xml version='1.0'?><html xmlns='x'/>", "a.xhtml", "html", "text/html"),
        (MAIL, "a.eml", "mail", "message/rfc822"),
        (MAIL, "unnamed", "mail", "message/rfc822"),
        (b"just words", "a.eml", "text", "text/plain"),
    ],
)
def test_kinds_of_text(data: bytes, name: str, format_: str, media_type: str) -> None:
    kind = sniff(data, name)
    assert (kind.kind, kind.format, kind.media_type) == ("document", format_, media_type)


def test_a_web_page_called_a_workbook_says_so() -> None:
    kind = sniff(b"<html><table><tr><td>1</table></html>", "export.xlsx")
    assert (kind.format, kind.note) == ("html", "This is a web page; opened as web page.")


def archive(folder: Path, name: str, *members: str, mimetype: str = "") -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        if mimetype:
            file.writestr("mimetype", mimetype)
        for member in members:
            file.writestr(member, b"x" * 5_000)
    return put(folder, name, buffer.getvalue())


@pytest.mark.parametrize(
    ("members", "mimetype", "format_"),
    [
        (("[Content_Types].xml", "word/document.xml"), "", "docx"),
        (("[Content_Types].xml", "padding", "xl/workbook.xml"), "", "xlsx"),
        (("ppt/media/a.png", "ppt/presentation.xml"), "", "pptx"),
        (("META-INF/container.xml",), "application/epub+zip", "epub"),
        (("content.xml",), "application/vnd.oasis.opendocument.text", "odt"),
        (("content.xml", "META-INF/manifest.xml"), "", "odt"),
        (("META-INF/container.xml",), "", "epub"),
        (("content.xml",), "application/vnd.oasis.opendocument.spreadsheet", "odt"),
        (("content.xml",), "application/vnd.oasis.opendocument.presentation", "odt"),
    ],
)
def test_an_archive_is_what_its_members_say(
    folder: Path, members: tuple[str, ...], mimetype: str, format_: str
) -> None:
    kind = contents.told(archive(folder, "thing", *members, mimetype=mimetype), "thing")
    assert (kind.kind, kind.format, kind.note) == ("document", format_, "")
    if mimetype:
        assert kind.media_type == mimetype


def test_a_word_document_called_something_else_says_so(folder: Path) -> None:
    kind = contents.told(archive(folder, "a.xlsx", "word/document.xml"), "a.xlsx")
    assert kind.note == "This is a Word document; opened as Word document."


def test_a_crowded_archive_is_refused_before_it_is_listed(folder: Path) -> None:
    path = archive(folder, "a.docx", *(f"m{place}" for place in range(2_001)))
    with pytest.raises(DocumentTooLarge, match="more than 2,000 parts"):
        contents.told(path, "a.docx")


def test_a_tiff_of_several_pages_is_a_document(folder: Path) -> None:
    pages = [noise(64, 64, seed) for seed in range(3)]
    one = put(folder, "one.tif", saved(pages[0], "TIFF"))
    many = put(folder, "many.tif", saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert contents.told(one, "one.tif").kind == "picture"
    kind = contents.told(many, "many.tif")
    assert (kind.kind, kind.format, kind.media_type) == ("document", "tiff", "image/tiff")


def test_a_tiff_whose_pages_go_round_in_a_circle_ends(folder: Path) -> None:
    directory = struct.pack("<H12xI", 1, 8)
    path = put(folder, "a.tif", b"II*\x00" + struct.pack("<I", 8) + directory)
    assert contents.told(path, "a.tif").kind == "picture"
    path = put(folder, "b.tif", b"II*\x00" + struct.pack("<I", 9_999_999))
    assert contents.told(path, "b.tif").kind == "picture"


@pytest.mark.parametrize(
    ("stream", "what"),
    [
        ("WordDocument", "an old Word document (.doc)"),
        ("Workbook", "an old Excel workbook (.xls)"),
        ("PowerPoint Document", "an old PowerPoint presentation (.ppt)"),
        ("__properties_version1.0", "an Outlook message (.msg)"),
        ("other", "an old Office document"),
    ],
)
def test_old_office_files_say_how_to_save_them(folder: Path, stream: str, what: str) -> None:
    path = put(folder, "a.doc", OLE + bytes(9_000) + stream.encode("utf-16-le"))
    with pytest.raises(DocumentUnsupported) as caught:
        contents.told(path, "a.doc")
    assert what in caught.value.message
    assert "save it as" in caught.value.message


def test_a_new_office_file_with_a_password_says_so(folder: Path) -> None:
    path = put(folder, "a.docx", OLE + bytes(9_000) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(DocumentUnsupported, match=r"a\.docx is protected with a password"):
        contents.told(path, "a.docx")


@pytest.mark.parametrize(
    ("data", "name", "what", "advice"),
    [
        (
            b"PK\x03\x04\x14\x00\x08\x00" + b"\x00" * 20,
            "things.zip",
            "ZIP archive",
            "out of the archive",
        ),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "a.mp4", "video", READABLE),
        (b"MZ\x90\x00\x03\x00\x00\x00", "setup.exe", "Windows program", READABLE),
        (b"{\\rtf1\\ansi hello}", "a.rtf", "rich text", "save it as DOCX or PDF"),
        (OLE + b"\x00\x00", "a.doc", "Office", "PDF"),
        (bytes(range(256)), "a.bin", "unknown kind", READABLE),
        (b"Rar!\x1a\x07\x00", "a.rar", "RAR archive", "out of the archive"),
    ],
)
def test_other_files_are_named_and_refused(data: bytes, name: str, what: str, advice: str) -> None:
    with pytest.raises(DocumentUnsupported) as caught:
        sniff(data, name)
    message = caught.value.message
    assert message.startswith(f"{name} seems to be a")
    assert what in message
    assert "Nothing was attached." in message
    assert advice in message


@pytest.mark.parametrize(
    ("member", "what"),
    [
        ("Index/Document.iwa", "Pages, Numbers or Keynote"),
        ("xl/workbook.bin", "binary Excel workbook"),
        ("photo.jpg", "a ZIP archive"),
    ],
)
def test_other_archives_are_named_and_refused(folder: Path, member: str, what: str) -> None:
    with pytest.raises(DocumentUnsupported, match=what):
        contents.told(archive(folder, "a.zip", member), "a.zip")


def test_empty_file_is_refused(folder: Path) -> None:
    with pytest.raises(DocumentDamaged, match=r"nothing\.txt is empty \(0 bytes\)"):
        contents.told(put(folder, "nothing.txt", b""), "nothing.txt")
