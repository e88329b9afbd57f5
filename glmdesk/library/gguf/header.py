"""Read the header of a GGUF file in pure Python.

Every length is checked against the file before anything is read, so a hostile header costs nothing.
Format: ggml/docs/gguf.md (version 2 and 3, little endian).
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from glmdesk.errors import ModelDamaged, ModelMissing, ModelUnsupported

UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", UINT32: "I", INT32: "i", FLOAT32: "f", BOOL: "?", 10: "Q",
    11: "q", 12: "d",
}  # fmt: skip
_MAX_ENTRIES = 100_000
_MAX_HEADER = 512 * 1024 * 1024
_MAX_ARRAY = 1 << 22
"""Four million: the largest vocabularies have a few hundred thousand tokens."""
_MAX_NAME = 64
_MAX_VALUES = 1 << 63
_ALIGNMENT = "general.alignment"
_ALIGNMENTS = tuple(1 << power for power in range(17))

# ggml type id -> (values in a block, bytes of a block); ggml/src/ggml.c, type_traits
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36),
    41: (128, 18), 42: (64, 18),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One tensor of the file; `offset` counts from the start of the data."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int
    size: int
    """Bytes; 0 when the type is not known here."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a GGUF file says of itself. `data_start` is where its tensors begin, in bytes."""

    path: Path
    metadata: Mapping[str, Any]
    tensors: tuple[Tensor, ...]
    data_start: int
    file_size: int
    alignment: int = 32
    kinds: Mapping[str, int] = field(default_factory=dict)
    """The type of each value of `metadata`, as the file names it."""

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    @property
    def is_projector(self) -> bool:
        """Whether it is a vision or audio tower and not a language model."""
        return self.architecture == "clip" or "clip.has_vision_encoder" in self.metadata

    def value(self, key: str, default: Any = None) -> Any:
        """A value of the model's own architecture: `block_count`, `context_length`, ..."""
        return self.metadata.get(f"{self.architecture}.{key}", default)

    def number(self, key: str, default: int = 0) -> int:
        """As `value`, for a whole number; the default stands for whatever is none."""
        found = self.value(key)
        return found if isinstance(found, int) else default

    def text(self, key: str) -> str:
        """A text of the whole file, as `general.name`; "" where there is none."""
        found = self.metadata.get(key)
        return found if isinstance(found, str) else ""


class _Cursor:
    """Reads a file forward and refuses to leave it."""

    def __init__(self, file: BinaryIO, size: int, path: Path) -> None:
        self._file, self._size, self._path, self.at = file, size, path, 0

    def damaged(self, what: str) -> ModelDamaged:
        return ModelDamaged(
            f"{self._path.name} is incomplete or damaged: {what}. Your chats are safe. "
            "Download or copy the file again."
        )

    def take(self, length: int) -> bytes:
        if length < 0 or self.at + length > min(self._size, _MAX_HEADER):
            raise self.damaged("its header ends in the middle")
        self.at += length
        return self._file.read(length)

    def scalar(self, kind: int) -> Any:
        layout = "<" + _SCALARS[kind]
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def count(self) -> int:
        number = int(self.scalar(10))
        if number > self._size:
            raise self.damaged(f"its header claims {number:,} entries")
        return number

    def string(self, errors: str = "replace") -> str:
        return self.take(self.count()).decode("utf-8", errors=errors)

    def value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self.scalar(kind)
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            return self._array()
        raise self.damaged(f"its header has an unknown value type ({kind})")

    def _array(self) -> tuple[Any, ...]:
        kind, length = int(self.scalar(UINT32)), self.count()
        if length > _MAX_ARRAY:
            raise self.damaged(f"it has a list of {length:,} values")
        if kind in _SCALARS:
            layout = f"<{length}{_SCALARS[kind]}"
            return struct.unpack(layout, self.take(struct.calcsize(layout)))
        if kind == STRING:
            return tuple(self.string("surrogateescape") for _ in range(length))
        raise self.damaged(f"its header has a list of an unknown type ({kind})")


