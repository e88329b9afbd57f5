"""Hashes of a file while it comes: a thread reads behind the front what is already on disk.

The sha256 is the hub's, of the whole file. Blocks of 4 MiB have a hash of our own, so that damage found
later costs a block and not the file.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

BLOCK = 4 * 1024 * 1024
"""Bytes."""
_LOOK_S = 0.5
_HEX = 32


class Coverage(Protocol):
    """What the follower needs to know of the file."""

    size: int

    def covers(self, start: int, stop: int) -> bool: ...

    def drop(self, start: int, stop: int) -> None: ...


def block_hash(data: bytes | bytearray | memoryview) -> str:
    """32 hex digits: half a sha256, which new processors compute faster than anything else."""
    return hashlib.sha256(data).hexdigest()[:_HEX]


def block_span(number: int, size: int) -> tuple[int, int]:
    return number * BLOCK, min((number + 1) * BLOCK, size)


def blocks_in(size: int) -> int:
    return -(-size // BLOCK)


def read_blocks(path: Path, buffer: bytearray) -> Iterator[memoryview]:
    """The blocks of a file, each valid until the next; the last may be short. Raises OSError."""
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while got := _fill(file.readinto, view):
            yield view[:got]


def _fill(readinto: Callable[[memoryview], int | None], view: memoryview) -> int:
    got = 0
    while got < len(view) and (more := readinto(view[got:])):
        got += more
    return got


class Digest:
    """Both hashes of a file, of whatever pieces it is given in."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._block = hashlib.sha256()
        self._room = BLOCK
        self._blocks: list[str] = []

    def update(self, data: bytes) -> None:
        self._whole.update(data)
        view = memoryview(data)
        while view:
            piece = view[: self._room]
            self._block.update(piece)
            self._room -= len(piece)
            view = view[len(piece) :]
            if not self._room:
                self._close_block()

    def _close_block(self) -> None:
        self._blocks.append(self._block.hexdigest()[:_HEX])
        self._block, self._room = hashlib.sha256(), BLOCK

    @property
    def sha256(self) -> str:
        return self._whole.hexdigest()

    @property
    def blocks(self) -> str:
        """Those of all blocks, the begun one too, one after the other."""
        begun = self._block.hexdigest()[:_HEX] if self._room < BLOCK else ""
        return "".join((*self._blocks, begun))


class Follower:
    """Hashes `part` from its beginning, as far as `coverage` says that it is there.

    `blocks` are hashes known from an earlier run: a block that is not the same any more is dropped from the
    coverage, comes again, and is read again.
    """

    def __init__(
        self, part: Path, coverage: Coverage, blocks: list[str], ended: Callable[[], None]
    ) -> None:
        """`ended` is called when all is hashed, or cannot be."""
        self._part = part
        self._coverage = coverage
        self._known = list(blocks)
        self._hashed: list[str] = []
        self._digest = hashlib.sha256()
        self._wake = threading.Event()
        self._over = False
        self._ended = ended
        self.error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="download-hash", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def nudge(self) -> None:
        """More may be there."""
        self._wake.set()

    def close(self) -> None:
        self._over = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def done(self) -> bool:
        return len(self._hashed) == blocks_in(self._coverage.size)

    @property
    def position(self) -> int:
        """Bytes that are hashed."""
        return min(len(self._hashed) * BLOCK, self._coverage.size)

    def blocks(self) -> list[str]:
        """What is known of the first blocks: what was hashed now, then what an earlier run left."""
        hashed = list(self._hashed)
        later = self._known[len(hashed) :]
        return [*hashed, *(later[: later.index("")] if "" in later else later)]

    def sha256(self) -> str:
        return self._digest.hexdigest()

    def _run(self) -> None:
        buffer = memoryview(bytearray(BLOCK))
        try:
            with self._part.open("rb", buffering=0) as file:
                while not self._over and not self.done:
                    start, stop = block_span(len(self._hashed), self._coverage.size)
                    if not self._coverage.covers(start, stop):
                        self._wake.wait(_LOOK_S)
                        self._wake.clear()
                        continue
                    file.seek(start)
                    piece = buffer[: stop - start]
                    self._take(piece[: _fill(file.readinto, piece)], start, stop)
        except OSError as error:
            self.error = error
        self._ended()

    def _take(self, data: memoryview, start: int, stop: int) -> None:
        number, found = len(self._hashed), block_hash(data)
        known = self._known[number] if number < len(self._known) else ""
        if known not in ("", found) or len(data) < stop - start:
            self._known[number : number + 1] = [""]
            self._coverage.drop(start, stop)
            return
        self._digest.update(data)
        self._hashed.append(found)
