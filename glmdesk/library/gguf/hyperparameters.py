"""The numbers of a model's header: which of them llama.cpp would end the process on.

Names and limits are those of llama.cpp's own assertions (src/llama-model.cpp, src/models, tools/mtmd).
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from glmdesk.library.gguf import tower
from glmdesk.library.gguf.header import BOOL, FLOAT32, STRING, UINT32, Header, shown

_Range = tuple[str, float, float]
_RANGES: tuple[_Range, ...] = (
    ("block_count", 1, 512), ("embedding_length", 1, 1 << 20), ("context_length", 1, 1 << 30),
    ("attention.layer_norm_rms_epsilon", 0.0, 1.0), ("attention.layer_norm_epsilon", 0.0, 1.0),
    ("attention.key_length", 1, 1 << 16), ("attention.value_length", 1, 1 << 16),
    ("rope.dimension_count", 1, 1 << 20), ("expert_count", 0, 1024),
    ("expert_gating_func", 0, 4), ("nextn_predict_layers", 0, 511),
)  # fmt: skip
_PROJECTOR_RANGES: tuple[_Range, ...] = (
    ("vision.block_count", 1, 512), ("vision.embedding_length", 1, 1 << 20),
    ("vision.patch_size", 1, 1 << 10), ("vision.attention.head_count", 1, 1 << 10),
    ("vision.attention.layer_norm_epsilon", 0.0, 1.0), ("vision.image_size", 1, 1 << 16),
    ("vision.projection_dim", 1, 1 << 20), ("vision.spatial_merge_size", 1, 1 << 8),
)  # fmt: skip
_PROJECTOR_KINDS: Mapping[str, int] = {
    "general.name": STRING, "general.description": STRING, "clip.projector_type": STRING,
    "clip.vision.projector_type": STRING, "clip.has_vision_encoder": BOOL,
    "clip.has_audio_encoder": BOOL, "clip.use_gelu": BOOL, "clip.use_silu": BOOL,
    "clip.vision.image_size": UINT32, "clip.vision.patch_size": UINT32,
    "clip.vision.embedding_length": UINT32, "clip.vision.feed_forward_length": UINT32,
    "clip.vision.block_count": UINT32, "clip.vision.projection_dim": UINT32,
    "clip.vision.attention.head_count": UINT32, "clip.vision.spatial_merge_size": UINT32,
    "clip.vision.attention.layer_norm_epsilon": FLOAT32,
}  # fmt: skip
"""The tower's keys are read as one type each; any other type ends the process."""
_ROPE_SCALINGS = ("none", "linear", "yarn", "longrope")
_ALWAYS_EXPERTS = ("glm4moe",)
_SAME_HEADS = ("glm4", "glm4moe")
"""Architectures whose keys and values must have one length."""
_LATENT = ("deepseek2", "glm-dsa")
"""Architectures with latent attention (MLA)."""
_FLOATS = ("chatglm", "glm4", "glm4moe", "clip", *_LATENT)
"""Architectures with no weights but floats and quantised ones."""
_F32, _NOT_WEIGHTS = 0, (9, 15, 24, 25, 26, 27, 28)
"""ggml's types of whole numbers, of doubles, and of what is computed on the way."""


def problems(header: Header) -> Iterator[str]:
    """Each as half a sentence, as "block count is 0"; the first one is enough to refuse the file."""
    yield from _tensors(header)
    if header.is_projector:
        yield from _outside(header, "clip", _PROJECTOR_RANGES)
        yield from _projector_problems(header)
        return
    yield from _outside(header, header.architecture, _RANGES)
    if header.value("block_count") is None:
        yield "it does not say how many layers it has"
    checks: tuple[Callable[[Header], Iterator[str]], ...] = (
        _heads, _rope, _latent, _experts, _vocabulary,
    )  # fmt: skip
    for check in checks:
        yield from check(header)


def _outside(header: Header, prefix: str, ranges: tuple[_Range, ...]) -> Iterator[str]:
    for key, low, high in ranges:
        value = header.metadata.get(f"{prefix}.{key}")
        if value is not None and not (isinstance(value, int | float) and low <= value <= high):
            yield f"{key.split('.')[-1].replace('_', ' ')} is {shown(value)}"


def _per_layer(value: object) -> tuple[Any, ...]:
    """A value that may be one for all layers or a list with one each."""
    return value if isinstance(value, tuple) else (value,)