def read(path: Path) -> Header:
    """Read the header of `path`.

    Raises ModelMissing, or ModelDamaged or ModelUnsupported with the reason.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return read_from(file, size, path)
    except (FileNotFoundError, IsADirectoryError):
        raise ModelMissing(
            f"There is no model file at {path}. Check the name and try again."
        ) from None
    except OSError as error:
        raise ModelMissing(
            f"{path} cannot be read ({error.strerror}). Check its permissions."
        ) from error


def read_from(file: BinaryIO, size: int, path: Path) -> Header:
    """Read the header of a file of `size` bytes from wherever its bytes come; `path` is only its name.

    Raises as `read` does, and whatever `file` raises.
    """
    return _read(_Cursor(file, size, path), path, size)


def _read(cursor: _Cursor, path: Path, size: int) -> Header:
    if size < 24 or cursor.take(4) != b"GGUF":
        raise ModelDamaged(
            f"{path.name} is not a GGUF model file. Your chats are safe. "
            "Choose a file that was downloaded as .gguf."
        )
    version = int(cursor.scalar(UINT32))
    if version not in (2, 3):
        raise ModelUnsupported(
            f"{path.name} is GGUF version {version}; this version of glmdesk reads 2 and 3."
        )
    n_tensors, n_values = cursor.count(), cursor.count()
    if max(n_tensors, n_values) > _MAX_ENTRIES:
        raise cursor.damaged("its header claims too many entries")
    metadata, kinds = _metadata(cursor, n_values)
    tensors = tuple(_tensor(cursor) for _ in range(n_tensors))
    if len({tensor.name for tensor in tensors}) < n_tensors:
        raise cursor.damaged("two of its tensors have one name")
    alignment = _alignment(cursor, metadata, kinds)
    start = math.ceil(cursor.at / alignment) * alignment
    return Header(
        path=path, metadata=metadata, kinds=kinds, tensors=tensors, data_start=start,
        file_size=size, alignment=alignment,
    )  # fmt: skip


def _metadata(cursor: _Cursor, count: int) -> tuple[dict[str, Any], dict[str, int]]:
    metadata: dict[str, Any] = {}
    kinds: dict[str, int] = {}
    for _ in range(count):
        key, kind = cursor.string(), int(cursor.scalar(UINT32))
        if not key or key in kinds:
            raise cursor.damaged(f"the key {shown(key)} is empty or there twice")
        metadata[key], kinds[key] = cursor.value(kind), kind
    return metadata, kinds


def _alignment(cursor: _Cursor, metadata: Mapping[str, Any], kinds: Mapping[str, int]) -> int:
    alignment = metadata.get(_ALIGNMENT, 32)
    if kinds.get(_ALIGNMENT, UINT32) != UINT32 or alignment not in _ALIGNMENTS:
        raise cursor.damaged(f"its alignment is {shown(alignment)}")
    return int(alignment)


def _tensor(cursor: _Cursor) -> Tensor:
    name, dimensions = cursor.string(), int(cursor.scalar(UINT32))
    if len(name.encode()) >= _MAX_NAME:
        raise cursor.damaged(f"a tensor is named {shown(name)}")
    if dimensions > 4:
        raise cursor.damaged(f"tensor {name!r} has {dimensions} dimensions")
    shape = tuple(int(cursor.scalar(10)) for _ in range(dimensions))
    kind, offset = int(cursor.scalar(UINT32)), int(cursor.scalar(10))
    per_block, block_bytes = BLOCKS.get(kind, (1, 0))
    values = math.prod(shape)
    if values >= _MAX_VALUES or max(shape, default=0) >= _MAX_VALUES:
        raise cursor.damaged(f"tensor {name!r} has an impossible shape")
    if shape and shape[0] % per_block:
        raise cursor.damaged(f"tensor {name!r} has an odd row of {shape[0]}")
    size = values // per_block * block_bytes
    return Tensor(name=name, shape=shape, type=kind, offset=offset, size=size)


def shown(value: object) -> str:
    """A value of the file for a sentence: it may be anything, and of any length."""
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"
