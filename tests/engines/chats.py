"""Short ways to write a conversation, and to put together what an engine answered."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from glmdesk.messages import (
    Answer,
    Event,
    Failed,
    Finished,
    Message,
    Part,
    Picture,
    Role,
    Text,
    Thinking,
)

SIDE = 112


def say(role: Role, *parts: str | Part, tokens: tuple[int, ...] = ()) -> Message:
    kept = tuple(Text(text=part) if isinstance(part, str) else part for part in parts)
    return Message(role=role, parts=kept, tokens=tokens)


def ask(*parts: str | Part) -> Message:
    return say("user", *parts)


def picture(folder: Path, image: Image.Image, side: int = SIDE) -> Picture:
    """`image` at the model's size, as the reader prepares it."""
    pixels = image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC).tobytes()
    name = hashlib.sha256(pixels).hexdigest()[:16]
    path = folder / f"{name}.rgb"
    path.write_bytes(pixels)
    return Picture(id=name, width=side, height=side, path=path, name="picture.png")


def plain_picture(folder: Path, color: str = "red", side: int = SIDE) -> Picture:
    return picture(folder, Image.new("RGB", (side, side), color), side)


def answer_of(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Answer))


def thinking_of(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Thinking))


def finished(events: Iterable[Event]) -> Finished:
    last = list(events)[-1]
    assert isinstance(last, Finished), last
    return last


def failed(events: Iterable[Event]) -> Failed:
    last = list(events)[-1]
    assert isinstance(last, Failed), last
    return last
