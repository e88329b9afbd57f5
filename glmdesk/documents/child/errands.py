"""What the child does for each request: opens the file, reads, draws, cuts; raises what goes wrong."""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from glmdesk.documents import notes
from glmdesk.documents.book import Book
from glmdesk.documents.child import contents, formats
from glmdesk.documents.child.kinds import Kind
from glmdesk.documents.child.lectern import Lectern
from glmdesk.documents.page import Box, Inspected, Place, Sheet, Size
from glmdesk.documents.pictures import pictures
from glmdesk.documents.protocol import (
    Answer,
    Crop,
    Done,
    Drawn,
    DrawPages,
    Find,
    Found,
    Inspect,
    LetGo,
    Opened,
    ReadDocument,
    ReadPicture,
    Request,
    ShowPages,
    Unlock,
    picture_id,
    pixels_path,
    shown_path,
)
from glmdesk.documents.sizes import Raster
from glmdesk.errors import DocumentDamaged, DocumentUnsupported, GlmdeskError, StorageError

CROPPED = 1600
"""Pixels of the longer side of what is cut out of a page, where it can be drawn that large."""
LARGEST = 4000
"""Pixels of the longer side of a page that is drawn to be cut."""

_Draw = Callable[[Place], Drawn]


class Errands:
    """One thread's; keeps the last documents open between requests."""

    def __init__(self) -> None:
        self._lectern = Lectern()

    def let_go(self) -> None:
        """Close whatever is open."""
        self._lectern.clear()

    def run(self, request: Request) -> Iterator[Answer]:
        """Raises GlmdeskError, MemoryError, or anything that a parser makes of hostile bytes."""
        if isinstance(request, LetGo):
            self.let_go()
            yield Done()
            return
        kind = _sniff(request.path, request.name)
        match request:
            case ReadDocument():
                yield from self._read(request, kind)
            case DrawPages():
                self._book(request, kind)
                sizes = dict(request.wanted)
                yield from _each(sizes, lambda place: self._pixels(request, kind, place, sizes))
            case ShowPages():
                if kind.kind == "document":
                    self._book(request, kind)
                yield from _each(request.places, lambda place: self._show(request, kind, place))
            case _:
                yield self._one(request, kind)

    def _one(self, request: Request, kind: Kind) -> Answer:
        match request:
            case Inspect():
                return self._inspected(request, kind)
            case ReadPicture():
                _expect("picture", kind, request.name)
                return _picture(request)
            case Find():
                return self._found(request, kind)
            case Crop():
                return self._cropped(request, kind)
            case Unlock():
                formats.unlock(kind, request.path, request.name, request.password, request.target)
        return Done()

    def _book(self, request: Request, kind: Kind, encoding: str = "") -> Book:
        _expect("document", kind, request.name)
        try:
            return self._lectern.book(kind, request.path, request.name, encoding)
        except MemoryError:
            self.let_go()  # what is open for others may have taken the room
            return self._lectern.book(kind, request.path, request.name, encoding)

    def _inspected(self, request: Inspect, kind: Kind) -> Inspected:
        width = height = pages = 0
        if kind.kind == "picture":
            looked = pictures.look(request.path, request.name)
            width, height, note = looked.width, looked.height, looked.note
        else:
            book = self._book(request, kind)
            pages, note = book.total, book.note
        if sys.platform == "win32":  # the app moves the file next, and there an open one cannot be
            self.let_go()
        return Inspected(
            kind=kind.kind,
            media_type=kind.media_type,
            note=notes.joined(kind.note, note),
            pages=pages,
            width=width,
            height=height,
        )

    def _read(self, request: ReadDocument, kind: Kind) -> Iterator[Answer]:
        book = self._book(request, kind, request.encoding)
        yield Opened(pages=book.total)
        last = min(request.last or book.total, book.total)
        for number in range(request.first, last + 1):
            yield _sheet(book, number)
        yield Done(note=notes.joined(kind.note, book.note), encoding=book.encoding)

    def _pixels(
        self, request: DrawPages, kind: Kind, place: Place, sizes: dict[Place, Size]
    ) -> Drawn:
        width, height = size = sizes[place]
        path = pixels_path(request.folder, picture_id(request.sha256, width, height, place))
        drawn = self._book(request, kind).draw(*place, size)
        store(pictures.fit(drawn, size).rgb, path)
        source = drawn.width, drawn.height
        return Drawn(source=source, width=width, height=height, place=place)

    def _show(self, request: ShowPages, kind: Kind, place: Place) -> Drawn:
        side = request.side
        if kind.kind == "picture":
            raster = pictures.small(request.path, request.name, side)
        else:
            raster = self._book(request, kind).draw(*place, (side, side))
        shown = pictures.webp(raster, side)
        store(shown.data, shown_path(request.folder, request.sha256, place, side))
        source = raster.width, raster.height
        return Drawn(source=source, width=shown.width, height=shown.height, place=place)

    def _found(self, request: Find, kind: Kind) -> Found:
        if kind.kind == "picture":
            return Found(boxes=())
        return Found(boxes=self._book(request, kind).find(request.page, request.words))

    def _cropped(self, request: Crop, kind: Kind) -> Drawn:
        if kind.kind == "picture":
            raster = pictures.crop(request.path, request.name, request.box)
        else:
            raster = self._part(request, kind)
        store(pictures.png(raster), request.target)
        size = raster.width, raster.height
        return Drawn(source=size, width=raster.width, height=raster.height)

    def _part(self, request: Crop, kind: Kind) -> Raster:
        book = self._book(request, kind)
        sizes = book.sheet(request.page).pictures
        if not sizes:
            raise DocumentDamaged(
                f"Page {request.page} of {request.name} has no picture to cut from. Nothing was "
                "changed. Copy its text instead."
            )
        drawn = book.draw(request.page, 0, _enough(sizes[0], request.box))
        return pictures.at_most(pictures.cut(drawn, request.box), CROPPED)


