"""Read the header of a GGUF file that lies elsewhere, by fetching its first bytes piece by piece."""

import io
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from glmdesk.errors import DownloadError, ModelDamaged
from glmdesk.library.gguf.header import Header, read_from

FIRST_PIECE = 256 * 1024
LARGEST_PIECE = 4 * 1024 * 1024
MOST = 64 * 1024 * 1024
"""Bytes. A header is as large as its vocabulary: 10 MB for 150,000 tokens and their merges."""

Fetch = Callable[[int, int], bytes]
"""From (offset, length) to exactly these bytes of the file."""


def read_remote_header(fetch: Fetch, size: int, name: str = "model.gguf") -> Header:
    """The header of a file of `size` bytes; `name`, its path in the repository, is for sentences.

    Raises ModelDamaged for a header that is none or does not end within 64 MiB, ModelUnsupported as for
    a local file, DownloadError when `fetch` gives fewer or more bytes than it was asked for, and what
    `fetch` raises.
    """
    path = Path(PurePosixPath(name).name or name)
    return read_from(_Front(fetch, size, path.name), size, path)


class _Front(io.BytesIO):
    """The front of the file, as far as it was needed; each piece is twice as large as the last one."""

    def __init__(self, fetch: Fetch, size: int, name: str) -> None:
        super().__init__()
        self._fetch, self._size, self._name = fetch, size, name
        self._fetched, self._piece = 0, FIRST_PIECE

    def read(self, length: int | None = -1, /) -> bytes:
        """Exactly `length` bytes from here on."""
        wanted = self._fetched if length is None or length < 0 else self.tell() + length
        while self._fetched < wanted:
            self._fetch_next(wanted)
        return super().read(length)

    def _fetch_next(self, wanted: int) -> None:
        start, most = self._fetched, min(self._size, MOST)
        if wanted > most:
            raise ModelDamaged(
                f"The header of {self._name} does not end within its first {most:,} bytes: it is no "
                "usable model file. Nothing was kept."
            )
        end = min(most, max(start + self._piece, wanted))
        data = self._fetch(start, end - start)
        if len(data) != end - start:
            raise DownloadError(
                f"The server sent {len(data):,} bytes of {self._name} where {end - start:,} were asked "
                "for: it cannot send parts of files, or cut the answer. Nothing was kept; try again."
            )
        self._append(data)
        self._piece = min(2 * self._piece, LARGEST_PIECE)

    def _append(self, data: bytes) -> None:
        place = self.tell()
        self.seek(self._fetched)
        self.write(data)
        self.seek(place)
        self._fetched += len(data)
