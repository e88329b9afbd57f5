import importlib
from pathlib import Path
from typing import get_args

import pytest

from glmdesk.documents.child import formats
from glmdesk.documents.child.kinds import Format, Kind
from glmdesk.errors import DocumentUnsupported
from tests.documents.samples import put, text_pdf

PICTURES = {"png", "jpeg", "webp", "gif", "bmp", "heic", "avif"}


def test_every_format_has_a_reader() -> None:
    assert set(get_args(Format)) == set(formats._OPENERS) | PICTURES


@pytest.mark.parametrize("module", sorted(set(formats._OPENERS.values())))
def test_every_reader_is_there(module: str) -> None:
    assert callable(importlib.import_module(f"glmdesk.documents.{module}").opened)


@pytest.mark.parametrize("format_", ["text", "markdown", "csv", "html", "xml", "mail", "json"])
def test_texts_are_read_in_the_encoding_that_was_chosen(folder: Path, format_: Format) -> None:
    kind = Kind(kind="document", format=format_, media_type="text/plain")
    path = put(folder, "a", "Name: Größe\n\nÜbung".encode("cp1250"))
    with formats.opened(kind, path, "a", "cp1250") as book:
        assert book.total >= 1
        assert "Übung" in "".join(book.sheet(n).text for n in range(1, book.total + 1))


def test_a_picture_is_no_document(folder: Path) -> None:
    kind = Kind(kind="picture", format="png", media_type="image/png")
    with pytest.raises(DocumentUnsupported, match="a is a picture"):
        formats.opened(kind, folder, "a")


def test_only_a_pdf_is_unlocked(folder: Path) -> None:
    kind = Kind(kind="document", format="docx", media_type="x")
    with pytest.raises(DocumentUnsupported, match="a is not a PDF"):
        formats.unlock(kind, folder, "a", "x", folder / "b")


def test_a_pdf_by_its_name(folder: Path) -> None:
    kind = Kind(kind="document", format="pdf", media_type="application/pdf")
    with formats.opened(kind, put(folder, "a", text_pdf(2)), "a") as book:
        assert book.total == 2
