"""Read the header of a GGUF file in pure Python, and say what is wrong with it before llama.cpp sees it.

Every length is checked against the file before anything is read, so a hostile header costs nothing.
Format: ggml/docs/gguf.md (version 2 and 3, little endian).
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from glmdesk.errors import ModelDamaged, ModelMissing, ModelUnsupported

_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9
_MAX_ENTRIES = 100_000
_MAX_HEADER = 512 * 1024 * 1024
_MAX_ARRAY = 1 << 22
"""Four million: the largest vocabularies have a few hundred thousand tokens."""
_MAX_NAME = 64

_ALIGNMENTS = tuple(1 << power for power in range(17))

# ggml type id -> (values in a block, bytes of a block); ggml/src/ggml.c, type_traits
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
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

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    def value(self, key: str, default: Any = None) -> Any:
        """A value of the model's own architecture: `block_count`, `context_length`, ..."""
        return self.metadata.get(f"{self.architecture}.{key}", default)


class _Cursor:
    """Reads a file forward and refuses to leave it."""

    def __init__(self, file: BinaryIO, size: int, path: Path) -> None:
        self._file, self._size, self._path, self.at = file, size, path, 0

    def take(self, length: int) -> bytes:
        if length < 0 or self.at + length > min(self._size, _MAX_HEADER):
            raise ModelDamaged(
                f"{self._path.name} is incomplete or damaged: its header ends in the middle. "
                "Your chats are safe. Download or copy the file again."
            )
        self.at += length
        return self._file.read(length)

    def scalar(self, kind: int) -> Any:
        layout = "<" + _SCALARS[kind]
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def count(self) -> int:
        number = int(self.scalar(10))
        if number > self._size:
            raise ModelDamaged(
                f"{self._path.name} is incomplete or damaged: its header claims {number:,} entries. "
                "Your chats are safe. Download or copy the file again."
            )
        return number

    def string(self) -> str:
        return self.take(self.count()).decode("utf-8", errors="replace")

    def value(self, kind: int, depth: int = 0) -> Any:
        if kind in _SCALARS:
            return self.scalar(kind)
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY and depth < 2:
            return self._array(depth)
        raise ModelDamaged(
            f"{self._path.name} is damaged: its header has an unknown value type ({kind}). "
            "Your chats are safe. Download or copy the file again."
        )

    def _array(self, depth: int) -> tuple[Any, ...]:
        kind, length = int(self.scalar(4)), self.count()
        if length > _MAX_ARRAY:
            raise ModelDamaged(f"{self._path.name} is damaged: a list of {length:,} values.")
        if kind in _SCALARS:
            layout = f"<{length}{_SCALARS[kind]}"
            return struct.unpack(layout, self.take(struct.calcsize(layout)))
        return tuple(self.value(kind, depth + 1) for _ in range(length))


