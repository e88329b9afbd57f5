"""What is known of one model: its facts, its files in each size, and what to look out for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from glmdesk.sampling import Sampling
from glmdesk.settings import CacheType, FlashAttention

Family = Literal["", "glm4.1v", "glm4.5", "glm4.5v", "glm4.6v", "glm4.7"]
"""Models of one family share a chat template."""
Modality = Literal["text", "pictures"]
Thinking = Literal["on", "off", "interleaved", "preserved"]
"""Always or on request; not at all; between tool calls; kept in later turns."""
SizeClass = Literal["", "laptop", "desktop", "workstation"]


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One file of a repository."""

    path: str
    size: int = 0
    """Exact, in bytes; 0 unknown."""
    sha256: str = ""
    """Of the whole file, in hex; "" unknown."""

    @property
    def name(self) -> str:
        """Without the folders it lies in."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One size of a model: all its shards, and its projector, from one repository.

    The hub's own listing has the last word on names, sizes and hashes.
    """

    id: str
    """Its quantisation, as "Q4_K_M"."""
    repository: str
    modelscope: str = ""
    """The same files there."""
    revision: str = "main"
    files: tuple[RemoteFile, ...] = ()
    """The model, its shards in order; none where their names could not be confirmed."""
    mmproj: RemoteFile | None = None
    size: int = 0
    """Of all files, the projector included, in bytes; exact where `confirmed`."""
    mmproj_size: int = 0
    """The projector's part of it."""
    confirmed: bool = False
    """Names and bytes are known exactly."""
    default: bool = False
    pattern: str = ""
    """What to look for in the hub's listing, where there are no `files`."""
    note: str = ""

    @property
    def weights_size(self) -> int:
        """Without the projector, in bytes."""
        return self.size - self.mmproj_size


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The hyperparameters as published, for estimates before there is a header to read."""

    architecture: str
    """llama.cpp's name of it."""
    n_layer: int
    """Without the NextN layers."""
    n_layer_nextn: int = 0
    n_layer_dense: int = 0
    """Leading layers without experts, in a mixture of experts."""
    n_embd: int
    n_ff: int
    n_ff_expert: int = 0
    n_head: int
    n_head_kv: int
    key_length: int
    """Numbers of one head's key in the cache."""
    value_length: int
    latent: bool = False
    """Latent attention: the cache keeps keys only, and values are read out of them."""
    n_vocab: int
    n_ctx_train: int
    n_expert: int = 0
    n_expert_used: int = 0
    expert_fraction: float = 0.0
    """The experts' share of the weights."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A figure from a model card or a paper, not measured here."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something known to go wrong with this model, and what helps."""

    text: str
    cure: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One model of the catalogue. `files` are relative to the catalogue, for what is shipped with it."""

    id: str
    name: str
    summary: str = ""
    good_for: str = ""
    notice: str = ""
    """What a person must know before trusting it."""
    builtin: bool = False
    default: bool = False
    """The one to offer first."""
    family: Family = ""
    size_class: SizeClass = ""
    parameters: int = 0
    active_parameters: int = 0
    """Those that one token passes through; all of them, where there are no experts."""
    context: int = 0
    """Tokens it was trained for."""
    modalities: tuple[Modality, ...] = ()
    thinking: tuple[Thinking, ...] = ()
    """The ways of thinking its makers name; none for a model that does not think."""
    licence: str = ""
    homepage: str = ""
    """Its makers' own card."""
    files: Mapping[str, str] = field(default_factory=dict)
    image_min_tokens: int = 0
    image_max_tokens: int = 0
    image_ceiling_tokens: int = 0
    """The most tokens one picture may become when high detail is asked for."""
    n_threads: int = 0
    """Threads that suit it, where that is not all cores: a tiny model waits more than it computes."""
    exact: bool = False
    cites: bool = False
    """Trained to name the pages of a document, as `[p. 7]`, without being asked to."""
    """A fresh and a reused reading must agree: see LoadSpec."""
    n_ctx: int = 0
    """The context to open, in tokens, where nothing else is set; 0: up to 16,384."""
    max_tokens: int = 0
    """The longest answer that its makers allow for; 0: until the context is full."""
    n_slots: int = 0
    """Chats at once; 0: as many as usual."""
    n_cpu_moe: int = 0
    """Layers whose experts belong on the CPU; -1: those of every layer."""
    mtp: bool = False
    """Guess ahead with its NextN block without being asked to."""
    flash_attn: FlashAttention = "auto"
    cache_type_k: CacheType = ""
    cache_type_v: CacheType = ""
    sampling: Sampling = field(default_factory=Sampling)
    shape: Shape | None = None
    variants: tuple[Variant, ...] = ()
    """From the smallest to the largest."""
    published: tuple[Published, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def sees(self) -> bool:
        """Whether it reads pictures."""
        return "pictures" in self.modalities

    def variant(self, id: str = "") -> Variant | None:
        """The size with this id, in any case; without an id the one to offer first."""
        wanted = [one for one in self.variants if one.id.lower() == id.lower()]
        return next(iter(wanted or [one for one in self.variants if one.default and not id]), None)
