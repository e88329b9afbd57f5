"""An empty page for tests, and text on it as far as there is room."""

from typing import Any

from tools.pico.fonts import font_path

WIDTH, HEIGHT, MARGIN = 595, 842, 64
"""Of A4, in points."""


def write(page: Any, text: str, top: float = 90, bottom: float = HEIGHT - 70, **how: Any) -> None:
    """As much of the text as there is room for."""
    style = {"fontsize": 10.5, "fontname": "tiro", **how}
    left, right = style.pop("left", MARGIN), style.pop("right", WIDTH - MARGIN)
    while text and page.insert_textbox((left, top, right, bottom), text, **style) < 0:
        text = text[: int(len(text) * 0.85)]


def unicode_font() -> dict[str, Any]:
    """A font with many letters and a table of them, as `write` takes it."""
    return {"fontname": "dejavu", "fontfile": str(font_path("DejaVuSans.ttf"))}
