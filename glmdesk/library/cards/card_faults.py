"""What is wrong with a card whose keys and kinds are right: values that cannot be true."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields

from glmdesk.library.cards.card import Card, Problem, Published, Shape
from glmdesk.library.cards.variant_faults import variant_faults
from glmdesk.sampling import Sampling

Fault = tuple[str, str]
"""The key, and half a sentence on what is wrong with it, as ("context", "is negative")."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
_LOWEST = {"n_cpu_moe": -1}
_SAMPLING_RANGES = {
    "temperature": (0.0, 5.0), "top_p": (0.0, 1.0), "top_k": (0, 1000), "min_p": (0.0, 1.0),
    "repeat_penalty": (0.1, 5.0), "repeat_last_n": (-1, 1 << 20),
}  # fmt: skip


def faults(card: Card) -> Iterator[Fault]:
    """Everything that is wrong, the first one first."""
    if not _ID.fullmatch(card.id):
        yield "id", f"must be of lower-case letters, digits, dots and dashes, and is {card.id!r}"
    if not card.name.strip():
        yield "name", "is empty"
    yield from _numbers(card)
    yield from _pictures(card)
    yield from _sampling(card.sampling)
    if card.builtin and "model" not in card.files:
        yield "files.model", "is missing"
    if card.homepage and not _is_address(card.homepage):
        yield "homepage", f"must be an https address, and is {card.homepage!r}"
    if card.shape:
        yield from _shape(card, card.shape)
    yield from _sizes(card)
    yield from _quoted(card)


def _numbers(card: Card) -> Iterator[Fault]:
    for item in fields(card):
        value = getattr(card, item.name)
        if type(value) is int and value < _LOWEST.get(item.name, 0):
            yield item.name, f"is {value}"
    if card.active_parameters > card.parameters:
        yield "active_parameters", f"is more than parameters, which is {card.parameters}"


def _pictures(card: Card) -> Iterator[Fault]:
    """Only what is set is compared: 0 leaves a number to the engine."""
    order = [
        (key, getattr(card, key))
        for key in ("image_min_tokens", "image_max_tokens", "image_ceiling_tokens")
        if getattr(card, key)
    ]
    for (lower, low), (key, high) in zip(order, order[1:], strict=False):
        if high < low:
            yield f"vision.{key}", f"is {high}, which is less than {lower}"
    if order and card.modalities and not card.sees:
        yield "vision", "is set, and the model does not read pictures"


def _sampling(sampling: Sampling) -> Iterator[Fault]:
    for key, (low, high) in _SAMPLING_RANGES.items():
        if not low <= getattr(sampling, key) <= high:
            yield f"sampling.{key}", f"is {getattr(sampling, key)}"


def _shape(card: Card, shape: Shape) -> Iterator[Fault]:
    for item in fields(shape):
        value = getattr(shape, item.name)
        if type(value) is int and (value < 0 or (value == 0 and item.default != 0)):
            yield f"shape.{item.name}", f"is {value}"
    if card.context and shape.n_ctx_train != card.context:
        yield "shape.n_ctx_train", f"is {shape.n_ctx_train}, and context is {card.context}"
    if shape.n_expert_used > shape.n_expert:
        yield "shape.n_expert_used", f"is more than n_expert, which is {shape.n_expert}"
    if bool(shape.n_expert) != bool(shape.n_expert_used and shape.n_ff_expert):
        yield "shape.n_expert", "needs n_expert_used and n_ff_expert, and they need it"
    if not 0 <= shape.expert_fraction < 1 or bool(shape.expert_fraction) != bool(shape.n_expert):
        yield "shape.expert_fraction", f"is {shape.expert_fraction} for {shape.n_expert} experts"


def _sizes(card: Card) -> Iterator[Fault]:
    for id, times in Counter(variant.id.lower() for variant in card.variants).items():
        if times > 1:
            yield "variants", f"has {id} {times} times"
    for variant in card.variants:
        for key, text in variant_faults(variant, sees=card.sees):
            yield f"variants.{variant.id}.{key}", text
    if card.variants and sum(variant.default for variant in card.variants) != 1:
        yield "variants", "must have one that is the default"
    for before, after in zip(card.variants, card.variants[1:], strict=False):
        if after.size < before.size:
            yield f"variants.{after.id}", f"is smaller than {before.id}, and comes after it"


def _quoted(card: Card) -> Iterator[Fault]:
    for at, published in enumerate(card.published, 1):
        yield from _source(f"published[{at}]", published)
    for at, problem in enumerate(card.problems, 1):
        yield from _source(f"problems[{at}]", problem)


def _source(key: str, record: Published | Problem) -> Iterator[Fault]:
    for item in fields(record):
        if not getattr(record, item.name).strip():
            yield f"{key}.{item.name}", "is empty"
    if not _is_address(record.source):
        yield f"{key}.source", f"must be an https address, and is {record.source!r}"


def _is_address(text: str) -> bool:
    return bool(re.fullmatch(r"https://[\w.-]+/[^\s<>\"]*", text))
