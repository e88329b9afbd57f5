"""Model files with the true shapes and all the layers of GLM models in Q4_K_M, and with no weights.

The weights are a hole in a sparse file: it takes some MB of the disk, whatever its size says. Such a file
can be looked at, and loaded by llama.cpp with `no_alloc`; nobody can talk to it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFReader, GGUFValueType

from glmdesk import paths
from glmdesk.library.gguf import header

_Tensor = tuple[str, tuple[int, ...], Kind]
"""Name, shape as numpy has it (rows first), type."""
_SMALLER = {Kind.Q4_K: Kind.Q5_0, Kind.Q6_K: Kind.Q8_0}
"""What llama.cpp's quantiser takes for rows that are no multiple of 256."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What the tensors of a model follow from."""

    architecture: str
    width: int = 4096
    vocabulary: int = 151_552
    layers: int
    nextn: int = 0
    heads: int
    heads_kv: int
    feed: int
    experts: int = 0
    experts_used: int = 0
    expert_feed: int = 0
    context: int = 131_072
    sections: tuple[int, ...] = ()
    head: int = 128
    rope: int = 64
    ranks: tuple[int, int] = (0, 0)
    """Of queries and of keys, where attention is latent."""
    value: int = 128


FLASH = Form(
    architecture="glm4", layers=40, heads=32, heads_kv=2, feed=13_696, sections=(8, 12, 12, 0)
)
"""GLM-4.6V-Flash."""
AIR = Form(
    architecture="glm4moe", layers=46, nextn=1, heads=96, heads_kv=8, feed=10_944, experts=128,
    experts_used=8, expert_feed=1408,
)  # fmt: skip
"""GLM-4.5-Air, with its NextN block."""
FLASH_47 = Form(
    architecture="deepseek2", width=2048, vocabulary=154_880, layers=47, heads=20, heads_kv=1,
    feed=10_240, experts=64, experts_used=4, expert_feed=1536, context=202_752, ranks=(768, 512),
    head=256, value=256,
)  # fmt: skip
"""GLM-4.7-Flash, without one."""


def write(form: Form, path: Path) -> Path:
    """The file at `path`: 6 or 73 GB by its size, some MB in truth."""
    writer = gguf.GGUFWriter(None, form.architecture)
    _add_numbers(writer, form)
    _add_vocabulary(writer, form.vocabulary)
    for name, shape, kind in _tensors(form):
        values, size = gguf.GGML_QUANT_SIZES[kind]
        n_bytes = math.prod(shape) // values * size
        writer.add_tensor_info(name, shape, np.dtype(np.float32), n_bytes, raw_dtype=kind)
    writer.write_header_to_file(path)
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    _add_hole(path)
    return path


def _add_hole(path: Path) -> None:
    found = header.read(path)
    last = found.tensors[-1]
    with path.open("r+b") as file:
        file.truncate(found.data_start + last.offset + last.size)


def _add_numbers(writer: gguf.GGUFWriter, form: Form) -> None:
    numbers: dict[str, int | float] = {
        "block_count": form.layers + form.nextn,
        "context_length": form.context,
        "embedding_length": form.width,
        "feed_forward_length": form.feed,
        "attention.head_count": form.heads,
        "attention.head_count_kv": form.heads_kv,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.dimension_count": form.rope,
        "rope.freq_base": 500_000.0,
        **(_expert_numbers(form) if form.experts else {}),
        **_key_numbers(form),
    }
    for key, value in numbers.items():
        name = f"{form.architecture}.{key}"
        if isinstance(value, int):
            writer.add_uint32(name, value)
        else:
            writer.add_float32(name, value)
    if form.experts:
        writer.add_bool(f"{form.architecture}.expert_weights_norm", True)
    if form.sections:
        writer.add_array(f"{form.architecture}.rope.dimension_sections", form.sections)


def _expert_numbers(form: Form) -> dict[str, int]:
    return {
        "expert_count": form.experts,
        "expert_used_count": form.experts_used,
        "expert_shared_count": 1,
        "expert_feed_forward_length": form.expert_feed,
        "leading_dense_block_count": 1,
        "expert_gating_func": 2,
        "nextn_predict_layers": form.nextn,
    }


def _key_numbers(form: Form) -> dict[str, int]:
    queries, keys = form.ranks
    if not keys:
        return {"attention.key_length": form.head, "attention.value_length": form.value}
    return {
        "attention.key_length": keys + form.rope,
        "attention.value_length": keys,
        "attention.key_length_mla": form.head,
        "attention.value_length_mla": form.value,
        "attention.q_lora_rank": queries,
        "attention.kv_lora_rank": keys,
    }


def _add_vocabulary(writer: gguf.GGUFWriter, size: int) -> None:
    """pico's, and made-up words up to the true number."""
    reader = GGUFReader(paths.shipped("models") / "pico" / "pico-f16.gguf")
    for key, found in reader.fields.items():
        if not key.startswith("tokenizer."):
            continue
        value = found.contents()
        if key == "tokenizer.ggml.tokens":
            value = value + [f"Ġ{number:05}" for number in range(size - len(value))]
        elif key == "tokenizer.ggml.token_type":
            value = value + [1] * (size - len(value))
        kind = found.types[0]
        inner = found.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(key, value, kind, inner)


