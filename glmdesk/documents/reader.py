"""Reads what people hand over, in child processes with limits; decodes nothing in this process."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from glmdesk.documents.page import Box, Document, Inspected, Place, Sheet, Size
from glmdesk.documents.processes.pool import AT_ONCE, SEATS, Pool
from glmdesk.documents.processes.readings import Readings, Source
from glmdesk.documents.processes.seat import Lost, Seat
from glmdesk.documents.processes.shelf import Shelf
from glmdesk.documents.protocol import (
    Crop,
    Done,
    Drawn,
    DrawPages,
    Find,
    Found,
    Inspect,
    LetGo,
    ReadPicture,
    Request,
    ShowPages,
    Unlock,
)
from glmdesk.documents.sizes import PictureLimits
from glmdesk.errors import GlmdeskError
from glmdesk.messages import Picture
from glmdesk.paths import Paths

_LET_GO_S = 1.0


class Reader:
    """At most two children. Every method may be called from any thread.

    Where a method raises DocumentError, it raises StorageError when the file is not there or the
    disk is full.
    """

    def __init__(self, paths: Paths, *, timeout_s: float = 60.0) -> None:
        """`timeout_s`: for one page, one picture, or opening a file."""
        self._shelf = Shelf(paths.cache)
        self._pool = Pool(paths.log, timeout_s)
        self._readings = Readings(self._pool, self._shelf, timeout_s)

    def warm(self) -> None:
        """Start the child that the first request would wait for; returns at once."""
        self._pool.rota.warm()

    def close(self) -> None:
        """End every child; requests still running fail, later ones too."""
        self._pool.close()
        self._readings.close()

    def inspect(self, path: Path, name: str) -> Inspected:
        """Say what a file is, having proved that it can be opened. Raises DocumentError."""
        return self._pool.one(Inspect(path=path, name=name), Inspected)

    def picture(self, path: Path, sha256: str, limits: PictureLimits, name: str = "") -> Picture:
        """Bring a picture to the model's size, unless that was done before.

        Raises DocumentError, whose sentence speaks of `name`.
        """
        known = self._shelf.picture(sha256, limits)
        if known:
            return replace(known, name=name)
        request = ReadPicture(
            path=path,
            name=name or "The picture",
            sha256=sha256,
            limits=limits,
            folder=self._shelf.pictures,
        )
        drawn = self._pool.one(request, Drawn)
        self._shelf.remember(sha256, drawn.source)
        self._shelf.grown(drawn.width * drawn.height * 3)
        return replace(self._shelf.named(sha256, (0, 0), (drawn.width, drawn.height)), name=name)

    def start(self, path: Path, name: str, sha256: str, encoding: str = "") -> None:
        """Begin to read a document in the background, unless it is read already; returns at once."""
        self._readings.begin(Source(path=path, name=name, sha256=sha256, encoding=encoding))

    def so_far(self, sha256: str, encoding: str = "") -> tuple[tuple[Sheet, ...], int] | None:
        """The pages read, from the first on without a gap, and how many there are.

        None when nothing is known: it was not started, was not opened yet, or cannot be read.
        """
        known = self._readings.find(sha256, encoding)
        return known.so_far() if known else None

    def outcome(self, sha256: str, encoding: str = "") -> Document | GlmdeskError | None:
        """The whole document once it was read, or why it cannot be; None until then."""
        known = self._readings.find(sha256, encoding)
        return known.outcome if known else None

    def document(self, path: Path, name: str, sha256: str, encoding: str = "") -> Document:
        """All pages; waits for them.

        A page at which the child dies or is too slow says so, and the others are kept. Raises
        DocumentError when there are none.
        """
        source = Source(path=path, name=name, sha256=sha256, encoding=encoding)
        return replace(self._readings.begin(source, again=True).wait(), name=name)

    def draw(
        self, path: Path, name: str, sha256: str, wanted: Mapping[Place, Size]
    ) -> dict[Place, Picture]:
        """Pages, or pictures in them, at exactly these sizes; what cannot be drawn is missing.

        Raises DocumentError when the file cannot be opened, or never could.
        """

        def ask(places: Sequence[Place]) -> Request:
            return DrawPages(
                path=path,
                name=name,
                sha256=sha256,
                wanted=tuple((place, wanted[place]) for place in places),
                folder=self._shelf.pictures,
            )

        def known() -> dict[Place, Picture]:
            found = ((p, self._shelf.drawn(sha256, p, size)) for p, size in wanted.items())
            return {place: picture for place, picture in found if picture}

        before = known()
        self._make([place for place in wanted if place not in before], ask)
        found = known()
        new = (picture for place, picture in found.items() if place not in before)
        self._shelf.grown(sum(picture.width * picture.height * 3 for picture in new))
        return found

    def show(
        self, path: Path, name: str, sha256: str, places: Iterable[Place], side: int
    ) -> dict[Place, Path]:
        """Pictures for people, at most `side` pixels long; of a picture file the place is (0, 0).

        What cannot be drawn is missing. Raises DocumentError when the file cannot be opened.
        """

        def ask(some: Sequence[Place]) -> Request:
            return ShowPages(
                path=path,
                name=name,
                sha256=sha256,
                places=tuple(some),
                side=side,
                folder=self._shelf.pictures,
            )

        wanted = tuple(dict.fromkeys(places))
        before = {place for place in wanted if self.shown(sha256, place, side)}
        self._make([place for place in wanted if place not in before], ask)
        found = {place: self.shown(sha256, place, side) for place in wanted}
        paths = {place: path for place, path in found.items() if path}
        self._shelf.grown(sum(side * side // 4 for place in paths if place not in before))
        return paths

    def shown(self, sha256: str, place: Place, side: int) -> Path | None:
        """A picture that `show` made, if it is there."""
        return self._shelf.shown(sha256, place, side)

    def find(self, path: Path, name: str, page: int, words: str) -> tuple[Box, ...]:
        """Where on a page a passage stands, line by line; () if nowhere. Raises DocumentError."""
        return self._pool.one(Find(path=path, name=name, page=page, words=words), Found).boxes

    def crop(self, path: Path, name: str, page: int, box: Box, target: Path) -> Size:
        """Cut a box out of a page, or of a picture (page 0), into a PNG at `target`; its size.

        Raises DocumentError.
        """
        request = Crop(path=path, name=name, page=page, box=box, target=target)
        drawn = self._pool.one(request, Drawn)
        return drawn.width, drawn.height

    def unlock(self, path: Path, name: str, password: str, target: Path) -> None:
        """Write a copy without a password to `target`. Raises DocumentLocked when it is wrong."""
        self._pool.one(Unlock(path=path, name=name, password=password, target=target), Done)

    def cached(self, sha256: str) -> int:
        """Bytes on disk of everything that was made of a file."""
        return self._shelf.size(sha256)

    def forget(self, sha256: str) -> int:
        """Remove everything that was made of a file; returns the bytes that are free again."""
        self._readings.forget(sha256)
        with self._pool.rota.idle() as seats:
            for seat in seats:
                if seat.ready:
                    self._let_go(seat)
        return self._shelf.forget(sha256)

    def _let_go(self, seat: Seat) -> None:
        try:
            list(self._pool.exchange(seat, LetGo(), _LET_GO_S))
        except Lost:
            return  # what is gone holds no file open

    def _make(self, places: Sequence[Place], ask: Callable[[Sequence[Place]], Request]) -> None:
        """Draw what is missing, by all children at once where it is much."""
        if len(places) <= AT_ONCE:
            self._pool.each(places, ask)
            return
        shares = [places[start::SEATS] for start in range(SEATS)]
        with ThreadPoolExecutor(SEATS) as threads:
            for _ in threads.map(lambda share: self._pool.each(share, ask), shares):
                pass
