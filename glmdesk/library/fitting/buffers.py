"""Bytes of what llama.cpp allocates beside the weights: the cache, the compute buffers, the output.

The formulas follow its graphs (src/models, src/llama-graph.cpp): what of one micro-batch is alive at the
same time. `benchmarks/fit_error.py` compares them with what llama.cpp logs.
"""

from dataclasses import dataclass

from glmdesk.library.fitting.weights import Dimensions, Tower

MICRO_BATCH = 512
MAX_OUTPUTS = 32
"""As the engine opens its contexts: see engines/llama/context.py."""
CONTEXT_STEP = 256
"""llama.cpp rounds a context up to a multiple of it."""
WARM_UP_TOKENS = 46 * 46
"""The picture that llama.cpp tries a vision tower with; its buffers are never smaller."""
_FLOAT, _HALF = 4, 2
_SECTIONS, _TURNED = 4, 80
"""Floats of one patch: its positions, and about what their rotation takes."""
_BLOCK = 32
_BLOCK_BYTES = {
    "f32": 128, "f16": 64, "bf16": 64, "q8_0": 34, "q5_1": 24, "q5_0": 22, "q4_1": 20, "q4_0": 18,
}  # fmt: skip
"""Bytes of 32 values."""


@dataclass(frozen=True, kw_only=True)
class CacheKind:
    """How the cache is kept. `flash` is flash attention: without it every score of a batch is kept."""

    key: str = "f16"
    value: str = "f16"
    flash: bool = True


def padded(n_ctx: int) -> int:
    """The cells that llama.cpp makes of a context."""
    return -(-n_ctx // CONTEXT_STEP) * CONTEXT_STEP


def cache_bytes(dimensions: Dimensions, layer: int, n_ctx: int, kind: CacheKind) -> int:
    """The cache of one layer for `n_ctx` cells."""
    heads = dimensions.n_head_kv[layer]
    keys = heads * dimensions.key_length * _BLOCK_BYTES[kind.key] // _BLOCK
    values = heads * dimensions.value_length * _BLOCK_BYTES[kind.value] // _BLOCK
    return padded(n_ctx) * (keys if dimensions.latent else keys + values)


def input_bytes(n_ctx: int, kind: CacheKind) -> int:
    """What a graph is given: above all the mask, one number for each cell and token."""
    tokens = min(n_ctx, MICRO_BATCH)
    return padded(n_ctx) * tokens * (_HALF if kind.flash else _FLOAT)


def compute_bytes(dimensions: Dimensions, n_ctx: int, kind: CacheKind) -> int:
    """The most that is alive at one point of reading a micro-batch, its inputs included."""
    tokens = min(n_ctx, MICRO_BATCH)
    width = max(
        _attention(dimensions, n_ctx, kind),
        4 * dimensions.n_embd + 3 * dimensions.n_ff,
        _experts(dimensions) if dimensions.n_expert_used else 0,
    )
    logits = _FLOAT * min(tokens, MAX_OUTPUTS) * (dimensions.n_vocab + 2 * dimensions.n_embd)
    return input_bytes(n_ctx, kind) + max(_FLOAT * tokens * width, logits)


def _attention(dimensions: Dimensions, n_ctx: int, kind: CacheKind) -> int:
    """Floats for each token."""
    queries = dimensions.n_head * dimensions.key_length
    width = 3 * dimensions.n_embd + (3 if dimensions.latent else 2) * queries
    return width if kind.flash else width + padded(n_ctx) * dimensions.n_head


def _experts(dimensions: Dimensions) -> int:
    """Floats for each token. What the experts give finds room where two of their inner rows were, or else
    lies behind them."""
    inner = dimensions.n_expert_used * dimensions.n_ff_expert
    outer = dimensions.n_expert_used * dimensions.n_embd
    return 5 * dimensions.n_embd + 3 * inner + (outer if outer > 2 * inner else 0)


def output_bytes(dimensions: Dimensions) -> int:
    """Where logits are handed over, in the memory of the processor."""
    return _FLOAT * MAX_OUTPUTS * dimensions.n_vocab


def embedded_bytes(dimensions: Dimensions, n_ctx: int) -> int:
    """The embeddings of a micro-batch, which the processor looks up."""
    return _FLOAT * min(n_ctx, MICRO_BATCH) * dimensions.n_embd


def picture_bytes(dimensions: Dimensions, n_tokens: int) -> int:
    """What a vision tower makes of a picture of `n_tokens` tokens."""
    return _FLOAT * n_tokens * dimensions.n_embd


def tower_bytes(tower: Tower, n_tokens: int, *, flash: bool = True) -> int:
    """The compute buffer of a vision tower for pictures of up to `n_tokens` tokens: the pixels being taken
    in, or the attention or the inner rows of a layer."""
    patches = max(n_tokens, WARM_UP_TOKENS) * tower.merge**2
    pixels = 3 * tower.patch**2
    stages = (
        pixels + pixels // 2 + tower.width,
        13 * tower.width // 2 + _TURNED,
        2 * tower.width + 3 * tower.feed,
    )
    scores = 0 if flash else patches * tower.heads
    return _FLOAT * patches * (max(stages) + scores + _SECTIONS)
