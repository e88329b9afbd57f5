"""Write a model of pico's architecture with random weights and a wide vision tower, to time pictures.

Needs pico's files and the `gguf` package; no torch. What it says are pico's tokens one after the other: it
never stops by itself, and repeats nothing before it has said them all.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import quantize

from glmdesk.engines.llama.protocol import LoadSpec

WIDTH, INNER, HEADS = 1024, 2816, 16
FIRST_CONTROL = 900
"""pico's tokens from here on are never chosen, so that an answer is as long as it is asked to be."""
LOUDNESS = 0.05
"""What a text layer adds, beside an embedding of 1: the next token then depends on the last alone."""
SPREAD = 0.02
"""Of the random weights."""
QUIET = ("post_attention_norm.weight", "post_ffw_norm.weight")


@dataclass(frozen=True, kw_only=True)
class _Change:
    """How a file of pico becomes a wide one."""

    layers: int
    sides: Mapping[int, int]
    """The new length for each length of a tensor's side."""
    facts: Mapping[str, object]


TEXT = _Change(
    layers=8,
    sides={192: WIDTH, 384: INNER, 768: 2 * INNER, 64: 128},
    facts={
        "glm4.block_count": 8,
        "glm4.context_length": 32768,
        "glm4.embedding_length": WIDTH,
        "glm4.feed_forward_length": INNER,
        "glm4.attention.head_count": HEADS,
        "glm4.attention.key_length": 64,
        "glm4.attention.value_length": 64,
        "glm4.rope.dimension_count": 32,
        "glm4.rope.dimension_sections": [4, 6, 6, 0],
    },
)
VISION = _Change(
    layers=12,
    sides={128: WIDTH, 192: WIDTH, 384: 3 * WIDTH, 256: INNER, 64: 576},
    facts={
        "clip.vision.block_count": 12,
        "clip.vision.image_size": 336,
        "clip.vision.projection_dim": WIDTH,
        "clip.vision.embedding_length": WIDTH,
        "clip.vision.feed_forward_length": INNER,
        "clip.vision.attention.head_count": HEADS,
    },
)


def write(pico: LoadSpec, folder: Path) -> tuple[Path, Path]:
    """The model and its projector, always with the same weights."""
    assert pico.mmproj is not None
    model, mmproj = folder / "wide-q8_0.gguf", folder / "mmproj-wide-q8_0.gguf"
    _widen(pico.model, model, TEXT)
    _widen(pico.mmproj, mmproj, VISION)
    return model, mmproj


def _widen(source: Path, target: Path, change: _Change) -> None:
    reader = GGUFReader(source)
    writer = GGUFWriter(target, _text(reader, "general.architecture"))
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
        value = change.facts.get(key, field.contents())
        writer.add_key_value(key, value, kind, inner)
    weights = _Weights(change)
    for name, tensor in _layers(reader, change.layers):
        data, kind_of_data = weights.make(name, tensor)
        writer.add_tensor(name, data, raw_dtype=kind_of_data)
        if name == "token_embd.weight":
            output = _follow(data, _said(reader))
            writer.add_tensor("output.weight", output, raw_dtype=kind_of_data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _said(reader: GGUFReader) -> list[int]:
    """The tokens that are whole characters and no control tokens."""
    field = reader.get_field("tokenizer.ggml.tokens")
    assert field is not None
    words = [str(word).strip("ĠĊ") for word in field.contents()[:FIRST_CONTROL]]
    return [token for token, word in enumerate(words) if word and word.isascii()]


def _follow(embedding: Any, tokens: list[int]) -> Any:
    """An output matrix that lets each of `tokens` follow the one before it, and nothing else come."""
    output = np.zeros_like(embedding)
    output[np.roll(tokens, -1)] = embedding[tokens]
    return output


def _text(reader: GGUFReader, key: str) -> str:
    field = reader.get_field(key)
    assert field is not None
    return str(field.contents())


def _layers(reader: GGUFReader, count: int) -> Iterator[tuple[str, Any]]:
    """Every tensor by its new name; the first layer stands for all."""
    for tensor in reader.tensors:
        if re.search(r"blk\.[1-9]", tensor.name):
            continue
        if "blk.0." not in tensor.name:
            yield tensor.name, tensor
            continue
        for layer in range(count):
            yield tensor.name.replace("blk.0.", f"blk.{layer}."), tensor


class _Weights:
    """Random tensors. Those of one shape are the same, which changes nothing for the clock."""

    def __init__(self, change: _Change) -> None:
        self._sides = change.sides
        self._made: dict[tuple[int, ...], Any] = {}

    def make(self, name: str, tensor: Any) -> tuple[Any, GGMLQuantizationType]:
        shape = tuple(self._sides.get(int(side), int(side)) for side in reversed(tensor.shape))
        if name.endswith(".bias"):
            return np.zeros(shape, np.float32), GGMLQuantizationType.F32
        if len(shape) == 1:
            size = LOUDNESS if name.endswith(QUIET) else 1.0
            return np.full(shape, size, np.float32), GGMLQuantizationType.F32
        values = self._random(shape)
        if name == "token_embd.weight":
            values = values / np.float32(SPREAD)
        if tensor.tensor_type == GGMLQuantizationType.F32:
            return values, GGMLQuantizationType.F32
        if len(shape) == 2:
            return quantize(values, GGMLQuantizationType.Q8_0), GGMLQuantizationType.Q8_0
        return values.astype(np.float16), GGMLQuantizationType.F16

    def _random(self, shape: tuple[int, ...]) -> Any:
        if shape not in self._made:
            generator = np.random.default_rng(len(self._made))
            self._made[shape] = generator.standard_normal(shape, np.float32) * np.float32(SPREAD)
        return self._made[shape]
