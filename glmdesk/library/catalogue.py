"""What is known of each model: one TOML file a model, checked when it is read."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from glmdesk.errors import SettingsError
from glmdesk.sampling import Sampling
from glmdesk.settings import CacheType, FlashAttention


@dataclass(frozen=True, kw_only=True)
class Card:
    """One model of the catalogue. `files` are relative to the catalogue, for what is shipped with it."""

    id: str
    name: str
    summary: str = ""
    notice: str = ""
    """What a person must know before trusting it."""
    builtin: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    image_min_tokens: int = 0
    image_max_tokens: int = 0
    image_ceiling_tokens: int = 0
    """The most tokens one picture may become when high detail is asked for."""
    n_threads: int = 0
    """Threads that suit it, where that is not all cores: a tiny model waits more than it computes."""
    exact: bool = False
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


def read(folder: Path) -> list[Card]:
    """All cards of `folder`, by id. Raises SettingsError naming the file and the key."""
    return sorted((_card(path) for path in folder.glob("*.toml")), key=lambda card: card.id)


def _card(path: Path) -> Card:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        vision = values.pop("vision", {})
        sampling = Sampling(**values.pop("sampling", {}))
        card = Card(**values, **vision, sampling=sampling)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, OSError) as error:
        raise SettingsError(f"The catalogue file {path.name} is not valid: {error}.") from error
    _check_kinds(path, card)
    _check_kinds(path, card.sampling)
    for key, name in card.files.items():
        _check(path, f"files.{key}", name, (str,))
    if card.builtin and "model" not in card.files:
        raise SettingsError(f"In {path.name}, files.model is missing.")
    return card


def _check_kinds(path: Path, record: Card | Sampling) -> None:
    kinds: dict[Any, tuple[type, ...]] = {
        str: (str,), int: (int,), bool: (bool,), float: (float, int), int | None: (int,),
        Mapping[str, str]: (dict,),
    }  # fmt: skip
    for item in fields(record):
        value = getattr(record, item.name)
        if get_origin(item.type) is Literal:
            _check_choice(path, item.name, value, get_args(item.type))
        elif item.type in kinds and value is not None:
            _check(path, item.name, value, kinds[item.type])


def _check(path: Path, key: str, value: object, kinds: tuple[type, ...]) -> None:
    if type(value) not in kinds:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise SettingsError(f"In {path.name}, {key} must be {wanted}, and is {value!r}.")


def _check_choice(path: Path, key: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        wanted = ", ".join(filter(None, choices))
        raise SettingsError(f"In {path.name}, {key} must be one of {wanted}, and is {value!r}.")


def match(cards: list[Card], name: str) -> Card | None:
    """The card a file or folder name belongs to; the longest id wins, since GLM-4.6V begins
    GLM-4.6V-Flash."""
    wanted = plain(name)
    found = [card for card in cards if plain(card.id) in wanted and not card.builtin]
    return max(found, key=lambda card: len(card.id), default=None)


def plain(text: str) -> str:
    """Letters and digits only, lower case: how names are compared."""
    return "".join(character for character in text.lower() if character.isalnum())
