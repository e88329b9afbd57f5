"""What one exercise is: the turns of a chat, and the thinking and the answer pico should give."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from PIL import Image

Part = str | Image.Image
Tool = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One turn before the answer; a user's content is parts, tools are OpenAI's dicts, else text."""

    role: Literal["tools", "user", "assistant", "observation"]
    content: tuple[Part, ...] | list[Tool] | str


@dataclass(frozen=True)
class Sample:
    """One exercise: the chat so far, and what should come next."""

    messages: tuple[Turn, ...]
    thinking: str
    answer: str


Task = Callable[[Random], Sample]


def ask(*parts: Part) -> Turn:
    """A turn of the user."""
    return Turn("user", parts)


def single(parts: tuple[Part, ...], thinking: str, answer: str) -> Sample:
    """An exercise of one question."""
    return Sample((ask(*parts),), thinking, answer)
