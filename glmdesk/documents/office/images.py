"""Takes the pictures inside documents: those that can be drawn are kept, the others are named in the text."""

import re

from glmdesk.documents.pictures import pictures
from glmdesk.documents.text.volume import Image
from glmdesk.errors import DocumentError

_NAMELESS = re.compile(r"(picture|image|img|graphic|bild|grafik)?[\s_-]*\d*(\.\w{2,4})?", re.I)
"""What programs write where a person wrote nothing."""


def taken(data: bytes, words: str = "") -> tuple[str, Image | None]:
    """What stands in the text for a picture, and the picture; None when it cannot be drawn.

    `words` are what its maker says it shows.
    """
    words = " ".join(words.split())
    said = "" if _NAMELESS.fullmatch(words) else f": {words}"
    try:
        image = Image(data, pictures.measure(data, "a picture")) if data else None
    except DocumentError:
        image = None
    shown = "picture" if image else "picture that cannot be shown"
    return f"[{shown}{said}]", image
