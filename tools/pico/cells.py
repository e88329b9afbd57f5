"""The extra loss that teaches the vision tower: name what lies in each cell of a picture.

Needs torch, features (one row a cell) and the labels of `batches.cell_labels`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.pico.batches import IGNORED
from tools.pico.scenes import NO_DIGIT, NO_SHAPE

FEATURES = 192
CLASSES = (NO_SHAPE[0] + 1, NO_SHAPE[1] + 1, NO_DIGIT + 1, NO_DIGIT + 1)
"""Colours, shapes, first digits, second digits, each with one for "none"."""


def make_heads() -> nn.Linear:
    """One linear layer for all four questions."""
    return nn.Linear(FEATURES, sum(CLASSES))


def cell_logits(heads: nn.Linear, features: Tensor) -> tuple[Tensor, ...]:
    """The four answers for each cell."""
    logits: tuple[Tensor, ...] = heads(features).split(CLASSES, -1)
    return logits


def cell_loss(logits: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    """The sum of four cross entropies; a question that no cell of the batch answers adds nothing."""
    return sum(
        (_column_loss(column, labels[:, i]) for i, column in enumerate(logits)),
        start=torch.zeros(()),
    )


def accuracies(logits: tuple[Tensor, ...], labels: Tensor) -> list[float]:
    """How often each question is answered right where there is something to see."""
    result = []
    for i, (column, classes) in enumerate(zip(logits, CLASSES, strict=True)):
        expected = labels[:, i]
        seen = (expected != IGNORED) & (expected != classes - 1)
        result.append((column.argmax(-1) == expected)[seen].float().mean().item())
    return result


def _column_loss(logits: Tensor, expected: Tensor) -> Tensor:
    if not (expected != IGNORED).any():
        return logits.sum() * 0
    return functional.cross_entropy(logits, expected, ignore_index=IGNORED)
