"""Remembers what was read: pictures' pixels and sizes in a folder, documents' pages in memory. Reads no file people sent."""

import tempfile
import threading
import time
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from glmdesk.documents.page import Document, Page
from glmdesk.documents.protocol import picture_id, pixels_path
from glmdesk.documents.sizes import PictureLimits, model_size
from glmdesk.messages import Picture

REMEMBERED = 8
"""Documents whose pages are kept in memory."""

_STALE_S = 3600.0
_Key = tuple[str, PictureLimits | None]


class Shelf:
    """Losing anything here only costs time. Methods may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._documents: OrderedDict[_Key, Document] = OrderedDict()
        self._lock = threading.Lock()
        self._sweep()

    def picture(self, sha256: str, limits: PictureLimits) -> Picture | None:
        """A picture whose pixels at that size are already in the folder."""
        source = self._source(sha256)
        if source is None:
            return None
        known = self.named(sha256, model_size(*source, limits))
        return known if known.path.exists() else None

    def named(self, sha256: str, size: tuple[int, int], page: int = 0) -> Picture:
        """The picture of that size, whether its pixels are there or not."""
        identity = picture_id(sha256, *size, page)
        path = pixels_path(self.folder, identity)
        return Picture(id=identity, width=size[0], height=size[1], path=path)

    def own(self, page: Page, sha256: str) -> Page:
        """The same page with a path made here: a child that was taken over must not choose it."""
        seen = page.picture
        if seen is None:
            return page
        return replace(page, picture=self.named(sha256, (seen.width, seen.height), page.number))

    def remember(self, sha256: str, source: tuple[int, int]) -> None:
        """Keep the size in pixels that a picture has by itself."""
        try:
            with tempfile.NamedTemporaryFile(
                "w", dir=self.folder, suffix=".part", delete=False, encoding="ascii"
            ) as part:
                part.write(f"{source[0]} {source[1]}")
            Path(part.name).replace(self._size_path(sha256))
        except OSError:
            return  # the picture will be decoded again

    def document(self, key: _Key) -> Document | None:
        """A document read before, if all its pictures are still in the folder."""
        with self._lock:
            found = self._documents.get(key)
            if found is None:
                return None
            if any(page.picture and not page.picture.path.exists() for page in found.pages):
                del self._documents[key]
                return None
            self._documents.move_to_end(key)
            return found

    def keep(self, key: _Key, document: Document) -> None:
        """Remember a document; the one asked for longest ago makes room."""
        with self._lock:
            self._documents[key] = document
            while len(self._documents) > REMEMBERED:
                self._documents.popitem(last=False)

    def _source(self, sha256: str) -> tuple[int, int] | None:
        try:
            width, height = self._size_path(sha256).read_text(encoding="ascii").split()
            return max(1, int(width)), max(1, int(height))
        except (OSError, ValueError):
            return None

    def _size_path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.size"

    def _sweep(self) -> None:
        """Remove what a child was writing when it was ended, not what one writes now."""
        for part in self.folder.glob("*.part"):
            try:
                if time.time() - part.stat().st_mtime > _STALE_S:
                    part.unlink()
            except OSError:
                continue