def _heads(header: Header) -> Iterator[str]:
    heads = _per_layer(header.value("attention.head_count", 0))
    groups = _per_layer(header.value("attention.head_count_kv", heads))
    for count in (*heads, *groups):
        if not (isinstance(count, int) and 0 <= count <= 1 << 16):
            yield f"head count is {shown(count)}"
            return
    layers = max(len(heads), len(groups))
    for own, shared in zip(_spread(heads, layers), _spread(groups, layers), strict=False):
        if own and shared and own % shared:
            yield f"{own} heads cannot share {shared} keys"
            return
    yield from _head_sizes(header, heads[0] if heads else 0)


def _spread(values: tuple[int, ...], layers: int) -> tuple[int, ...]:
    return values * layers if len(values) == 1 else values


def _head_sizes(header: Header, heads: int) -> Iterator[str]:
    width = header.number("embedding_length")
    key, value = header.value("attention.key_length"), header.value("attention.value_length")
    if heads and key is None and width % heads:
        yield f"{heads} heads do not divide its width of {width}"
    own = width // heads if heads else 0
    if header.architecture in _SAME_HEADS and (key or own) != (value or own):
        yield f"its keys have {key or own} numbers and its values {value or own}"


def _rope(header: Header) -> Iterator[str]:
    rope, row = header.value("rope.dimension_count"), header.value("attention.key_length")
    if isinstance(rope, int) and (rope % 2 or rope > (row if isinstance(row, int) else rope)):
        yield f"rope dimension count is {rope}"
    scaling = header.value("rope.scaling.type", "linear")
    if scaling not in _ROPE_SCALINGS:
        yield f"rope scaling is {shown(scaling)}"
    sections = header.value("rope.dimension_sections", ())
    room = row if isinstance(row, int) else header.number("embedding_length")
    if not _are_sections(_per_layer(sections), room):
        yield f"rope sections are {shown(sections)}"


def _are_sections(sections: tuple[Any, ...], room: int) -> bool:
    counts = all(isinstance(one, int) and one >= 0 for one in sections)
    return counts and len(sections) <= 4 and sum(sections) <= room


def _latent(header: Header) -> Iterator[str]:
    if header.architecture not in _LATENT:
        return
    rope, rank = header.number("rope.dimension_count"), header.number("attention.kv_lora_rank")
    key = header.number("attention.key_length")
    whole = header.number("attention.key_length_mla", key)
    if not 0 < rope < whole:
        yield f"its keys have {whole} numbers, {rope} of them for positions"
    compressed = header.value("attention.key_length_mla") is not None
    if compressed and (key != rank + rope or header.value("attention.head_count_kv") != 1):
        yield f"its latent keys have {key} numbers"


def _experts(header: Header) -> Iterator[str]:
    experts, used = header.number("expert_count"), _per_layer(header.value("expert_used_count", 0))
    fitting = all(isinstance(one, int) and 0 <= one <= experts for one in used)
    needed = experts > 0 or header.architecture in _ALWAYS_EXPERTS
    if not fitting or any(used) != needed:
        yield f"it uses {shown(header.value('expert_used_count'))} of {experts} experts"
    groups, chosen = header.number("expert_group_count"), header.number("expert_group_used_count")
    if groups and not (
        0 < groups < experts and (groups == 1 or _are_groups(experts, groups, chosen))
    ):
        yield f"its {experts} experts are in {groups} groups, of which it uses {chosen}"
    if header.number("nextn_predict_layers") >= header.number("block_count", 1):
        yield "it has no layers but those that guess ahead"


def _are_groups(experts: int, groups: int, chosen: int) -> bool:
    return experts % groups == 0 and 0 < chosen < groups


def _vocabulary(header: Header) -> Iterator[str]:
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, tuple) or not tokens or not isinstance(tokens[0], str):
        if header.metadata.get("split.no", 0) == 0:
            yield "it has no vocabulary"
        return
    named = [token for token in tokens if token]
    if len(set(named)) < len(named):
        yield "two of its tokens are the same"


def _tensors(header: Header) -> Iterator[str]:
    if header.architecture not in _FLOATS:
        return
    for tensor in header.tensors:
        plain = len(tensor.shape) == 1 or tensor.name == "v.position_embd.weight"
        if tensor.type in _NOT_WEIGHTS or (plain and tensor.type != _F32):
            yield f"tensor {tensor.name!r} is of type {tensor.type}"


def _projector_problems(header: Header) -> Iterator[str]:
    for key, kind in _PROJECTOR_KINDS.items():
        if header.kinds.get(key, kind) != kind:
            yield f"{key} is {shown(header.metadata[key])}"
    width, heads = (
        header.metadata.get(f"clip.vision.{key}")
        for key in ("embedding_length", "attention.head_count")
    )
    if isinstance(width, int) and isinstance(heads, int) and width % heads:
        yield f"head count is {heads}"
    yield from tower.misfits(header)
    if not all(math.prod(one.shape) for one in header.tensors):
        yield "one of its tensors is empty"