def read(path: Path) -> Header:
    """Read the header of `path`.

    Raises ModelMissing, or ModelDamaged with the reason.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _read(_Cursor(file, size, path), path, size)
    except (FileNotFoundError, IsADirectoryError):
        raise ModelMissing(
            f"There is no model file at {path}. Check the name and try again."
        ) from None
    except OSError as error:
        raise ModelMissing(
            f"{path} cannot be read ({error.strerror}). Check its permissions."
        ) from error


def _read(cursor: _Cursor, path: Path, size: int) -> Header:
    if size < 24 or cursor.take(4) != b"GGUF":
        raise ModelDamaged(
            f"{path.name} is not a GGUF model file. Your chats are safe. "
            "Choose a file that was downloaded as .gguf."
        )
    version = int(cursor.scalar(4))
    if version not in (2, 3):
        raise ModelUnsupported(
            f"{path.name} is GGUF version {version}; this version of glmdesk reads 2 and 3."
        )
    n_tensors, n_values = cursor.count(), cursor.count()
    if max(n_tensors, n_values) > _MAX_ENTRIES:
        raise ModelDamaged(f"{path.name} is damaged: its header claims too many entries.")
    metadata = {cursor.string(): cursor.value(int(cursor.scalar(4))) for _ in range(n_values)}
    tensors = tuple(_tensor(cursor, path) for _ in range(n_tensors))
    alignment = metadata.get("general.alignment", 32)
    if alignment not in _ALIGNMENTS:
        raise ModelDamaged(f"{path.name} is damaged: alignment {_shown(alignment)}.")
    start = math.ceil(cursor.at / alignment) * alignment
    return Header(path=path, metadata=metadata, tensors=tensors, data_start=start, file_size=size)


def _tensor(cursor: _Cursor, path: Path) -> Tensor:
    name, dimensions = cursor.string(), int(cursor.scalar(4))
    if len(name) >= _MAX_NAME:
        raise ModelDamaged(f"{path.name} is damaged: a tensor is named {_shown(name)}.")
    if dimensions > 4:
        raise ModelDamaged(f"{path.name} is damaged: tensor {name!r} has {dimensions} dimensions.")
    shape = tuple(int(cursor.scalar(10)) for _ in range(dimensions))
    kind, offset = int(cursor.scalar(4)), int(cursor.scalar(10))
    per_block, block_bytes = _BLOCKS.get(kind, (1, 0))
    values = math.prod(shape)
    if shape and shape[0] % per_block:
        raise ModelDamaged(f"{path.name} is damaged: tensor {name!r} has an odd row of {shape[0]}.")
    size = values // per_block * block_bytes
    return Tensor(name=name, shape=shape, type=kind, offset=offset, size=size)


def check(header: Header) -> None:
    """Refuse what llama.cpp would abort on, or load and then fail with.

    Raises ModelDamaged or ModelUnsupported.
    """
    name = header.path.name
    end = max((tensor.offset + tensor.size for tensor in header.tensors), default=0)
    if header.data_start + end > header.file_size:
        have, want = header.file_size, header.data_start + end
        raise ModelDamaged(
            f"{name} is incomplete ({_size(have)} of {_size(want)}). Your chats are safe. "
            "Finish the download or copy the file again."
        )
    if not header.architecture:
        raise ModelUnsupported(f"{name} does not say which model it is (no general.architecture).")
    if not header.tensors:
        raise ModelDamaged(f"{name} is damaged: it has no weights. Download or copy it again.")
    projector = "clip.has_vision_encoder" in header.metadata or header.architecture == "clip"
    for problem in _projector_problems(header) if projector else _problems(header):
        raise ModelDamaged(f"{name} is not a usable model file: {problem}. Your chats are safe.")


_Range = tuple[str, float, float]
_RANGES: tuple[_Range, ...] = (
    ("block_count", 1, 512), ("embedding_length", 1, 1 << 20), ("context_length", 1, 1 << 30),
    ("attention.layer_norm_rms_epsilon", 0.0, 1.0), ("attention.layer_norm_epsilon", 0.0, 1.0),
    ("rope.dimension_count", 1, 1 << 20),
)  # fmt: skip
_PROJECTOR_RANGES: tuple[_Range, ...] = (
    ("vision.block_count", 1, 512), ("vision.embedding_length", 1, 1 << 20),
    ("vision.patch_size", 1, 1 << 10), ("vision.attention.head_count", 1, 1 << 10),
    ("vision.attention.layer_norm_epsilon", 0.0, 1.0),
)  # fmt: skip


def _problems(header: Header) -> list[str]:
    found = _outside(header, _RANGES)
    if header.value("block_count") is None:
        found.append("it does not say how many layers it has")
    rope, row = header.value("rope.dimension_count"), header.value("attention.key_length")
    if not found and isinstance(rope, int) and (rope % 2 or rope > _number(row, rope)):
        found.append(f"rope dimension count is {rope}")
    return found


def _projector_problems(header: Header) -> list[str]:
    found = _outside(header, _PROJECTOR_RANGES)
    width, heads, patch = (
        header.metadata.get(f"clip.vision.{key}")
        for key in ("embedding_length", "attention.head_count", "patch_size")
    )
    if not found and width and heads and width % heads:
        found.append(f"head count is {heads}")
    shape = next((one.shape for one in header.tensors if one.name == "v.patch_embd.weight"), None)
    if (
        shape
        and len(shape) == 4
        and (_number(patch, shape[0]), _number(width, shape[-1])) != (shape[0], shape[-1])
    ):
        found.append(f"its patches have the shape {_shown(shape)}")
    return found


def _outside(header: Header, ranges: tuple[_Range, ...]) -> list[str]:
    prefix = "clip" if ranges is _PROJECTOR_RANGES else header.architecture
    values = ((key, header.metadata.get(f"{prefix}.{key}"), low, high) for key, low, high in ranges)
    return [
        f"{key.split('.')[-1].replace('_', ' ')} is {_shown(value)}"
        for key, value, low, high in values
        if value is not None and not (isinstance(value, int | float) and low <= value <= high)
    ]


def _number(value: object, default: int) -> int:
    return value if isinstance(value, int) else default


def _shown(value: object) -> str:
    """A value of the file for a sentence: it may be anything, and of any length."""
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"
