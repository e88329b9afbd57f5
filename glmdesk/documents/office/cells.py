"""Writes the value of a cell as people see it. Knows numbers, dates and their formats, but no file."""

import datetime
import re

_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_DECIMALS = re.compile(r"\.(0+)")


def shown(value: object, form: str = "General") -> str:
    """A value under a number format of Excel."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number(value, form)
    if isinstance(value, datetime.datetime):
        return _moment(value, form)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def number(value: float, form: str = "General") -> str:
    """Percent as percent; else all digits that mean something."""
    bare = _QUOTED.sub("", form.split(";")[0])
    if "%" not in bare:
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    decimals = _DECIMALS.search(bare)
    return f"{value * 100:.{len(decimals[1]) if decimals else 0}f}%"


def letters(column: int) -> str:
    """The name of a column, counted from 1: A, B, ... Z, AA."""
    name = ""
    while column:
        column, place = divmod(column - 1, 26)
        name = chr(ord("A") + place) + name
    return name


def _moment(value: datetime.datetime, form: str) -> str:
    timed = re.search(r"[hs]", _QUOTED.sub("", form).lower())
    if not timed and value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat(" ", "minutes" if not value.second else "seconds")
