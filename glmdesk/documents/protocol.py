"""What the app and the reader process say to each other. Only these values and those of `page` pass the pipe."""

from dataclasses import dataclass
from pathlib import Path

from glmdesk.documents.page import Inspected, Page
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
    """Read all pages; answered by Opened, each Page in order, and Done.

    Without `limits` no page becomes a picture.
    """

    path: Path
    name: str
    sha256: str
    limits: PictureLimits | None
    folder: Path


Request = Inspect | ReadPicture | ReadDocument


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The size a picture had, turned upright, and the size its pixels were written at."""

    source: tuple[int, int]
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A document is open and has this many pages to read."""

    pages: int


@dataclass(frozen=True, kw_only=True)
class Done:
    """All pages were sent; `note` is what a person should know of them."""

    note: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An error, to be made again by `errors.rebuild`."""

    code: str
    message: str


Answer = Inspected | Drawn | Opened | Page | Done | Fault
LAST = (Inspected, Drawn, Done, Fault)
"""After one of these the child waits for the next request."""


def picture_id(sha256: str, width: int, height: int, page: int = 0) -> str:
    """The name of a picture's pixels; `page` is 0 for a file that is itself a picture."""
    return f"{sha256}-p{page}-{width}x{height}" if page else f"{sha256}-{width}x{height}"


def pixels_path(folder: Path, identity: str) -> Path:
    return folder / f"{identity}.rgb"
