"""How many bytes of weights a model has, part by part, and the numbers its other memory follows from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glmdesk.library.gguf.header import Header, Tensor

if TYPE_CHECKING:
    from glmdesk.library.cards.catalogue import Card, Shape, Variant

_LAYER = re.compile(r"^blk\.(\d+)\.")
_EXPERTS = re.compile(r"\.ffn_(up|down|gate|gate_up)_(ch|)exps")
"""As `engines/llama/weights.py` has it: what `n_cpu_moe` moves."""
_OUTPUT = ("output.", "output_norm.")


@dataclass(frozen=True, kw_only=True)
class Dimensions:
    """Hyper-parameters of the text model, without the block that guesses ahead."""

    n_embd: int
    n_head: int
    n_head_kv: tuple[int, ...]
    """One number a layer."""
    key_length: int
    value_length: int
    n_vocab: int
    n_ctx_train: int
    n_ff: int = 0
    """Inner width of a layer without experts."""
    n_ff_expert: int = 0
    n_expert: int = 0
    n_expert_used: int = 0
    latent: bool = False
    """Keys and values are kept as one (MLA): the cache has keys only."""

    @property
    def n_layer(self) -> int:
        return len(self.n_head_kv)


@dataclass(frozen=True, kw_only=True)
class Tower:
    """What the memory of a projector's computations follows from; by default GLM's."""

    width: int = 1536
    feed: int = 4096
    heads: int = 12
    patch: int = 14
    merge: int = 2


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Bytes of one layer; `largest` is that of its biggest tensor, `largest_expert` that of its experts."""

    dense: int
    experts: int = 0
    largest: int = 0
    largest_expert: int = 0


@dataclass(frozen=True, kw_only=True)
class Weights:
    """All sizes in bytes."""

    dimensions: Dimensions
    layers: tuple[Layer, ...]
    nextn: tuple[Layer, ...] = ()
    """Blocks that guess ahead: they are loaded for MTP alone."""
    embedding: int = 0
    """Always in the memory of the processor."""
    output: int = 0
    tied: bool = False
    """The output is the embedding once more: a GPU needs a copy of its own."""
    projector: int = 0
    tower: Tower | None = None
    exact: bool = True
    """False: estimated from the size of the file, before its header is known."""

    @property
    def total(self) -> int:
        """What is loaded without MTP and without the projector."""
        return self.embedding + self.output + sum(one.dense + one.experts for one in self.layers)

    @property
    def has_experts(self) -> bool:
        return any(layer.experts for layer in self.layers)

    def has_shape(self, shape: "Shape") -> bool:
        """Whether it may be the model whose shape was published; a converter may count one layer more."""
        own = self.dimensions
        return own.n_embd == shape.n_embd and abs(own.n_layer - shape.n_layer) <= 1

    @classmethod
    def from_headers(cls, headers: Sequence[Header], projector: Header | None = None) -> "Weights":
        """Exact, tensor by tensor: the headers of all shards, the first one first."""
        first = headers[0]
        tensors = [tensor for header in headers for tensor in header.tensors]
        blocks = min(max(0, first.number("block_count")), len(tensors))
        trunk = max(0, blocks - max(0, first.number("nextn_predict_layers")))
        layers = [_layer(tensors, number) for number in range(blocks)]
        return cls(
            dimensions=_dimensions(first, tensors, trunk),
            layers=tuple(layers[:trunk]),
            nextn=tuple(layers[trunk:]),
            embedding=_sum(tensors, ("token_embd.",)),
            output=_sum(tensors, _OUTPUT),
            tied=not any(tensor.name == "output.weight" for tensor in tensors),
            projector=sum(tensor.size for tensor in projector.tensors) if projector else 0,
            tower=_tower(projector) if projector else None,
        )

    @classmethod
    def from_card(cls, card: "Card", variant: "Variant") -> "Weights | None":
        """An estimate from the size of the files and the published shape; None where a card has neither.

        Whether the file has a block that guesses ahead is not known: all is taken for the model's own.
        """
        size = sum(file.size for file in variant.files) or variant.weights_size
        if card.shape is None or size <= 0:
            return None
        projector = variant.mmproj.size if variant.mmproj else 0
        return _estimate(card.shape, size, projector or variant.mmproj_size)


