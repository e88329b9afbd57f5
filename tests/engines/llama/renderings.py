"""Templates with the features of the publisher's, and short ways to look at what they write."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glmdesk import paths
from glmdesk.engines.base import Request
from glmdesk.engines.llama.pieces import Glue, Piece, Rendered, Words
from glmdesk.engines.llama.prompt import ChatTemplate
from glmdesk.library.gguf import preflight
from glmdesk.messages import Message, Picture, Think, ToolCall

DATA = Path(__file__).parents[2] / "data"


def _like(name: str) -> ChatTemplate:
    return ChatTemplate((DATA / f"like_{name}.jinja").read_text(encoding="utf-8"))


def _pico() -> ChatTemplate:
    metadata = preflight.read(paths.shipped("models") / "pico" / "pico-f16.gguf").metadata
    return ChatTemplate(str(metadata["tokenizer.chat_template"]))


GLM46, GLM46V, GLM47, PICO = _like("glm46"), _like("glm46v"), _like("glm47"), _pico()
PICTURE = Picture(id="p", width=112, height=112, path=Path("p.rgb"))


def render(
    template: ChatTemplate, messages: Sequence[Message], think: Think = "auto", **how: Any
) -> Rendered:
    return template.render(Request(messages=messages, think=think, **how))


def zoom(*, thinking: str = "", **arguments: object) -> Message:
    calls = (ToolCall(name="zoom", arguments=arguments),)
    return Message(role="assistant", tool_calls=calls, thinking=thinking)


def pieces_of(rendered: Rendered) -> list[Piece]:
    return [piece for group in rendered.by_message for piece in group]


def text_of(rendered: Rendered) -> str:
    pieces = pieces_of(rendered)
    return "".join("▣" if isinstance(piece, Picture) else piece.text for piece in pieces)


def words_of(rendered: Rendered) -> list[str]:
    return [piece.text for piece in pieces_of(rendered) if isinstance(piece, Words)]


def glue_of(rendered: Rendered) -> str:
    return "".join(piece.text for piece in pieces_of(rendered) if isinstance(piece, Glue))
