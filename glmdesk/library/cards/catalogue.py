"""The models that are known: one TOML file a model, checked when it is read."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from glmdesk.errors import SettingsError
from glmdesk.library.cards.card import Card, Problem, Published, RemoteFile, Shape, Variant
from glmdesk.library.cards.card_faults import faults
from glmdesk.library.cards.record import Place, build

__all__ = [
    "Card", "Problem", "Published", "RemoteFile", "Shape", "Variant", "match", "plain", "read",
]  # fmt: skip

_PICTURES = ("image_min_tokens", "image_max_tokens", "image_ceiling_tokens")
"""The keys of [vision]."""


def read(folder: Path) -> list[Card]:
    """All cards of `folder`, by id. Raises SettingsError naming the file and the key."""
    cards: dict[str, Card] = {}
    for path in sorted(folder.glob("*.toml")):
        card = _card(path)
        _check_among(card, cards, Place(path.name))
        cards[path.name] = card
    return sorted(cards.values(), key=lambda card: card.id)


def _check_among(card: Card, others: dict[str, Card], place: Place) -> None:
    """What one file cannot know: whether another one says the same."""
    for file, other in others.items():
        if plain(other.id) == plain(card.id):
            raise place.at("id").fault(f"is {card.id!r}, and that of {file} is {other.id!r}")
        if other.default and card.default:
            raise place.at("default").fault(f"is true, and it is true in {file} too")


def _card(path: Path) -> Card:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"The catalogue file {path.name} is not valid: {error}.") from error
    place = Place(path.name)
    card = build(Card, _flat(values, place), place)
    card = replace(card, variants=tuple(_summed(variant) for variant in card.variants))
    for key, text in faults(card):
        raise place.at(key).fault(text)
    return card


def _flat(values: dict[str, Any], place: Place) -> dict[str, Any]:
    """The keys of [vision] are fields of the card."""
    vision = values.pop("vision", {})
    if not isinstance(vision, dict):
        raise place.at("vision").fault(f"must be a table, and is {vision!r}")
    for key in vision:
        if key not in _PICTURES:
            raise place.at(f"vision.{key}").fault("is no key that is known here")
    for key in _PICTURES:
        if key in values:
            raise place.at(key).fault("belongs under [vision]")
    return values | vision


def _summed(variant: Variant) -> Variant:
    """With the sizes that follow from those of its files."""
    mmproj = variant.mmproj_size or (variant.mmproj.size if variant.mmproj else 0)
    sizes = [file.size for file in variant.files]
    whole = sum(sizes) + mmproj if sizes and all(sizes) else 0
    return replace(variant, size=variant.size or whole, mmproj_size=mmproj)


def match(cards: list[Card], name: str) -> Card | None:
    """The card a file or folder name belongs to; the longest id wins, since GLM-4.6V begins
    GLM-4.6V-Flash."""
    wanted = plain(name)
    found = [card for card in cards if plain(card.id) in wanted and not card.builtin]
    return max(found, key=lambda card: len(card.id), default=None)


def plain(text: str) -> str:
    """Letters and digits only, lower case: how names are compared."""
    return "".join(character for character in text.lower() if character.isalnum())
