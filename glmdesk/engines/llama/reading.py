"""From messages to the items of a prompt: template, tokenizer and picture sizes put together."""

from collections.abc import Sequence
from dataclasses import dataclass

from glmdesk.engines.base import Request
from glmdesk.engines.llama.pieces import Glue, Piece, Words
from glmdesk.engines.llama.prefix import Cells, Item, count_cells
from glmdesk.engines.llama.prompt import ChatTemplate
from glmdesk.engines.llama.vision import Vision
from glmdesk.engines.llama.vocabulary import Vocabulary
from glmdesk.errors import EngineError
from glmdesk.messages import Picture
from glmdesk.parsing.stream import BOX_MARKERS, State, starting_state


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What will be read. `pictures` finds the picture of each `Cells`."""

    by_message: tuple[tuple[Item, ...], ...]
    pictures: dict[str, Picture]
    starts: State

    @property
    def items(self) -> list[Item]:
        return [item for group in self.by_message for item in group]


class PromptReader:
    """Makes prompts for one loaded model. Safe to use from several threads."""

    def __init__(
        self, template: ChatTemplate, vocabulary: Vocabulary, vision: Vision | None
    ) -> None:
        self._template = template
        self._vocabulary = vocabulary
        self._vision = vision

    def prompt(self, request: Request) -> Prompt:
        """Raises EngineError when the template or a picture does not go."""
        rendered = self._template.render(request)
        pictures: dict[str, Picture] = {}
        groups = [
            tuple(item for piece in group for item in self._items(piece, pictures))
            for group in rendered.by_message
        ]
        first = next((item for group in groups for item in group), None)
        if first is None:
            raise EngineError("There is nothing to answer: the prompt is empty.")
        opening = self._vocabulary.opening(first if isinstance(first, int) else None)
        groups[0] = (*opening, *groups[0])
        return Prompt(
            by_message=tuple(groups), pictures=pictures, starts=starting_state(rendered.ending)
        )

    def price(self, request: Request) -> tuple[int, ...]:
        """Cells of context each message takes."""
        return tuple(count_cells(group) for group in self.prompt(request).by_message)

    def _items(self, piece: Piece, pictures: dict[str, Picture]) -> Sequence[Item]:
        if isinstance(piece, Glue):
            return self._vocabulary.tokenize(piece.text, special=True)
        if isinstance(piece, Words):
            return self._words(piece)
        if self._vision is None:
            raise EngineError(
                "This model cannot see pictures. Remove the picture, or choose a model with vision."
            )
        size = self._vision.size(piece)
        pictures[piece.id] = piece
        cells = Cells(id=piece.id, n_tokens=size.n_tokens, n_pos=size.n_pos)
        return [*size.before, cells, *size.after]

    def _words(self, words: Words) -> Sequence[int]:
        """The ids an answer was generated with, as long as they really are its text and no more:
        a control token has no text."""
        if words.tokens and all(0 <= token < self._vocabulary.size for token in words.tokens):
            text = self._vocabulary.text(words.tokens)
            visible = all(map(self._vocabulary.piece, words.tokens))
            if visible and without_boxes(text).strip() == words.text.strip():
                return words.tokens
        return self._vocabulary.tokenize(words.text, special=False)


def without_boxes(text: str) -> str:
    for marker in BOX_MARKERS:
        text = text.replace(marker, "")
    return text
