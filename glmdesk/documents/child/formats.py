"""Which module reads which format; each is loaded when the first file of its kind comes."""

import importlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from glmdesk.documents.book import Book
from glmdesk.documents.child.kinds import Format, Kind
from glmdesk.errors import DocumentError, DocumentUnsupported

_OPENERS: Mapping[Format, str] = {
    "pdf": "pdf.pdf",
    "epub": "pdf.pdf",
    "tiff": "pictures.scans",
    "text": "text.text",
    "docx": "office.docx",
    "pptx": "office.pptx",
    "xlsx": "office.xlsx",
    "odt": "office.odt",
    "html": "office.html",
    "markdown": "office.markdown",
    "mail": "office.mail",
    "csv": "office.csv",
    "json": "office.json",
    "xml": "office.xml",
}
_BY_FORMAT = ("pdf", "epub")
"""One opener for several: it is told which."""
_IN_AN_ENCODING = ("text", "html", "markdown", "csv", "json", "xml", "mail")
"""These can be read in an encoding that a person chose."""
_COMMON = ("pdf.pdf", "pictures.pictures")


def preload() -> None:
    """Load what most files need, so that the first one does not wait for it."""
    for module in _COMMON:
        with suppress(ImportError):  # whoever needs it will be told
            _module(module)


def opened(kind: Kind, path: Path, name: str, encoding: str = "") -> AbstractContextManager[Book]:
    """Open a document; leaving closes it. Raises DocumentError."""
    module = _OPENERS.get(kind.format)
    if module is None:
        raise DocumentUnsupported(
            f"{name} is a picture, where a document is needed. Nothing was changed. "
            "Attach it as a picture."
        )
    more: list[str] = [kind.format] if kind.format in _BY_FORMAT else []
    if kind.format in _IN_AN_ENCODING:
        more = [encoding]
    try:
        reader = _module(module)
    except ImportError as error:
        raise DocumentError(
            f"{name} was not read: a part of glmdesk that it needs does not load ({error}). "
            "Everything else is safe. Install glmdesk again."
        ) from error
    book: AbstractContextManager[Book] = reader.opened(path, name, *more)
    return book


def unlock(kind: Kind, path: Path, name: str, password: str, target: Path) -> None:
    """Write a copy without a password. Raises DocumentLocked when it is wrong, DocumentError else."""
    if kind.format != "pdf":
        raise DocumentUnsupported(
            f"{name} is not a PDF; only those can be opened with a password here. Nothing was "
            "changed. Save a copy without the password and attach that."
        )
    _module("pdf.pdf").unlock(path, name, password, target)


def _module(name: str) -> Any:
    return importlib.import_module(f"glmdesk.documents.{name}")
