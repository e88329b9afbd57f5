"""What a measurement asks: texts of a wanted length, and pictures of noise. Never the same twice."""

import bisect
from collections.abc import Callable
from pathlib import Path
from random import Random

from glmdesk.documents.sizes import PictureLimits, model_size
from glmdesk.messages import Message, Part, Picture, Text

WORDS = (
    "the", "sea", "and", "stone", "under", "light", "a", "road", "to", "winter", "house", "of",
    "green", "paper", "with", "seven", "birds", "over", "water", "in", "morning", "from", "old",
    "letters", "for", "every", "city", "between", "two", "hills", "where", "people", "write",
)  # fmt: skip
PHOTO = (1024, 768)
"""Width and height in pixels, before the model's limits."""


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def text_of(tokens: int, price: Callable[[Message], int], rng: Random) -> Message:
    """Random words that take as near to `tokens` cells as whole words allow, and not more."""
    words = rng.choices(WORDS, k=tokens)

    def message(count: int) -> Message:
        return user(Text(text=" ".join(words[:count])))

    count = bisect.bisect_right(range(1, tokens + 1), tokens, key=lambda n: price(message(n)))
    return message(max(1, count))


def noise(folder: Path, limits: PictureLimits, rng: Random) -> Picture:
    """A photo's worth of noise at the model's own size, its pixels in `folder`."""
    width, height = model_size(*PHOTO, limits)
    pixels = rng.randbytes(width * height * 3)
    id = f"noise-{pixels[:16].hex()}-{width}x{height}"
    path = folder / f"{id}.rgb"
    path.write_bytes(pixels)
    return Picture(id=id, width=width, height=height, path=path, name="noise")
