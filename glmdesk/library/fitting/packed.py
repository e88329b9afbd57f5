"""Weights as plain lists of numbers, as a cache keeps them, and back."""

from dataclasses import astuple, fields
from typing import Any

from glmdesk.library.fitting.weights import Dimensions, Layer, Tower, Weights


def pack(weights: Weights) -> list[Any]:
    """Only exact ones are worth it."""
    return [
        list(astuple(weights.dimensions)),
        [list(astuple(layer)) for layer in weights.layers],
        [list(astuple(layer)) for layer in weights.nextn],
        [weights.embedding, weights.output, weights.tied, weights.projector],
        list(astuple(weights.tower)) if weights.tower else None,
    ]


def unpack(values: Any) -> Weights:
    """Raises ValueError or TypeError for what `pack` has not made."""
    dimensions, layers, nextn, (embedding, output, tied, projector), tower = values
    return Weights(
        dimensions=_dimensions(dimensions),
        layers=tuple(Layer(**_numbers(Layer, layer)) for layer in layers),
        nextn=tuple(Layer(**_numbers(Layer, layer)) for layer in nextn),
        embedding=_whole(embedding),
        output=_whole(output),
        tied=bool(tied),
        projector=_whole(projector),
        tower=Tower(**_numbers(Tower, tower)) if tower else None,
    )


def _dimensions(values: Any) -> Dimensions:
    named = _named(Dimensions, values)
    heads = tuple(_whole(one) for one in named.pop("n_head_kv"))
    latent = bool(named.pop("latent"))
    rest = {name: _whole(value) for name, value in named.items()}
    return Dimensions(n_head_kv=heads, latent=latent, **rest)


def _numbers(kind: type[Layer] | type[Tower], values: Any) -> dict[str, int]:
    return {name: _whole(value) for name, value in _named(kind, values).items()}


def _named(kind: type[Any], values: Any) -> dict[str, Any]:
    return dict(zip((field.name for field in fields(kind)), values, strict=True))


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value
