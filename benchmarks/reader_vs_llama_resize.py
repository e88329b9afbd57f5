"""Whether a page resized by our reader looks to the model like a picture made at that size."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.bare_model import BareModel
from benchmarks.figure import Figure, Options
from benchmarks.numbers import PAGE, SMALL
from benchmarks.page_number_reading import unresized
from benchmarks.stage import Stage


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """The largest difference between the embeddings of two all-white pictures: none is right."""
    ours, theirs, tokens = differences(stage)
    yield Figure(
        name="reader-vs-llama-resize",
        value=ours,
        unit="max diff",
        target="0",
        peer=f"{theirs:.2f} (llama.cpp's own resize)",
        met=ours == 0 and theirs > 0,
        note=f"a white {PAGE[0]}×{PAGE[1]} page against a white {SMALL[0]}×{SMALL[1]} picture; "
        f"{tokens[0]} tokens by our reader, {tokens[1]} by llama.cpp",
    )


def differences(stage: Stage) -> tuple[float, float, tuple[int, int]]:
    """Ours, llama.cpp's, and the tokens each makes of the page."""
    page, small = (Image.new("RGB", size, (255, 255, 255)) for size in (PAGE, SMALL))
    with closing(BareModel(stage.pico())) as model:
        tower = model.tower
        wanted = tower.embed(unresized(small, stage.folder))
        ours = tower.embed(stage.picture(page))
        theirs = tower.embed(unresized(page, stage.folder))
    return _largest(wanted, ours), _largest(wanted, theirs), (len(ours), len(theirs))


def _largest(one: Any, other: Any) -> float:
    """The largest difference of two arrays; infinite when they are not of one shape."""
    return float(np.abs(one - other).max()) if one.shape == other.shape else float("inf")