def store(data: bytes, path: Path) -> None:
    """Write a file so that nobody ever sees half of it. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            part.write(data)
        Path(part.name).replace(path)
    except OSError as error:
        raise StorageError(
            f"The picture could not be kept in {path.parent} ({os.strerror(error.errno or 0)}). "
            "Your chats are safe. Free some space and try again."
        ) from error


def _sniff(path: Path, name: str) -> Kind:
    try:
        return contents.told(path, name)
    except OSError as error:
        raise StorageError(
            f"{name} could not be opened ({os.strerror(error.errno or 0)}). Nothing was attached. "
            "Check that the file is still there and attach it again."
        ) from error


def _expect(wanted: str, kind: Kind, name: str) -> None:
    if kind.kind != wanted:
        raise DocumentUnsupported(
            f"{name} is a {kind.kind}, where a {wanted} is needed. Nothing was changed. "
            f"Attach it as a {kind.kind}."
        )


def _picture(request: ReadPicture) -> Drawn:
    looked, raster = pictures.read(request.path, request.name, request.limits)
    identity = picture_id(request.sha256, raster.width, raster.height)
    store(raster.rgb, pixels_path(request.folder, identity))
    return Drawn(source=(looked.width, looked.height), width=raster.width, height=raster.height)


def _sheet(book: Book, number: int) -> Sheet:
    """One page, of which whatever goes wrong is said on the page itself."""
    try:
        return book.sheet(number)
    except GlmdeskError as error:
        why = error.message
    except MemoryError:
        why = f"Page {number} needs more memory than a page may take here."
    except Exception:  # noqa: BLE001  a parser may raise anything on hostile bytes
        traceback.print_exc()
        why = f"Page {number} is damaged."
    return Sheet(number=number, text="", fault=why)


def _each(places: dict[Place, Size] | tuple[Place, ...], draw: _Draw) -> Iterator[Answer]:
    """Draw one after the other; one that cannot be drawn keeps none of the others from it."""
    for place in places:
        drawn = Drawn(source=(0, 0), width=0, height=0, place=place)
        try:
            drawn = draw(place)
        except StorageError:
            raise
        except (GlmdeskError, MemoryError):
            pass
        except Exception:  # noqa: BLE001  a parser may raise anything on hostile bytes
            traceback.print_exc()
        yield drawn
    yield Done()


def _enough(own: Size, box: Box) -> Size:
    """The size of a whole page, that is `own` by itself, of which a box has enough pixels."""
    across, down = ((box[end + 2] - box[end]) / 1000 * own[end] for end in (0, 1))
    share = min(CROPPED / max(abs(across), abs(down), 1), LARGEST / max(own))
    return max(1, round(own[0] * share)), max(1, round(own[1] * share))
