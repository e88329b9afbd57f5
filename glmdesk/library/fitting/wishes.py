"""What a person or a card has set about loading a model, and what follows from it alone."""

from dataclasses import dataclass

from glmdesk.library.fitting.buffers import CacheKind
from glmdesk.library.fitting.placement import Options
from glmdesk.library.fitting.weights import Dimensions
from glmdesk.settings import CacheType, FlashAttention

USUAL_CONTEXT, SMALLEST_CONTEXT = 16_384, 4_096
"""Tokens. The first is what the engine opens where nothing is said; with less than the second a chat with
a picture and its answer does not get far."""
_BLOCK = 32


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """0, "" and None leave a thing open. What is set is never changed: it fits, or it does not."""

    n_ctx: int = 0
    preferred_ctx: int = 0
    """Where `n_ctx` is open: the context to begin with, in tokens; 0: 16,384."""
    n_gpu_layers: int | None = None
    """As llama.cpp takes it: -1 is all."""
    n_cpu_moe: int | None = None
    """Layers whose experts stay on the CPU; -1 is all."""
    mmproj_offload: bool | None = None
    cache_type_k: CacheType = ""
    cache_type_v: CacheType = ""
    flash_attn: FlashAttention = "auto"
    exact: bool = False
    """See LoadSpec."""
    n_slots: int = 4
    picture_tokens: int = 0
    """The largest picture that the model may be shown."""
    tensor_split: tuple[float, ...] = ()
    mtp: bool = False

    def options(self, dimensions: Dimensions) -> Options:
        """What is the same in every placement that may be tried."""
        return Options(
            cache=self._cache(dimensions),
            n_slots=max(1, self.n_slots),
            picture_tokens=self.picture_tokens,
            tensor_split=self.tensor_split,
            mtp=self.mtp,
        )

    def _cache(self, dimensions: Dimensions) -> CacheKind:
        """As the engine settles it: see engines/llama/context.py."""
        if self.exact:
            return CacheKind(key="f32", value="f32", flash=False)
        key = _possible(self.cache_type_k or "f16", dimensions.key_length)
        value = _possible(self.cache_type_v or "f16", dimensions.value_length)
        if self.flash_attn == "off" and value.startswith("q"):
            value = "f16"
        return CacheKind(key=key, value=value, flash=self.flash_attn != "off")

    def contexts(self, dimensions: Dimensions) -> tuple[int, ...]:
        """The contexts to try, in tokens, from the most wanted to the smallest."""
        trained = dimensions.n_ctx_train or self.n_ctx or USUAL_CONTEXT
        if self.n_ctx:
            return (min(self.n_ctx, trained * max(1, self.n_slots)),)
        first = min(self.preferred_ctx or USUAL_CONTEXT, trained)
        steps = [first]
        power = SMALLEST_CONTEXT
        smaller: list[int] = []
        while power < first:
            smaller += [power, power * 3 // 2]
            power *= 2
        return (*steps, *sorted((step for step in smaller if step < first), reverse=True))


def _possible(kind: str, row: int) -> str:
    return "f16" if kind.startswith("q") and row % _BLOCK else kind
