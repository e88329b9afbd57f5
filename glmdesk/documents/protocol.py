"""What the app and the reader process say to each other. Only these values and those of `page` pass the pipe."""

from dataclasses import dataclass
from pathlib import Path

from glmdesk.documents.page import Box, Inspected, Place, Sheet, Size
from glmdesk.documents.sizes import PictureLimits


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The child has loaded its libraries and takes requests."""


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """Say what a file is; answered by one Inspected."""

    path: Path
    name: str


@dataclass(frozen=True, kw_only=True)
class ReadPicture:
    """Write a picture's pixels into `folder`; answered by one Drawn."""

    path: Path
    name: str
    sha256: str
    limits: PictureLimits
    folder: Path


@dataclass(frozen=True, kw_only=True)
class ReadDocument:
    """Read pages `first` to `last` (0: to the end); answered by Opened, each Sheet in order, and Done."""

    path: Path
    name: str
    encoding: str = ""
    first: int = 1
    last: int = 0


@dataclass(frozen=True, kw_only=True)
class DrawPages:
    """Write the pixels of pages, or of pictures in them, at exactly these sizes into `folder`.

    Answered by a Drawn for each in order, of width and height 0 where nothing can be drawn, and Done.
    """

    path: Path
    name: str
    sha256: str
    wanted: tuple[tuple[Place, Size], ...]
    folder: Path


@dataclass(frozen=True, kw_only=True)
class ShowPages:
    """Write pictures for people, at most `side` pixels long, as WebP into `folder` (`shown_path`).

    Of a picture file the only place is (0, 0). Answered as DrawPages is.
    """

    path: Path
    name: str
    sha256: str
    places: tuple[Place, ...]
    side: int
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Find:
    """Say where on a page a passage stands; answered by one Found."""

    path: Path
    name: str
    page: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Crop:
    """Cut `box` out of a picture, or of a document's page, and write it to `target` as PNG.

    `page` is 0 for a file that is itself a picture. Answered by one Drawn.
    """

    path: Path
    name: str
    page: int
    box: Box
    target: Path


@dataclass(frozen=True, kw_only=True)
class Unlock:
    """Write a copy that needs no password to `target`; answered by Done, or DocumentLocked."""

    path: Path
    name: str
    password: str
    target: Path


@dataclass(frozen=True, kw_only=True)
class LetGo:
    """Close the documents that were left open for the next request; answered by Done."""

    path: Path = Path()
    name: str = ""


Request = (
    Inspect | ReadPicture | ReadDocument | DrawPages | ShowPages | Find | Crop | Unlock | LetGo
)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The size a picture had, turned upright, and the size its pixels were written at."""

    source: Size
    width: int
    height: int
    place: Place = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A document is open and has this many pages to read."""

    pages: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """Boxes of the lines; () when the passage is not on that page."""

    boxes: tuple[Box, ...]


@dataclass(frozen=True, kw_only=True)
class Done:
    """Everything was sent; `note` is what a person should know of it."""

    note: str = ""
    encoding: str = ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An error, to be made again by `errors.rebuild`."""

    code: str
    message: str


Answer = Inspected | Drawn | Opened | Sheet | Found | Done | Fault
"""A request is over with Inspected, Found, Done or Fault, and ReadPicture and Crop with Drawn."""


def ends(request: Request, answer: object) -> bool:
    """Whether the child has nothing more to say to `request` after `answer`."""
    if isinstance(answer, Drawn):
        return isinstance(request, ReadPicture | Crop)
    return isinstance(answer, Inspected | Found | Done | Fault)


def picture_id(sha256: str, width: int, height: int, place: Place = (0, 0)) -> str:
    """The name of a picture's pixels; the place is (0, 0) for a file that is itself a picture."""
    page, index = place
    if not page:
        return f"{sha256}-{width}x{height}"
    inner = f".{index}" if index else ""
    return f"{sha256}-p{page}{inner}-{width}x{height}"


def pixels_path(folder: Path, identity: str) -> Path:
    return folder / f"{identity}.rgb"


def shown_path(folder: Path, sha256: str, place: Place, side: int) -> Path:
    """Where ShowPages puts a picture for people."""
    return folder / f"{sha256}-p{place[0]}.{place[1]}-{side}.webp"
