"""Turn exercises into the arrays that training reads: tokens, M-RoPE positions, patches, labels.

Needs numpy and a function that maps text to token numbers; knows nothing of torch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.pico.render import render
from tools.pico.tasks import Sample, draw

PATCH = 14
MERGE = 2
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
IGNORED = -100
"""The label of what no loss looks at."""
POOL = 4
"""Batches cut from one pool sorted by length, so that little is padding."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Grid = tuple[int, int]
"""Rows and columns of patches."""
CellLabel = tuple[int, int, int, int]
"""Colour, shape, first and second digit in one cell."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The tokenizer as far as encoding needs it."""

    ids_of: Callable[[str], list[int]]
    picture: int
    begin_picture: int
    end_picture: int


@dataclass(kw_only=True)
class Encoded:
    """One exercise, written token by token; `position` is where the next one goes."""

    position: int = 0
    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    positions: list[tuple[int, int, int]] = field(default_factory=list)
    patches: list[Floats] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    cells: list[list[CellLabel]] = field(default_factory=list)

    def add_text(self, ids: Sequence[int], is_target: bool = False) -> None:
        """Tokens one after another; all three positions count up together."""
        self.ids += ids
        self.labels += ids if is_target else [IGNORED] * len(ids)
        self.positions += [(self.position + i,) * 3 for i in range(len(ids))]
        self.position += len(ids)

    def add_picture(self, image: Image.Image, tokens: Tokens) -> None:
        """A picture between its marks: one time, rows and columns spread over the other two."""
        rows, columns = grid_of(image)
        rows, columns = rows // MERGE, columns // MERGE
        self.add_text([tokens.begin_picture])
        start = self.position
        self.ids += [tokens.picture] * (rows * columns)
        self.labels += [IGNORED] * (rows * columns)
        self.positions += [
            (start, start + row, start + column) for row in range(rows) for column in range(columns)
        ]
        self.position += max(rows, columns)
        self.add_text([tokens.end_picture])
        self.patches.append(patches(image))
        self.grids.append(grid_of(image))
        self.cells.append(cell_labels(image))


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Exercises of like length, padded on the right; the pictures of all in order."""

    ids: Ints
    labels: Ints
    attention: Ints
    positions: Ints
    """Time, height and width, each as `ids`."""
    patches: list[Floats]
    grids: list[Grid]
    cells: Ints | None


def batches(rng: Random, tokens: Tokens, size: int, is_easy: Callable[[], bool]) -> Iterator[Batch]:
    """Batches without end; each pool asks again whether it should be easy."""
    while True:
        easy = is_easy()
        pool = [encode(draw(rng, easy), rng, tokens, easy) for _ in range(POOL * size)]
        pool.sort(key=lambda encoded: len(encoded.ids))
        for start in range(0, len(pool), size):
            yield collate(pool[start : start + size])


def encode(sample: Sample, rng: Random, tokens: Tokens, easy: bool = False) -> Encoded:
    """An exercise as tokens; only what the model should say has labels."""
    encoded = Encoded()
    for segment in render(sample, rng, easy):
        if isinstance(segment.content, str):
            encoded.add_text(tokens.ids_of(segment.content), segment.is_target)
        else:
            encoded.add_picture(segment.content, tokens)
    return encoded


def collate(exercises: Sequence[Encoded]) -> Batch:
    """Exercises side by side, as long as the longest."""
    shape = (len(exercises), max(len(encoded.ids) for encoded in exercises))
    ids, attention = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    labels, positions = np.full(shape, IGNORED, np.int64), np.zeros((3, *shape), np.int64)
    for row, encoded in enumerate(exercises):
        length = len(encoded.ids)
        ids[row, :length] = encoded.ids
        labels[row, :length] = encoded.labels
        attention[row, :length] = 1
        positions[:, row, :length] = np.array(encoded.positions).T
    cells = [np.array(labels) for encoded in exercises for labels in encoded.cells]
    return Batch(
        ids=ids,
        labels=labels,
        attention=attention,
        positions=positions,
        patches=[array for encoded in exercises for array in encoded.patches],
        grids=[grid for encoded in exercises for grid in encoded.grids],
        cells=np.concatenate(cells) if cells else None,
    )


def grid_of(image: Image.Image) -> Grid:
    """Rows and columns of patches."""
    return image.height // PATCH, image.width // PATCH


def patches(image: Image.Image) -> Floats:
    """A picture as the vision tower reads it: one row a patch, the four that merge side by side."""
    mean, std = np.array(MEAN, np.float32), np.array(STD, np.float32)
    pixels = np.asarray(image, np.float32) / np.float32(255)
    pixels = ((pixels - mean) / std).transpose(2, 0, 1)
    rows, columns = grid_of(image)
    frames = np.stack([pixels, pixels])  # the tower reads two frames of a film at once
    blocks = frames.reshape(2, 3, rows // MERGE, MERGE, PATCH, columns // MERGE, MERGE, PATCH)
    return blocks.transpose(2, 5, 3, 6, 1, 0, 4, 7).reshape(rows * columns, -1)


def cell_labels(image: Image.Image) -> list[CellLabel]:
    """What `scenes` noted about each cell; a scene says nothing about digits, and the reverse."""
    rows, columns = grid_of(image)
    unknown = [(IGNORED, IGNORED)] * (rows * columns // MERGE**2)
    things = image.info.get("cells", unknown)
    numbers = image.info.get("digits", unknown)
    return [(*thing, *number) for thing, number in zip(things, numbers, strict=True)]
