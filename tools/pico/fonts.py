"""Find the DejaVu fonts that pico's numbers are written in, wherever this machine keeps its fonts.

Needs Pillow, whose own search knows the font folders of Linux, macOS and Windows.
"""

from functools import cache
from pathlib import Path

from PIL import ImageFont


class FontMissing(RuntimeError):
    """A DejaVu font is not installed."""


@cache
def font_path(name: str) -> Path:
    """The file of an installed font, by file name."""
    try:
        return Path(str(ImageFont.truetype(name).path))
    except OSError as error:
        raise FontMissing(
            f"The font {name} was not found, and pico's pictures need it. Install the DejaVu fonts: "
            "`apt install fonts-dejavu-core` on Debian, `brew install --cask font-dejavu` on macOS, "
            "or the files of https://dejavu-fonts.github.io for all users on Windows."
        ) from error
