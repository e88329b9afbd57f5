"""The cache on disk: pixels, pictures for people and documents' pages, by the file they are of. Loses what is oldest."""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from glmdesk.documents.page import Document, Place, Size
from glmdesk.documents.processes import records
from glmdesk.documents.protocol import picture_id, pixels_path, shown_path
from glmdesk.documents.sizes import PictureLimits, model_size
from glmdesk.messages import Picture

MOST = 2 * 2**30
"""Bytes of everything."""
SPARED = 2**30
"""Bytes of the disk that are left free for others."""
IN_USE_S = 3600.0
"""Seconds after its last use in which nothing is removed: an answer may be about to read it."""
LOOK_AGAIN = 64 * 2**20
"""Bytes that may come before the folder is looked through again."""


class Shelf:
    """Losing anything here only costs time. Methods may be called from any thread."""

    def __init__(self, cache: Path, most: int = MOST) -> None:
        self.pictures = cache / "pictures"
        self._documents = cache / "documents"
        self._most = most
        self._lock = threading.Lock()
        self._come = LOOK_AGAIN

    def picture(self, sha256: str, limits: PictureLimits) -> Picture | None:
        """A picture whose pixels at that size are already in the folder."""
        source = self._source(sha256)
        if source is None:
            return None
        _used(self._size_path(sha256))
        return self.drawn(sha256, (0, 0), model_size(*source, limits))

    def drawn(self, sha256: str, place: Place, size: Size) -> Picture | None:
        """A page's picture, if all its pixels are in the folder."""
        known = self.named(sha256, place, size)
        return known if _used(known.path, size[0] * size[1] * 3) else None

    def named(self, sha256: str, place: Place, size: Size) -> Picture:
        """The picture of that size, whether its pixels are there or not."""
        identity = picture_id(sha256, *size, place)
        path = pixels_path(self.pictures, identity)
        return Picture(id=identity, width=size[0], height=size[1], path=path)

    def shown(self, sha256: str, place: Place, side: int) -> Path | None:
        """A picture for people, if it is in the folder."""
        path = shown_path(self.pictures, sha256, place, side)
        return path if _used(path) else None

    def remember(self, sha256: str, source: Size) -> None:
        """Keep the size in pixels that a picture has by itself."""
        _write(self._size_path(sha256), f"{source[0]} {source[1]}".encode())

    def document(self, sha256: str, encoding: str, name: str) -> Document | None:
        """A document that was kept; what is damaged is removed."""
        path = self._document_path(sha256, encoding)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        found = records.unpack(data, name)
        if found is None:
            _remove(path)
        else:
            _used(path)
        return found

    def has(self, sha256: str, encoding: str) -> bool:
        return self._document_path(sha256, encoding).exists()

    def keep(self, sha256: str, encoding: str, document: Document) -> None:
        """Write a document's pages, to be found again after a restart."""
        data = records.pack(document)
        _write(self._document_path(sha256, encoding), data)
        self.grown(len(data))

    def size(self, sha256: str) -> int:
        """Bytes of everything that was made of a file."""
        return sum(found.stat().st_size for found in self._of(sha256))

    def forget(self, sha256: str) -> int:
        """Remove everything that was made of a file; returns the bytes that are free again."""
        return sum(_remove(Path(found.path)) for found in self._of(sha256))

    def grown(self, size: int) -> None:
        """So many bytes came; now and then the oldest give way."""
        with self._lock:
            self._come += size
            if self._come < LOOK_AGAIN:
                return
            self._come = 0
        self._make_room()

    def _make_room(self) -> None:
        """Remove what was used longest ago until the rest fits, and what was left half written."""
        now = time.time()
        files: list[tuple[float, int, Path]] = []
        for found in self._files():
            with contextlib.suppress(OSError):
                state = found.stat()
                files.append((state.st_mtime, state.st_size, Path(found.path)))
        used = sum(size for _, size, _ in files)
        most = min(self._most, used + self._free() - SPARED)
        for last, size, path in sorted(files):
            if now - last < IN_USE_S:
                break
            if used > most or path.suffix == ".part":
                used -= size
                _remove(path)

    def _free(self) -> int:
        try:
            return shutil.disk_usage(self.pictures.parent).free
        except OSError:
            return SPARED

    def _of(self, sha256: str) -> Iterator["os.DirEntry[str]"]:
        for found in self._files():
            if found.name.startswith((f"{sha256}-", f"{sha256}.")):
                yield found

    def _files(self) -> Iterator["os.DirEntry[str]"]:
        for folder in (self.pictures, self._documents):
            with contextlib.suppress(OSError), os.scandir(folder) as found:
                yield from (entry for entry in found if entry.is_file(follow_symlinks=False))

    def _source(self, sha256: str) -> Size | None:
        try:
            width, height = self._size_path(sha256).read_text(encoding="ascii").split()
            return max(1, int(width)), max(1, int(height))
        except (OSError, ValueError):
            return None

    def _size_path(self, sha256: str) -> Path:
        return self.pictures / f"{sha256}.size"

    def _document_path(self, sha256: str, encoding: str) -> Path:
        return self._documents / f"{sha256}-{quote(encoding, safe='')}.pages"


def _used(path: Path, size: int = 0) -> bool:
    """Whether it is there, with so many bytes if that is known; marks it as used."""
    try:
        if size and path.stat().st_size != size:
            return False
        os.utime(path)
    except OSError:
        return False
    return True


def _write(path: Path, data: bytes) -> None:
    """Nobody ever sees half of it; where it cannot be written, the file will be read again."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            part.write(data)
        Path(part.name).replace(path)


def _remove(path: Path) -> int:
    """Bytes that are free again."""
    try:
        size = path.stat().st_size
        path.unlink()
    except OSError:
        return 0
    return size
