"""Saved caches of chats: sealed files, of which a damaged or foreign one is as good as none.

<folder>/<chat>-<context>.state    both are hashes, so that no name of a chat becomes a path
<folder>/<chat>-<context>.*.part   one that is being written

start   magic, version, which key sealed it, length of the head, length of the blob
head    JSON: which chat and context, what was read (items, positions), when
blob    llama.cpp's bytes of the sequence
seal    HMAC-SHA256 of all that

llama.cpp trusts a blob entirely, so no byte of it is given out before the seal of all has been checked.
"""

import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import logging
import mmap
import os
import stat
import struct
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from glmdesk.engines.llama.prefix import Cells, Item
from glmdesk.engines.llama.protocol import StateSpec
from glmdesk.secret import derive

_MAGIC, _VERSION = b"GLMSTATE", 1
_START = struct.Struct("<8sI8sIQ")
_SEAL = 32
_MAX_HEAD = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_LEFT_OVER = 3600
"""Seconds after which a file that is still being written is what a crash left behind."""

_log = logging.getLogger(__name__)

Blob = bytes | bytearray | memoryview


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What was read of a chat. `blob` is writable memory, so that ctypes takes it without a copy."""

    items: tuple[Item, ...]
    positions: int
    blob: memoryview
    created: float
    """Seconds since the epoch."""


class StateFolder:
    """The saved caches of one model in one setting; files of other models share folder and limit.

    `context_key` names everything that gives the bytes their meaning: the fingerprints of model and
    projector, types of the cache, flash attention, version of the library. Nothing here raises for
    what the disk or a file does: without its file, a chat is read again.
    """

    def __init__(self, spec: StateSpec, context_key: str) -> None:
        self._spec, self._context = spec, context_key
        self._key = derive(spec.key, "seal")
        self._key_id = derive(spec.key, "id")[:8]

    def save(self, conversation: str, items: Sequence[Item], positions: int, blob: Blob) -> bool:
        """Keep the cache of a chat in place of its last one; items of `blob` are single bytes.

        False: it was not kept, since it is over the limit or the disk refused it.
        """
        head = _encode(
            {
                "conversation": conversation,
                "context": self._context,
                "items": _pack(items),
                "positions": positions,
                "created": time.time(),
            }
        )
        start = _START.pack(_MAGIC, _VERSION, self._key_id, len(head), len(blob))
        size = len(start) + len(head) + len(blob) + _SEAL
        if not conversation or not blob or size > self._spec.limit or len(head) > _MAX_HEAD:
            return False
        path = self._path(conversation)
        try:
            self._spec.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make_room(self._spec.folder, self._spec.limit - size, path)
            self._write(path, (start, head, blob))
        except OSError as error:
            _log.warning("The cache of a chat was not saved (%s).", os.strerror(error.errno or 0))
            return False
        return True

    def load(self, conversation: str) -> Saved | None:
        """The cache of a chat as it was saved last; None when there is none that can be trusted."""
        path = self._path(conversation)
        try:
            saved = self._read(path, conversation)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            _log.warning("The saved cache %s is damaged; it is removed.", path.name)
            _remove(path)
            return None
        except (OSError, MemoryError) as error:
            _log.warning("The saved cache %s cannot be read (%s).", path.name, error)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # marks it as used; the least recently used files give way
        return saved

    def forget(self, conversation: str) -> None:
        """Remove what was saved of a chat, by every model."""
        forget(self._spec.folder, conversation)

    def prune(self) -> None:
        """Remove what a crash left behind, and the least recently used files above the limit."""
        for path, status in _files(self._spec.folder):
            if path.suffix == ".part" and status.st_mtime < time.time() - _LEFT_OVER:
                _remove(path)
        _make_room(self._spec.folder, self._spec.limit)

    def _path(self, conversation: str) -> Path:
        return self._spec.folder / f"{_hash(conversation)}-{_hash(self._context)}.state"

    def _write(self, path: Path, parts: Sequence[Blob]) -> None:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=".part")
        try:
            with open(handle, "wb", buffering=0) as file:  # noqa: PTH123, it is a descriptor
                seal = hmac.new(self._key, digestmod=hashlib.sha256)
                for part in parts:
                    for chunk in _chunks(memoryview(part)):
                        seal.update(chunk)
                        _write_all(file, chunk)
                _write_all(file, memoryview(seal.digest()))
            # No fsync: it may take seconds, and the seal tells when the system lost some of it.
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)

    def _read(self, path: Path, conversation: str) -> Saved | None:
        """None: not ours, or too large. Raises ValueError when it is ours and damaged."""
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if size > self._spec.limit:
                return None
            start = file.read(_START.size)
            if len(start) < _START.size:
                raise ValueError("truncated")
            magic, version, key_id, head_size, blob_size = _START.unpack(start)
            if (magic, version, key_id) != (_MAGIC, _VERSION, self._key_id):
                return None
            if size != _START.size + head_size + blob_size + _SEAL or head_size > _MAX_HEAD:
                raise ValueError("truncated")
            head, blob = self._unseal(file, start, head_size, blob_size)
        known = json.loads(head)
        if (known["conversation"], known["context"]) != (conversation, self._context):
            raise ValueError("under a wrong name")
        return Saved(
            items=tuple(_unpack(known["items"])),
            positions=int(known["positions"]),
            blob=blob,
            created=float(known["created"]),
        )

    def _unseal(
        self, file: FileIO, start: bytes, head_size: int, blob_size: int
    ) -> tuple[bytes, memoryview]:
        """The head and the blob. Raises ValueError when a single byte is not as it was written."""
        # Unlike a bytearray, pages of the system need no filling first, and all go back to it.
        head, blob = (memoryview(mmap.mmap(-1, size)) for size in (head_size, blob_size))
        seal = hmac.new(self._key, start, hashlib.sha256)
        for chunk in itertools.chain(_chunks(head), _chunks(blob)):
            if _fill(file, chunk) < len(chunk):
                raise ValueError("truncated")
            seal.update(chunk)
        if not hmac.compare_digest(file.read(_SEAL), seal.digest()):
            raise ValueError("changed")
        return bytes(head), blob


def forget(folder: Path, conversation: str) -> None:
    """Remove what was saved of a chat, by every model; needs no key."""
    for path, _ in _files(folder):
        if path.name.startswith(f"{_hash(conversation)}-"):
            _remove(path)


def keep_only(folder: Path, conversations: Iterable[str]) -> None:
    """Remove what was saved of chats that are no more."""
    known = {_hash(conversation) for conversation in conversations}
    for path, _ in _files(folder):
        if path.name.partition("-")[0] not in known:
            _remove(path)


def forget_all(folder: Path) -> None:
    """Remove what was saved of all chats."""
    for path, _ in _files(folder):
        _remove(path)


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _encode(head: dict[str, Any]) -> bytes:
    return json.dumps(head, separators=(",", ":")).encode()


def _pack(items: Sequence[Item]) -> list[Any]:
    """Runs of token ids as base64 of 4 bytes each, pictures as [id, n_tokens, n_pos]."""
    packed: list[Any] = []
    for is_token, run in itertools.groupby(items, lambda item: isinstance(item, int)):
        if is_token:
            tokens = list(run)
            packed.append(base64.b64encode(struct.pack(f"<{len(tokens)}I", *tokens)).decode())
        else:
            packed += [
                [item.id, item.n_tokens, item.n_pos] for item in run if isinstance(item, Cells)
            ]
    return packed


def _unpack(packed: Sequence[Any]) -> Iterator[Item]:
    for run in packed:
        if isinstance(run, str):
            data = base64.b64decode(run)
            yield from struct.unpack(f"<{len(data) // 4}I", data)
        else:
            name, n_tokens, n_pos = run
            yield Cells(id=str(name), n_tokens=int(n_tokens), n_pos=int(n_pos))


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """The files of this folder that glmdesk made."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):  # another process may remove it meanwhile
                if path.suffix in (".state", ".part"):
                    found.append((path, path.lstat()))
    return found


def _make_room(folder: Path, room: int, replaced: Path | None = None) -> None:
    """Remove the least recently used files until the others take at most `room` bytes."""
    files = [file for file in _files(folder) if file[0] != replaced]
    total = sum(status.st_size for _, status in files)
    for path, status in sorted(files, key=lambda file: file[1].st_mtime_ns):
        if total <= room:
            return
        _remove(path)
        total -= status.st_size


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("%s cannot be removed (%s).", path, os.strerror(error.errno or 0))


def _chunks(data: memoryview) -> Iterator[memoryview]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]


def _write_all(file: FileIO, data: memoryview) -> None:
    """A nearly full disk takes a part of a chunk before it refuses."""
    while data:
        data = data[file.write(data) :]


def _fill(file: FileIO, buffer: memoryview) -> int:
    filled = 0
    while filled < len(buffer):
        count = file.readinto(buffer[filled:])
        if not count:
            break
        filled += count
    return filled
