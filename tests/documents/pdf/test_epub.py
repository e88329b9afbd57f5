import zipfile
from pathlib import Path

import pytest

from glmdesk.documents.pdf import epub
from glmdesk.errors import DocumentDamaged, DocumentTooLarge, DocumentUnsupported

ENCRYPTED = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
 xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>
 <enc:EncryptionMethod Algorithm="{}"/><enc:CipherData><enc:CipherReference URI="c.xhtml"/>
</enc:CipherData></enc:EncryptedData></encryption>"""


def book(folder: Path, *algorithms: str, content: bytes = b"<html/>") -> Path:
    path = folder / "b.epub"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("c.xhtml", content)
        if algorithms:
            said = "".join(map(ENCRYPTED.format, algorithms))
            archive.writestr("META-INF/encryption.xml", said)
    return path


FONTS = "http://www.idpf.org/2008/embedding"
BOOK = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


@pytest.mark.parametrize("algorithms", [(), (FONTS,)])
def test_an_open_book(folder: Path, algorithms: tuple[str, ...]) -> None:
    epub.check(book(folder, *algorithms), "b.epub")


@pytest.mark.parametrize("algorithms", [(BOOK,), (FONTS, BOOK)])
def test_a_locked_book(folder: Path, algorithms: tuple[str, ...]) -> None:
    with pytest.raises(DocumentUnsupported, match=r"b\.epub is protected"):
        epub.check(book(folder, *algorithms), "b.epub")


def test_a_book_that_unpacks_without_end(folder: Path) -> None:
    with pytest.raises(DocumentTooLarge, match=r"b\.epub unpacks"):
        epub.check(book(folder, content=bytes(101 * 2**20)), "b.epub")


def test_a_book_that_is_cut_off(folder: Path) -> None:
    path = book(folder)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DocumentDamaged, match=r"b\.epub is damaged"):
        epub.check(path, "b.epub")
