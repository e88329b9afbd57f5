"""A frozen record made from a TOML table: every key known, every value of the right kind."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

from glmdesk.errors import SettingsError

_PLAIN: Mapping[Any, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    bool: (bool,),
    float: (float, int),
}

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Which key of which file an error is about; items of a list count from 1."""

    file: str
    key: str = ""

    def at(self, key: str) -> "Place":
        return replace(self, key=f"{self.key}.{key}" if self.key else key)

    def item(self, number: int) -> "Place":
        return replace(self, key=f"{self.key}[{number}]")

    def fault(self, text: str) -> SettingsError:
        """`text` is half a sentence, as "must be int"."""
        return SettingsError(f"In {self.file}, {self.key} {text}.")


def build(kind: type[T], values: object, place: Place) -> T:
    """A `kind` with what the table says. Raises SettingsError naming the file and the key."""
    if not isinstance(values, dict):
        raise place.fault(f"must be a table, and is {values!r}")
    known: dict[str, Field[Any]] = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise place.at(key).fault("is no key that is known here")
    for key, one in known.items():
        if key not in values and one.default is MISSING and one.default_factory is MISSING:
            raise place.at(key).fault("is missing")
    return kind(**{key: _value(known[key].type, one, place.at(key)) for key, one in values.items()})


def _value(kind: Any, value: object, place: Place) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return _value(parts[0], value, place)
    if origin is Literal:
        return _choice(parts, value, place)
    if origin is tuple:
        if not isinstance(value, list):
            raise place.fault(f"must be a list, and is {value!r}")
        return tuple(_value(parts[0], one, place.item(at)) for at, one in enumerate(value, 1))
    if origin is Mapping:
        if not isinstance(value, dict):
            raise place.fault(f"must be a table, and is {value!r}")
        return {key: _value(parts[1], one, place.at(key)) for key, one in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return build(kind, value, place)
    return _plain(kind, value, place)


def _plain(kind: Any, value: object, place: Place) -> object:
    kinds = _PLAIN[kind]
    if type(value) not in kinds:
        wanted = " or ".join(one.__name__ for one in kinds)
        raise place.fault(f"must be {wanted}, and is {value!r}")
    return value


def _choice(choices: tuple[str, ...], value: object, place: Place) -> object:
    if value not in choices:
        wanted = ", ".join(filter(None, choices))
        raise place.fault(f"must be one of {wanted}, and is {value!r}")
    return value
