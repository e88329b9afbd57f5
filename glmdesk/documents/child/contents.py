"""Tells what a file is by looking into it: the members of a ZIP, the streams of an old Office file, the pages of a TIFF."""

import struct
from pathlib import Path
from typing import IO

from glmdesk.documents import refused
from glmdesk.documents.child.kinds import HEAD, Inside, Kind, sniff
from glmdesk.documents.office import zipped

MAX_FRAMES = 10_000
"""Pages of a TIFF that are counted."""
_STREAMS = {name: name.encode("utf-16-le") for name in (refused.ENCRYPTED, *refused.STREAMS)}
_CHUNK = 1 << 20
_SEARCHED = 64
"""Chunks of an old Office file that are searched for names."""


def told(path: Path, name: str) -> Kind:
    """What a file is. Raises as `sniff` does, DocumentTooLarge for a crowded archive, and OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        inside = _inside(head, file, path, name)
    return sniff(head, name, inside)


def _inside(head: bytes, file: IO[bytes], path: Path, name: str) -> Inside:
    if head.startswith(b"PK\x03\x04"):
        members = zipped.members(path, name)
        stated = zipped.begin(path, "mimetype", 128) if "mimetype" in members else b""
        return Inside(members=members, mimetype=stated.decode("latin_1").strip())
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return Inside(streams=_streams(file))
    if head[:2] in (b"II", b"MM"):
        return Inside(pages=_frames(head, file))
    return Inside()


def _streams(file: IO[bytes]) -> tuple[str, ...]:
    found: set[str] = set()
    file.seek(0)
    last = b""
    for _ in range(_SEARCHED):
        chunk = file.read(_CHUNK)
        if not chunk:
            break
        seen, last = last + chunk, chunk[-64:]
        found |= {name for name, mark in _STREAMS.items() if mark in seen}
    return tuple(name for name in _STREAMS if name in found)


def _frames(head: bytes, file: IO[bytes]) -> int:
    """How many directories of a TIFF lead to one another."""
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\x00", b"\x00+")
    count, entry, offset = ("Q", 20, "Q") if big else ("H", 12, "L")
    seen: set[int] = set()
    try:
        at = int(struct.unpack_from(order + offset, head, 8 if big else 4)[0])
        while at and at not in seen and len(seen) < MAX_FRAMES:
            entries = _number(file, at, order + count)
            seen.add(at)
            at = _number(
                file, at + struct.calcsize(order + count) + entries * entry, order + offset
            )
    except (struct.error, OSError, OverflowError, ValueError):
        pass  # a damaged one is one page, until its reader says otherwise
    return max(1, len(seen))


def _number(file: IO[bytes], at: int, form: str) -> int:
    file.seek(at)
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])
