"""The pieces of a prompt, which keep the template's own words apart from those that came from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from glmdesk.engines.llama.marks import PICTURE, Apart, Place
from glmdesk.errors import EngineError
from glmdesk.messages import Message, Picture


@dataclass(frozen=True, kw_only=True)
class Glue:
    """The template's own text: special tokens are on."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Words:
    """Text from outside: special tokens are off. `tokens` are its ids, when it was generated here."""

    text: str
    tokens: tuple[int, ...] = ()


Piece = Glue | Words | Picture


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The pieces of a prompt, grouped by message; `ending` is the last glue."""

    by_message: tuple[tuple[Piece, ...], ...]
    ending: str


def assemble(messages: Sequence[Message], places: Sequence[Place], apart: Apart) -> Rendered:
    """Raises EngineError when there are no messages."""
    groups: list[list[Piece]] = [[] for _ in messages]
    for place, glue, text in zip(places, apart.glue[:-1], apart.texts, strict=True):
        groups[place.message] += [Glue(text=glue), *_pieces(messages[place.message], place, text)]
    if not groups:
        raise EngineError("There is nothing to answer: the conversation is empty.")
    groups[-1].append(Glue(text=apart.glue[-1]))
    kept = tuple(tuple(piece for piece in group if piece != Glue(text="")) for group in groups)
    return Rendered(by_message=kept, ending=apart.glue[-1])


def _pieces(message: Message, place: Place, text: str) -> list[Piece]:
    """A text as the template left it; a content has its pictures back in their places."""
    if place.kind != "content":
        return [Words(text=text)] if text else []
    pictures = iter(part for part in message.parts if isinstance(part, Picture))
    pieces: list[Piece] = []
    for number, words in enumerate(text.split(PICTURE)):
        if number and (picture := next(pictures, None)):
            pieces.append(picture)
        if words:
            pieces.append(Words(text=words))
    generated = message.tokens and not message.tool_calls
    if generated and len(pieces) == 1 and isinstance(pieces[0], Words):
        return [replace(pieces[0], tokens=message.tokens)]
    return pieces