def _estimate(shape: "Shape", size: int, projector: int) -> Weights:
    """`size` shared out by the number of parameters of each part."""
    layers = [_parameters(shape, number) for number in range(shape.n_layer)]
    ends = shape.n_vocab * shape.n_embd
    each = size / (2 * ends + sum(dense + experts for dense, experts in layers))
    return Weights(
        dimensions=Dimensions(
            n_embd=shape.n_embd,
            n_head=shape.n_head,
            n_head_kv=(shape.n_head_kv,) * shape.n_layer,
            key_length=shape.key_length,
            value_length=shape.value_length,
            n_vocab=shape.n_vocab,
            n_ctx_train=shape.n_ctx_train,
            n_ff=shape.n_ff,
            n_ff_expert=shape.n_ff_expert,
            n_expert=shape.n_expert,
            n_expert_used=shape.n_expert_used,
            latent=shape.latent,
        ),
        layers=tuple(
            Layer(
                dense=int(each * dense),
                experts=int(each * experts),
                largest=int(each * dense) // 2,
                largest_expert=int(each * experts) // 2,
            )
            for dense, experts in layers
        ),
        embedding=int(each * ends),
        output=int(each * ends),
        projector=projector,
        tower=Tower() if projector else None,
        exact=False,
    )


def _parameters(shape: "Shape", layer: int) -> tuple[int, int]:
    """Those of a layer's experts last, and all others first."""
    width = shape.n_embd
    attention = width * (
        shape.n_head * (shape.key_length + shape.value_length)
        + shape.n_head_kv * (shape.key_length + shape.value_length)
    )
    if not shape.n_expert or layer < shape.n_layer_dense:
        return attention + 3 * width * shape.n_ff, 0
    one = 3 * width * shape.n_ff_expert
    return attention + one, one * shape.n_expert


def _layer(tensors: Sequence[Tensor], number: int) -> Layer:
    own = [tensor for tensor in tensors if _number(tensor) == number]
    experts = [tensor.size for tensor in own if _EXPERTS.search(tensor.name)]
    dense = [tensor.size for tensor in own if not _EXPERTS.search(tensor.name)]
    return Layer(
        dense=sum(dense),
        experts=sum(experts),
        largest=max(dense, default=0),
        largest_expert=max(experts, default=0),
    )


def _number(tensor: Tensor) -> int:
    found = _LAYER.match(tensor.name)
    return int(found[1]) if found else -1


def _sum(tensors: Sequence[Tensor], starts: tuple[str, ...]) -> int:
    return sum(tensor.size for tensor in tensors if tensor.name.startswith(starts))


def _dimensions(header: Header, tensors: Sequence[Tensor], layers: int) -> Dimensions:
    heads = max(_spread(header.value("attention.head_count"), layers), default=0)
    groups = _spread(header.value("attention.head_count_kv", heads), layers)
    width = header.number("embedding_length")
    own = width // heads if heads else 0
    tokens = header.metadata.get("tokenizer.ggml.tokens", ())
    return Dimensions(
        n_embd=width,
        n_head=heads,
        n_head_kv=groups,
        key_length=header.number("attention.key_length", own),
        value_length=header.number("attention.value_length", own),
        n_vocab=len(tokens) if isinstance(tokens, tuple) else 0,
        n_ctx_train=header.number("context_length"),
        n_ff=_inner(tensors),
        n_ff_expert=header.number("expert_feed_forward_length"),
        n_expert=header.number("expert_count"),
        n_expert_used=max(_spread(header.value("expert_used_count", 0), 1), default=0),
        latent=header.value("attention.key_length_mla") is not None,
    )


def _spread(value: object, layers: int) -> tuple[int, ...]:
    """One number for each layer, of a value that may be one for all."""
    values = value if isinstance(value, tuple) else (value,) * layers
    found = [max(0, one) if isinstance(one, int) else 0 for one in values[:layers]]
    return (*found, *[0] * (layers - len(found)))


def _inner(tensors: Sequence[Tensor]) -> int:
    """What goes into the last matrix of a layer without experts; some headers leave it out."""
    down = (tensor.shape[0] for tensor in tensors if tensor.name.endswith(".ffn_down.weight"))
    return max(down, default=0)


def _tower(header: Header) -> Tower:
    def number(key: str, default: int) -> int:
        found = header.metadata.get(f"clip.vision.{key}")
        return found if isinstance(found, int) and found > 0 else default

    feeds = [tensor.shape[1] for tensor in header.tensors if tensor.name == "v.blk.0.ffn_up.weight"]
    return Tower(
        width=number("embedding_length", 1536),
        feed=max(feeds, default=number("feed_forward_length", 4096)),
        heads=number("attention.head_count", 12),
        patch=number("patch_size", 14),
        merge=number("spatial_merge_size", 2),
    )
