"""Write a `glm4` file with GLM-4.6V-Flash's layer shapes, only fewer layers, to time text with.

Random weights in Q4_0, pico's tokenizer and chat template. The output matrix is the embedding moved on
by some rows, and the layers are kept quiet: a greedy answer walks through made-up words and neither
stops nor repeats itself. Needs pico's file and the `gguf` package.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter

LAYERS = 4
"""Of 40; the rest would only take longer."""
WIDTH, INNER, HEADS, KV_HEADS, HEAD = 4096, 13696, 32, 2, 128
VOCABULARY = 151_552
BLOCK, BLOCK_BYTES = 32, 18
"""Values of one block of Q4_0, and its bytes: a scale in float16, then two values a byte."""
SPREAD = 4.64
"""Root mean square of the values of a random block whose scale is 1."""
LOUDNESS = 0.05
"""What a layer adds, beside an embedding of 1."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

FACTS: Mapping[str, object] = {
    "general.name": "shapes",
    "glm4.block_count": LAYERS,
    "glm4.context_length": 131_072,
    "glm4.embedding_length": WIDTH,
    "glm4.feed_forward_length": INNER,
    "glm4.attention.head_count": HEADS,
    "glm4.attention.head_count_kv": KV_HEADS,
    "glm4.attention.key_length": HEAD,
    "glm4.attention.value_length": HEAD,
    "glm4.rope.dimension_count": HEAD // 2,
    "glm4.rope.dimension_sections": [8, 12, 12, 0],
    "glm4.rope.freq_base": 500_000.0,
    "general.file_type": 2,
}
MATRICES: Mapping[str, tuple[int, int]] = {
    "attn_q": (HEADS * HEAD, WIDTH),
    "attn_k": (KV_HEADS * HEAD, WIDTH),
    "attn_v": (KV_HEADS * HEAD, WIDTH),
    "attn_output": (WIDTH, HEADS * HEAD),
    "ffn_up": (2 * INNER, WIDTH),
    "ffn_down": (WIDTH, INNER),
}
"""Rows and columns of what a layer multiplies with."""
BIASES = {"attn_q": HEADS * HEAD, "attn_k": KV_HEADS * HEAD, "attn_v": KV_HEADS * HEAD}
NORMS = {"attn_norm": 1.0, "post_attention_norm": LOUDNESS, "ffn_norm": 1.0} | {
    "post_ffw_norm": LOUDNESS
}


def write(pico: Path, target: Path) -> Path:
    """Always the same weights: 1.2 GB, in seconds."""
    reader = GGUFReader(pico)
    writer = GGUFWriter(target, "glm4")
    _add_facts(reader, writer)
    known = len(_contents(reader, "tokenizer.ggml.tokens"))
    _add_ends(writer, known)
    _add_layers(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def _contents(reader: GGUFReader, key: str) -> Any:
    field = reader.get_field(key)
    assert field is not None
    return field.contents()


def _add_facts(reader: GGUFReader, writer: GGUFWriter) -> None:
    """pico's, with the shapes and the words changed."""
    tokens = _contents(reader, "tokenizer.ggml.tokens")
    kinds = _contents(reader, "tokenizer.ggml.token_type")
    made_up = range(VOCABULARY - len(tokens))
    facts: dict[str, object] = {
        **FACTS,
        "tokenizer.ggml.tokens": tokens + [_word(number) for number in made_up],
        "tokenizer.ggml.token_type": kinds + [1 for _ in made_up],
    }
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(key, facts.get(key, field.contents()), kind, inner)


def _word(number: int) -> str:
    """Five capitals after a space (Ġ), so that none of pico's own words comes twice."""
    letters = ""
    for _ in range(5):
        number, rest = divmod(number, len(LETTERS))
        letters += LETTERS[rest]
    return "Ġ" + letters


def _add_ends(writer: GGUFWriter, known: int) -> None:
    """The embedding, and the output that follows each token by the one `known` rows further on.

    pico's own tokens follow none, so an answer consists of made-up words.
    """
    embedding = _blocks(1, (VOCABULARY, WIDTH), 1 / SPREAD)
    output = np.roll(embedding, known, axis=0)
    output[:known] = 0
    for name, data in (("token_embd.weight", embedding), ("output.weight", output)):
        writer.add_tensor(name, data, raw_dtype=GGMLQuantizationType.Q4_0)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))


def _add_layers(writer: GGUFWriter) -> None:
    """All layers have the same weights, which changes nothing for the clock."""
    matrices = {
        name: _blocks(seed, shape, 1 / (SPREAD * shape[1] ** 0.5))
        for seed, (name, shape) in enumerate(MATRICES.items(), start=2)
    }
    for layer in range(LAYERS):
        for name, data in matrices.items():
            writer.add_tensor(
                f"blk.{layer}.{name}.weight", data, raw_dtype=GGMLQuantizationType.Q4_0
            )
        for name, size in BIASES.items():
            writer.add_tensor(f"blk.{layer}.{name}.bias", np.zeros(size, np.float32))
        for name, value in NORMS.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.full(WIDTH, value, np.float32))


def _blocks(seed: int, shape: tuple[int, int], scale: float) -> Any:
    """Random values in Q4_0, already as bytes: rows × bytes of a row."""
    rows, columns = shape
    generator = np.random.default_rng(seed)
    blocks = generator.integers(0, 256, (rows, columns // BLOCK, BLOCK_BYTES), np.uint8)
    blocks[:, :, :2] = np.frombuffer(np.float16(scale).tobytes(), np.uint8)
    return blocks.reshape(rows, -1)
