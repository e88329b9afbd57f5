"""Our messages in OpenAI's words, for a server that is asked the same."""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from PIL import Image

from glmdesk.messages import Message, Part, Picture, Text

Said = Mapping[str, Any]
"""A message, or a part of one."""


def say(messages: Sequence[Message]) -> list[Said]:
    """Each message with its parts; one of text alone becomes a string."""
    return [{"role": message.role, "content": _content(message.parts)} for message in messages]


def _content(parts: Sequence[Part]) -> str | list[Said]:
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return list(_parts(parts))


def _parts(parts: Sequence[Part]) -> Iterator[Said]:
    for part in parts:
        if isinstance(part, Text):
            yield {"type": "text", "text": part.text}
        else:
            yield {"type": "image_url", "image_url": {"url": _data_url(part)}}


def _data_url(picture: Picture) -> str:
    """A PNG of the size at which we give the picture to the model, so that the server changes nothing."""
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.path.read_bytes())
    png = io.BytesIO()
    image.save(png, "PNG")
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