def _tensors(form: Form) -> Iterator[_Tensor]:
    ends = (form.vocabulary, form.width)
    yield "token_embd.weight", ends, Kind.Q4_K
    yield "output_norm.weight", (form.width,), Kind.F32
    yield "output.weight", ends, Kind.Q6_K
    for number in range(form.layers + form.nextn):
        block = f"blk.{number}"
        more = _gets_more_bits(number, form.layers + form.nextn)
        yield f"{block}.attn_norm.weight", (form.width,), Kind.F32
        yield from (_latent if form.ranks[1] else _attention)(form, block, more)
        if form.experts and number:
            yield from _experts(form, block, more)
        else:
            yield from _feed(form, block, more)
        if number >= form.layers:
            yield from _nextn(form, block)


def _gets_more_bits(number: int, layers: int) -> bool:
    """The half of the layers whose values and last matrices Q4_K_M keeps in six bits."""
    eighth = layers // 8
    return number < eighth or number >= 7 * layers // 8 or (number - eighth) % 3 == 2


def _matrix(name: str, *shape: int, kind: Kind = Kind.Q4_K) -> _Tensor:
    return f"{name}.weight", shape, _SMALLER[kind] if shape[-1] % 256 else kind


def _attention(form: Form, block: str, more: bool) -> Iterator[_Tensor]:
    queries, keys = form.heads * form.head, form.heads_kv * form.head
    yield f"{block}.post_attention_norm.weight", (form.width,), Kind.F32
    yield _matrix(f"{block}.attn_q", queries, form.width)
    yield _matrix(f"{block}.attn_k", keys, form.width)
    yield _matrix(f"{block}.attn_v", keys, form.width, kind=Kind.Q6_K if more else Kind.Q4_K)
    yield _matrix(f"{block}.attn_output", form.width, queries)
    for part, rows in (("q", queries), ("k", keys), ("v", keys)):
        yield f"{block}.attn_{part}.bias", (rows,), Kind.F32


def _latent(form: Form, block: str, more: bool) -> Iterator[_Tensor]:
    queries, keys = form.ranks
    yield f"{block}.ffn_norm.weight", (form.width,), Kind.F32
    yield _matrix(f"{block}.attn_q_a", queries, form.width)
    yield f"{block}.attn_q_a_norm.weight", (queries,), Kind.F32
    yield _matrix(f"{block}.attn_q_b", form.heads * form.head, queries)
    yield _matrix(f"{block}.attn_kv_a_mqa", keys + form.rope, form.width)
    yield f"{block}.attn_kv_a_norm.weight", (keys,), Kind.F32
    yield _matrix(f"{block}.attn_k_b", form.heads, keys, form.head - form.rope)
    kind = Kind.Q6_K if more else Kind.Q4_K
    yield _matrix(f"{block}.attn_v_b", form.heads, form.value, keys, kind=kind)
    yield _matrix(f"{block}.attn_output", form.width, form.heads * form.value)


def _feed(form: Form, block: str, more: bool) -> Iterator[_Tensor]:
    """`glm4` keeps two of the three matrices in one, and has two norms more."""
    if form.experts:
        yield _matrix(f"{block}.ffn_gate", form.feed, form.width)
        yield _matrix(f"{block}.ffn_up", form.feed, form.width)
    else:
        yield f"{block}.ffn_norm.weight", (form.width,), Kind.F32
        yield f"{block}.post_ffw_norm.weight", (form.width,), Kind.F32
        yield _matrix(f"{block}.ffn_up", 2 * form.feed, form.width)
    yield _matrix(f"{block}.ffn_down", form.width, form.feed, kind=Kind.Q6_K if more else Kind.Q4_K)


def _experts(form: Form, block: str, more: bool) -> Iterator[_Tensor]:
    down = Kind.Q6_K if more else Kind.Q4_K
    yield f"{block}.ffn_gate_inp.weight", (form.experts, form.width), Kind.F32
    yield f"{block}.exp_probs_b.bias", (form.experts,), Kind.F32
    for kind, experts in (("exps", (form.experts,)), ("shexp", ())):
        for part in ("gate", "up"):
            yield _matrix(f"{block}.ffn_{part}_{kind}", *experts, form.expert_feed, form.width)
        yield _matrix(f"{block}.ffn_down_{kind}", *experts, form.width, form.expert_feed, kind=down)


def _nextn(form: Form, block: str) -> Iterator[_Tensor]:
    for part in ("enorm", "hnorm", "shared_head_norm"):
        yield f"{block}.nextn.{part}.weight", (form.width,), Kind.F32
    yield _matrix(f"{block}.nextn.eh_proj", form.width, 2 * form.width)
    for part in ("embed_tokens", "shared_head_head"):
        yield _matrix(f"{block}.nextn.{part}", form.vocabulary, form.width)
