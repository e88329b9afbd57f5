"""The child's side: takes one request after the other and answers in plain values, whatever happens."""

import os
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from glmdesk.child import Pipe
from glmdesk.documents import kinds, notes, pdf, pictures, text
from glmdesk.documents.page import Inspected, Page
from glmdesk.documents.protocol import (
    Answer,
    Done,
    Drawn,
    Fault,
    Inspect,
    Opened,
    ReadDocument,
    ReadPicture,
    Ready,
    Request,
    picture_id,
    pixels_path,
)
from glmdesk.documents.sizes import Raster, model_size
from glmdesk.errors import (
    DocumentDamaged,
    DocumentTooLarge,
    DocumentUnsupported,
    GlmdeskError,
    StorageError,
)
from glmdesk.messages import Picture

MAX_TEXT = 32 * 2**20
"""Bytes of a text file."""
MAX_DRAWN = 100
"""Scanned pages of one document that become pictures."""


def serve(pipe: Pipe) -> None:
    """Answer requests until the app is gone."""
    try:
        pipe.send(Ready())
        while True:
            for answer in answers(pipe.receive()):
                pipe.send(answer)
    except (EOFError, OSError):
        return


def answers(request: Request) -> Iterator[Answer]:
    """What a request is answered with; an error is the last answer."""
    try:
        yield from _answers(request)
    except GlmdeskError as error:
        yield Fault(code=error.code, message=error.message)
    except MemoryError:
        yield _fault(
            DocumentTooLarge(
                f"{request.name} needs more memory than a file may take here. Nothing was attached. "
                "Save a smaller copy, or split it, and attach that."
            )
        )
    except Exception:  # noqa: BLE001  a parser may raise anything on hostile bytes
        traceback.print_exc()
        yield _fault(
            DocumentDamaged(
                f"{request.name} could not be read; it seems damaged. Nothing was attached. "
                "Open it in another program, save it again, and attach that."
            )
        )


def _fault(error: GlmdeskError) -> Fault:
    return Fault(code=error.code, message=error.message)


def _answers(request: Request) -> Iterator[Answer]:
    kind = _sniff(request.path, request.name)
    match request:
        case Inspect():
            yield _inspected(request, kind)
        case ReadPicture():
            _expect("picture", kind, request.name)
            yield _drawn(request)
        case ReadDocument():
            _expect("document", kind, request.name)
            yield from _pages(request) if kind.format == "pdf" else _text(request, kind)


def _sniff(path: Path, name: str) -> kinds.Kind:
    try:
        with path.open("rb") as file:
            return kinds.sniff(file.read(kinds.HEAD), name)
    except OSError as error:
        raise StorageError(
            f"{name} could not be opened ({os.strerror(error.errno or 0)}). Nothing was attached. "
            "Check that the file is still there and attach it again."
        ) from error


def _expect(wanted: str, kind: kinds.Kind, name: str) -> None:
    if kind.kind != wanted:
        raise DocumentUnsupported(
            f"{name} is a {kind.kind}, where a {wanted} is needed. Nothing was changed. "
            f"Attach it as a {kind.kind}."
        )


def _inspected(request: Inspect, kind: kinds.Kind) -> Inspected:
    width = height = pages = 0
    note = ""
    if kind.kind == "picture":
        looked = pictures.look(request.path, request.name)
        width, height, note = looked.width, looked.height, looked.note
    elif kind.format == "pdf":
        with pdf.opened(request.path, request.name) as book:
            pages, note = book.total, notes.joined(*_of_the_file(book))
    else:
        pages, note = 1, text.decode(_bytes(request.path, request.name)).note
    return Inspected(
        kind=kind.kind,
        media_type=kind.media_type,
        note=notes.joined(kind.note, note),
        pages=pages,
        width=width,
        height=height,
    )


def _drawn(request: ReadPicture) -> Drawn:
    looked, raster = pictures.read(request.path, request.name, request.limits)
    identity = picture_id(request.sha256, raster.width, raster.height)
    _store(raster, pixels_path(request.folder, identity))
    return Drawn(source=(looked.width, looked.height), width=raster.width, height=raster.height)


def _text(request: ReadDocument, kind: kinds.Kind) -> Iterator[Answer]:
    decoded = text.decode(_bytes(request.path, request.name))
    yield Opened(pages=1)
    yield Page(number=1, text=decoded.text.rstrip("\n"))
    yield Done(note=notes.joined(kind.note, decoded.note))


def _bytes(path: Path, name: str) -> bytes:
    size = path.stat().st_size
    if size > MAX_TEXT:
        raise DocumentTooLarge(
            f"{name} is {size / 2**20:,.0f} MB of text; up to {MAX_TEXT // 2**20} MB can be read, "
            "and a model reads far less at once. Nothing was attached. Attach the part that matters."
        )
    return path.read_bytes()


def _pages(request: ReadDocument) -> Iterator[Answer]:
    damaged: list[int] = []
    unseen: list[int] = []
    drawn = 0
    with pdf.opened(request.path, request.name) as book:
        total = min(book.total, pdf.MAX_PAGES)
        yield Opened(pages=total)
        for number in range(1, total + 1):
            try:
                sheet = book.sheet(number)
                picture = _scan(request, book, sheet) if drawn < MAX_DRAWN else None
            except DocumentDamaged:
                damaged.append(number)
                yield Page(number=number, text="")
                continue
            drawn += picture is not None
            if sheet.scanned and picture is None:
                unseen.append(number)
            yield Page(number=number, text=sheet.text, picture=picture)
        if len(damaged) == total:
            raise DocumentDamaged(
                f"{request.name} is damaged: none of its pages can be read. Nothing was attached. "
                "Open it in another program, save it as a new PDF, and attach that."
            )
        limit = MAX_DRAWN if request.limits else 0
        pages = notes.damaged(damaged), notes.unseen(unseen, limit)
        yield Done(note=notes.joined(*_of_the_file(book), *pages))


def _scan(request: ReadDocument, book: pdf.Book, sheet: pdf.Sheet) -> Picture | None:
    """The picture of a page without text, drawn unless its pixels are already there."""
    if request.limits is None or not sheet.scanned:
        return None
    width, height = model_size(sheet.width, sheet.height, request.limits)
    identity = picture_id(request.sha256, width, height, sheet.number)
    path = pixels_path(request.folder, identity)
    if not path.exists():
        _store(pictures.fit(book.draw(sheet.number, (width, height)), (width, height)), path)
    return Picture(id=identity, width=width, height=height, path=path)


def _store(raster: Raster, path: Path) -> None:
    """Write pixels so that nobody ever sees half a file. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            part.write(raster.rgb)
        Path(part.name).replace(path)
    except OSError as error:
        raise StorageError(
            f"The picture could not be kept in {path.parent} ({os.strerror(error.errno or 0)}). "
            "Your chats are safe. Free some space and try again."
        ) from error


def _of_the_file(book: pdf.Book) -> tuple[str, str]:
    return notes.cut(pdf.MAX_PAGES, book.total), notes.REPAIRED if book.repaired else ""
