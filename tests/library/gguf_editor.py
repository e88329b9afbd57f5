"""Change single values in the header of a GGUF file, to make the files that a model loader must refuse."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}  # fmt: skip
STRING, ARRAY = 8, 9
ALIGNMENT = 32


@dataclass(frozen=True)
class Entry:
    """One key of the header; `body` is its value as it stands in the file, without the type."""

    key: str
    kind: int
    body: bytes

    @property
    def value(self) -> Any:
        """The value of a scalar or a string."""
        if self.kind == STRING:
            return self.body[8:].decode()
        return struct.unpack("<" + SCALARS[self.kind], self.body)[0]


def entry(key: str, kind: int, value: Any) -> Entry:
    """A list becomes an array of `kind`."""
    if isinstance(value, list):
        items = b"".join(entry("", kind, one).body for one in value)
        return Entry(key, ARRAY, struct.pack("<IQ", kind, len(value)) + items)
    if kind == STRING:
        return Entry(key, kind, _string(value))
    return Entry(key, kind, struct.pack("<" + SCALARS[kind], value))


@dataclass(frozen=True)
class Described:
    """A tensor as the header describes it."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int

    def pack(self) -> bytes:
        counts = struct.pack(f"<I{len(self.shape)}Q", len(self.shape), *self.shape)
        return _string(self.name) + counts + struct.pack("<IQ", self.type, self.offset)


@dataclass
class GgufFile:
    """A whole GGUF file in memory: keys, tensor descriptions, tensor data."""

    version: int
    entries: list[Entry]
    n_tensors: int
    tensors: bytes
    data: bytes

    @classmethod
    def read(cls, path: Path) -> "GgufFile":
        raw = path.read_bytes()
        version, n_tensors, n_entries = struct.unpack_from("<IQQ", raw, 4)
        at, entries = 24, []
        for _ in range(n_entries):
            key, at = _read_string(raw, at)
            (kind,) = struct.unpack_from("<I", raw, at)
            end = _value_end(raw, at + 4, kind)
            entries.append(Entry(key, kind, raw[at + 4 : end]))
            at = end
        start = at
        for _ in range(n_tensors):
            _, at = _read_string(raw, at)
            (dimensions,) = struct.unpack_from("<I", raw, at)
            at += 4 + 8 * dimensions + 4 + 8
        data = raw[-(-at // ALIGNMENT) * ALIGNMENT :]
        return cls(version, entries, n_tensors, raw[start:at], data)

    def header(self) -> bytes:
        parts = [b"GGUF", struct.pack("<IQQ", self.version, self.n_tensors, len(self.entries))]
        for one in self.entries:
            parts += [_string(one.key), struct.pack("<I", one.kind), one.body]
        return b"".join((*parts, self.tensors))

    def write(self, path: Path) -> Path:
        header = self.header()
        path.write_bytes(header + bytes(-len(header) % ALIGNMENT) + self.data)
        return path

    def describe(self, tensors: Iterable[Described]) -> "GgufFile":
        """Put other descriptions in the place of those that are there."""
        packed = [tensor.pack() for tensor in tensors]
        self.n_tensors, self.tensors = len(packed), b"".join(packed)
        return self

    def index(self, key: str) -> int:
        return next(place for place, one in enumerate(self.entries) if one.key == key)

    def value(self, key: str) -> Any:
        return self.entries[self.index(key)].value

    def set(self, key: str, value: Any, kind: int | None = None) -> "GgufFile":
        """Change a key, or add it when `kind` is given and it is not there."""
        places = [place for place, one in enumerate(self.entries) if one.key == key]
        if places:
            place = places[0]
            self.entries[place] = entry(key, kind or self.entries[place].kind, value)
        else:
            assert kind is not None
            self.entries.append(entry(key, kind, value))
        return self

    def drop(self, key: str) -> "GgufFile":
        del self.entries[self.index(key)]
        return self

    def scalars(self) -> Iterator[Entry]:
        return (one for one in self.entries if one.kind in SCALARS)


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _read_string(raw: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", raw, at)
    return raw[at + 8 : at + 8 + length].decode(), at + 8 + length


def _value_end(raw: bytes, at: int, kind: int) -> int:
    if kind in SCALARS:
        return at + struct.calcsize("<" + SCALARS[kind])
    if kind == STRING:
        return _read_string(raw, at)[1]
    inner, length = struct.unpack_from("<IQ", raw, at)
    at += 12
    for _ in range(length):
        at = _value_end(raw, at, inner)
    return at
