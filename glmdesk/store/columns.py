"""How the values of a message become the columns of a row, and come back."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from glmdesk.messages import Attachment, Choice, Detail, SentPage, Timings, Usage


def words(text: str) -> str:
    """The text as UTF-8 can hold it: half a character, which a browser may send, becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def write_attachments(attachments: tuple[Attachment, ...]) -> str:
    return _json([asdict(attachment) for attachment in attachments])


def read_attachments(column: str) -> tuple[Attachment, ...]:
    return tuple(_attachment(values) for values in json.loads(column))


def _attachment(values: Mapping[str, Any]) -> Attachment:
    fields = dict(values)
    choice = dict(fields.pop("choice", {}))
    modes = tuple((int(number), mode) for number, mode in choice.pop("modes", ()))
    return Attachment(**fields, choice=Choice(**choice, modes=modes))


def write_sent(sent: Mapping[str, tuple[SentPage, ...]]) -> str:
    """By sha256: number, mode, start and end of each page."""
    return _json(
        {
            sha256: [(page.number, page.mode, page.start, page.end) for page in pages]
            for sha256, pages in sent.items()
        }
    )


def read_sent(column: str) -> dict[str, tuple[SentPage, ...]]:
    return {
        sha256: tuple(
            SentPage(number=int(number), mode=mode, start=int(start), end=int(end))
            for number, mode, start, end in pages
        )
        for sha256, pages in dict(json.loads(column)).items()
    }


def write_numbers(numbers: Usage | Timings) -> str:
    return _json(asdict(numbers))


def read_usage(column: str) -> Usage:
    return Usage(**json.loads(column))


def read_timings(column: str) -> Timings:
    return Timings(**json.loads(column))


def read_detail(column: str) -> Detail:
    match column:
        case "low" | "normal" | "high":
            return column
        case _:
            return int(column)


def write_limits(limits: Mapping[str, tuple[int, int]]) -> str:
    return _json(limits)


def read_limits(column: str) -> dict[str, tuple[int, int]]:
    """For each model, the fewest and the most tokens of one picture."""
    return {model: _pair(*pair) for model, pair in dict(json.loads(column)).items()}


def _pair(least: int, most: int) -> tuple[int, int]:
    return int(least), int(most)


def write_tokens(tokens: tuple[int, ...]) -> bytes:
    """Each token as four bytes, little endian."""
    return struct.pack(f"<{len(tokens)}i", *tokens)


def read_tokens(column: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(column) // 4}i", column)


def _json(value: Any) -> str:
    return words(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
