"""Opens ZIP files nobody vouches for: counts what really comes out, and refuses bombs before anything is parsed."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from glmdesk.documents import refused
from glmdesk.errors import DocumentDamaged, DocumentTooLarge

MAX_UNPACKED = 100 * 2**20
"""Bytes of all members together, as they come out and not as they are said to be."""
MAX_MEMBERS = 2_000
MAX_PART = 48 * 2**20
"""Bytes of one member that is to become a tree in memory."""

_CHUNK = 1 << 16
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_DIRECTORY = 2**20
"""Bytes of the list of members: 2,000 names of 500 letters."""
_ENTITIES = tuple("<!ENTITY".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_MARKUP = (".xml", ".rels", ".vml")


@dataclass(frozen=True)
class Archive:
    """A checked ZIP file, open for reading."""

    name: str
    _file: zipfile.ZipFile

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(self._file.namelist())

    def read(self, member: str, most: int = MAX_PART) -> bytes:
        """All bytes of a member, b"" when there is none. Raises DocumentTooLarge."""
        try:
            info = self._file.getinfo(member)
        except KeyError:
            return b""
        fits(self.name, info.file_size, most)
        return self._bytes(info)

    def copy(self, change: Callable[[str, bytes], bytes]) -> io.BytesIO:
        """The same members, not compressed, each as `change` of its name and bytes gives it."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as out:
            for info in self._file.infolist():
                if not info.is_dir():
                    out.writestr(info.filename, change(info.filename, self._bytes(info)))
        target.seek(0)
        return target

    def _bytes(self, info: zipfile.ZipInfo) -> bytes:
        """A picture that is damaged is no picture; words that are damaged are an error."""
        try:
            return self._file.read(info)
        except (zipfile.BadZipFile, zlib.error):
            if _is_markup(info):
                raise
            return b""


def fits(name: str, size: int, most: int = MAX_PART) -> None:
    """Raises DocumentTooLarge when a part of so many bytes is too long to become a tree."""
    if size > most:
        raise DocumentTooLarge(
            f"{name} holds {size / 2**20:,.0f} MB in one part; up to {most // 2**20} MB can be read. "
            "Nothing was attached. Split it and attach the parts."
        )


def _is_markup(info: zipfile.ZipInfo) -> bool:
    return info.filename.lower().endswith(_MARKUP)


@contextmanager
def opened(path: Path, name: str) -> Iterator[Archive]:
    """A ZIP file of which every member was unpacked once and found to be within the limits.

    Raises DocumentDamaged, DocumentTooLarge, DocumentUnsupported when a member is encrypted.
    """
    try:
        with path.open("rb") as raw:
            _listed(raw, name)
            with zipfile.ZipFile(raw) as file:
                _checked(raw, file, name)
                yield Archive(name, file)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError) as error:
        raise _damaged(name) from error


def members(path: Path, name: str) -> tuple[str, ...]:
    """The names alone; () when it is no ZIP file after all. Raises DocumentTooLarge."""
    try:
        with path.open("rb") as raw:
            _listed(raw, name)
            with zipfile.ZipFile(raw) as file:
                return tuple(file.namelist())
    except (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, DocumentDamaged):
        return ()


def begin(path: Path, member: str, most: int) -> bytes:
    """The first bytes of a member; b"" when it cannot be read."""
    try:
        with zipfile.ZipFile(path) as file, file.open(member) as stream:
            return stream.read(most)
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, RuntimeError, NotImplementedError):
        return b""


def _listed(raw: IO[bytes], name: str) -> None:
    """Look at the list's own length first: what is in it becomes objects when it is read."""
    size = raw.seek(0, io.SEEK_END)
    raw.seek(max(0, size - _END.size - 0xFFFF))
    tail = raw.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise _damaged(name)
    _, _, _, _, count, length, _, _ = _END.unpack_from(tail, at)
    if count > MAX_MEMBERS or length > _DIRECTORY:
        raise _crowded(name)


def _checked(raw: IO[bytes], file: zipfile.ZipFile, name: str) -> None:
    infos = sorted(file.infolist(), key=lambda info: info.header_offset)
    if len(infos) > MAX_MEMBERS:
        raise _crowded(name)
    room, end = MAX_UNPACKED, 0
    for info in infos:
        if info.flag_bits & 1:
            raise refused.locked(name)
        if info.header_offset < end:
            raise _forged(name, "its parts lie over one another")
        begin, end = _span(raw, info)
        with nullcontext() if _is_markup(info) else suppress(zlib.error):
            room -= _unpacked(raw, info, begin, room, name)
    if end > file.start_dir:
        raise _forged(name, "its parts lie over one another")


def _span(raw: IO[bytes], info: zipfile.ZipInfo) -> tuple[int, int]:
    """Where a member's data begins and ends."""
    raw.seek(info.header_offset)
    fields = _LOCAL.unpack(raw.read(_LOCAL.size))
    begin = info.header_offset + _LOCAL.size + fields[-2] + fields[-1]
    return begin, begin + info.compress_size


def _unpacked(raw: IO[bytes], info: zipfile.ZipInfo, begin: int, room: int, name: str) -> int:
    """How many bytes really come out of a member."""
    count, last = 0, b""
    raw.seek(begin)
    for chunk in _chunks(raw, info):
        count += len(chunk)
        if count > room:
            raise DocumentTooLarge(
                f"{name} unpacks to more than {MAX_UNPACKED // 2**20} MB; refused to protect this "
                "machine. Nothing was attached. Save a smaller copy, or split it, and attach that."
            )
        if _is_markup(info):
            seen, last = last + chunk, chunk[-16:]
            if any(mark in seen for mark in _ENTITIES):
                raise _forged(name, "its text is made to unfold without end")
    if count != info.file_size:
        raise _forged(name, "its parts are not as long as it says")
    return count


def _chunks(raw: IO[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    left = info.compress_size
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    while left > 0 and (data := raw.read(min(left, _CHUNK))):
        left -= len(data)
        if info.compress_type == zipfile.ZIP_STORED:
            yield data
            continue
        while data:
            yield unpacker.decompress(data, _CHUNK)
            data = unpacker.unconsumed_tail
    yield unpacker.flush()


def _damaged(name: str) -> DocumentDamaged:
    return DocumentDamaged(
        f"{name} is damaged: it ends too early or its data is broken. Nothing was attached. "
        "Open it in the program it comes from, save it again, and attach that."
    )


def _forged(name: str, why: str) -> DocumentDamaged:
    return DocumentDamaged(
        f"{name} was refused to protect this machine: {why}. Nothing was attached. "
        "If you trust it, open it in the program it comes from, save it again, and attach that."
    )


def _crowded(name: str) -> DocumentTooLarge:
    return DocumentTooLarge(
        f"{name} holds more than {MAX_MEMBERS:,} parts; refused to protect this machine. "
        "Nothing was attached. Split it and attach the parts, or save it as PDF and attach that."
    )
