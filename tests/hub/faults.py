"""What can go wrong with one answer of the hub. `after` counts bytes of that answer's body."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Base of all; an answer takes the next one of its file's script, and none when that is empty."""


@dataclass(frozen=True)
class Fine(Fault):
    """A good answer: a place holder in a script."""


@dataclass(frozen=True)
class Cut(Fault):
    """The connection is closed after that many bytes; the length in the header was the whole."""

    after: int = 0


@dataclass(frozen=True)
class Reset(Fault):
    """As Cut, with a reset (RST) instead of a proper end."""

    after: int = 0


@dataclass(frozen=True)
class Refuse(Fault):
    """The connection is closed before any answer."""


@dataclass(frozen=True)
class Stall(Fault):
    """Nothing more comes after that many bytes, until the client goes or `seconds` are over."""

    after: int = 0
    seconds: float = 3600


@dataclass(frozen=True)
class Delay(Fault):
    """The answer's header takes its time."""

    seconds: float = 1


@dataclass(frozen=True)
class Drip(Fault):
    """From `after` on, `rate` bytes a second."""

    rate: float = 1
    after: int = 0


@dataclass(frozen=True)
class WrongRange(Fault):
    """206 with another range than was asked for, shifted by that many bytes, and its bytes."""

    shift: int = 1


@dataclass(frozen=True)
class Whole(Fault):
    """200 with the whole file, though a range was asked for."""


@dataclass(frozen=True)
class Gzip(Fault):
    """The bytes packed with gzip, though nobody accepted that."""


@dataclass(frozen=True)
class Page(Fault):
    """200 with a web page, as the login portal of a hotel gives."""

    html: str = "<!DOCTYPE html><html><body>Please log in to the Wi-Fi.</body></html>"


@dataclass(frozen=True)
class Expired(Fault):
    """A redirect to a link whose signature has expired; without redirects, the 403 of such a link."""


@dataclass(frozen=True)
class Etag(Fault):
    """The answer names another version of the file."""

    value: str = "0" * 64


@dataclass(frozen=True)
class Length(Fault):
    """Content-Length is wrong by that many bytes, then the connection is closed."""

    by: int = -1


@dataclass(frozen=True)
class Status(Fault):
    """Another status; `code` is the hub's own X-Error-Code ("GatedRepo", "EntryNotFound", ...)."""

    status: int
    retry_after: str = ""
    code: str = ""
    body: str = "{}"


@dataclass(frozen=True)
class Flip(Fault):
    """One byte of the answer is not what it was; `after` is taken modulo the answer's length."""

    after: int = 0


@dataclass(frozen=True)
class Raw(Fault):
    """Any bytes instead of an answer: garbage on the line."""

    data: bytes = b"garbage\r\n\r\n"


GATED = Status(403, code="GatedRepo")
UNAUTHORISED = Status(401)
NO_REPOSITORY = Status(404, code="RepoNotFound")
NO_REVISION = Status(404, code="RevisionNotFound")
NO_FILE = Status(404, code="EntryNotFound")
