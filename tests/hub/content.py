"""What the files of the hub hold: bytes, or any size that is computed where it is read."""

import hashlib
import random
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

_BLOCK = 1 << 20
_TAG = 16
CHUNK = 256 * 1024
"""Bytes that are sent at once."""


class Content(Protocol):
    @property
    def size(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    def read(self, start: int, length: int) -> bytes: ...


def chunks(content: Content, start: int, length: int, step: int = CHUNK) -> Iterator[bytes]:
    """`length` bytes from `start`, at most `step` at once and never more memory than that."""
    end = min(start + length, content.size)
    while start < end:
        piece = content.read(start, min(step, end - start))
        start += len(piece)
        yield piece


def _hash(content: Content) -> str:
    digest = hashlib.sha256()
    for piece in chunks(content, 0, content.size, _BLOCK):
        digest.update(piece)
    return digest.hexdigest()


class Bytes:
    """A file whose bytes are given."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def read(self, start: int, length: int) -> bytes:
        return self.data[start : start + length]


class Generated:
    """A file of any size (20 GB costs 1 MiB of memory) with bytes from a seed.

    Every 1 MiB block differs from all others, so that a block in the wrong place is noticed.
    `sha256` reads it all once, when it is first asked for; give it if it is known.
    `head` are the first bytes, for a real header.
    """

    def __init__(self, size: int, seed: int = 0, *, sha256: str = "", head: bytes = b"") -> None:
        self.size = size
        self.head = head[:size]
        self._known = sha256
        self._pattern = random.Random(seed).randbytes(min(_BLOCK, max(size, _TAG)))

    @cached_property
    def sha256(self) -> str:
        return self._known or _hash(self)

    def read(self, start: int, length: int) -> bytes:
        end, parts = min(start + length, self.size), []
        while start < end:
            number, inside = divmod(start, _BLOCK)
            stop = min(_BLOCK, inside + end - start)
            parts.append(self._block(number, inside, stop))
            start += stop - inside
        return b"".join(parts)

    def _block(self, number: int, start: int, stop: int) -> bytes:
        piece = self._pattern[start:stop]
        if start < _TAG:
            tag = number.to_bytes(_TAG, "little")
            piece = tag[start : min(stop, _TAG)] + self._pattern[max(start, _TAG) : stop]
        begin = number * _BLOCK + start
        if begin < len(self.head):
            head = self.head[begin : begin + len(piece)]
            piece = head + piece[len(head) :]
        return piece


class Zeros(Generated):
    """A sparse file: nothing but zeros after `head`."""

    def __init__(self, size: int, *, sha256: str = "", head: bytes = b"") -> None:
        super().__init__(size, 0, sha256=sha256, head=head)
        self._pattern = bytes(_BLOCK)

    def _block(self, number: int, start: int, stop: int) -> bytes:
        begin = number * _BLOCK + start
        head = self.head[begin : begin + stop - start]
        return head + self._pattern[start + len(head) : stop]


def as_content(value: bytes | Content) -> Content:
    return Bytes(value) if isinstance(value, bytes) else value
