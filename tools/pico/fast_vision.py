"""The GLM-4V vision tower, batched over pictures of one size: same weights, same result, far faster.

Needs torch and transformers' tower (`model.model.visual`), whose weights it uses in place, so that
they can be trained through it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tools.pico.batches import Grid

ROPE_BASE = 10_000
Geometry = tuple[Tensor, Tensor, Tensor]


class FastVision:
    """Patches in, one feature row for each two by two patches out."""

    def __init__(self, tower: Any) -> None:
        self._tower = tower
        self._heads = tower.config.num_heads
        self._width = tower.config.hidden_size // self._heads
        self._geometries: dict[Grid, Geometry] = {}

    def __call__(self, patches: Tensor, grid: Grid) -> Tensor:
        """The features of pictures of one grid, one after another."""
        tower, count = self._tower, grid[0] * grid[1]
        pictures = patches.shape[0] // count
        cos, sin, positions = self._geometry(grid)
        projection = tower.patch_embed.proj
        x = functional.linear(patches, projection.weight.flatten(1), projection.bias)
        x = _normed(x, tower.post_conv_layernorm).view(pictures, count, -1)
        x = x + positions @ tower.embeddings.position_embedding.weight
        for block in tower.blocks:
            x = x + self._attended(_normed(x, block.norm1), block.attn, cos, sin)
            x = x + block.mlp(_normed(x, block.norm2))
        x = _normed(x, tower.post_layernorm).view(pictures * count // 4, 2, 2, -1)
        x = x.permute(0, 3, 1, 2).flatten(1)
        merged = functional.linear(x, tower.downsample.weight.flatten(1), tower.downsample.bias)
        return tower.merger(merged)

    def many(self, pictures: Sequence[Tensor], grids: Sequence[Grid]) -> Tensor:
        """The features of pictures of any grids, in the order given."""
        features: dict[int, Tensor] = {}
        for grid in sorted(set(grids)):
            at = [i for i, other in enumerate(grids) if other == grid]
            rows = self(torch.cat([pictures[i] for i in at]), grid)
            features.update(zip(at, rows.view(len(at), grid[0] * grid[1] // 4, -1), strict=True))
        return torch.cat([features[i] for i in range(len(pictures))])

    def _attended(self, x: Tensor, attention: Any, cos: Tensor, sin: Tensor) -> Tensor:
        pictures, count, _ = x.shape
        joint = attention.qkv(x).view(pictures, count, 3, self._heads, self._width)
        query, key, value = joint.permute(2, 0, 3, 1, 4)
        query = query * cos + _half_rotated(query) * sin
        key = key * cos + _half_rotated(key) * sin
        seen = functional.scaled_dot_product_attention(query, key, value)
        return attention.proj(seen.transpose(1, 2).reshape(pictures, count, -1))

    def _geometry(self, grid: Grid) -> Geometry:
        """What depends on the grid alone: rotations, and how to mix the learned positions."""
        if grid not in self._geometries:
            places = _places(grid)
            angles = self._angles(places)
            self._geometries[grid] = (angles.cos(), angles.sin(), self._mixing(places, grid))
        return self._geometries[grid]

    def _angles(self, places: Tensor) -> Tensor:
        """Rotary angles: half of each head turns with the row, half with the column."""
        half = self._width // 2
        speeds = 1 / (ROPE_BASE ** (torch.arange(0, half, 2).float() / half))
        turns = places[..., None].float() * speeds
        angles = torch.cat([turns[:, 0], turns[:, 1]], -1)
        return torch.cat([angles, angles], -1)

    def _mixing(self, places: Tensor, grid: Grid) -> Tensor:
        """The matrix that stretches the learned square of positions over a grid, bicubically."""
        rows, columns = grid
        learned = self._tower.embeddings.position_embedding.weight.shape[0]
        side = int(learned**0.5)
        square = torch.eye(side * side).view(side, side, side * side).permute(2, 0, 1)[None]
        x = (places[:, 1] + 0.5) / columns * 2 - 1
        y = (places[:, 0] + 0.5) / rows * 2 - 1
        sampled = functional.grid_sample(
            square,
            torch.stack((x, y), -1)[None, :, None],
            mode="bicubic",
            align_corners=False,
            padding_mode="border",
        )
        return sampled[0, :, :, 0].T


def _places(grid: Grid) -> Tensor:
    """Row and column of each patch, the four that merge side by side."""
    rows, columns = grid
    return torch.tensor(
        [
            (row + down, column + right)
            for row in range(0, rows, 2)
            for column in range(0, columns, 2)
            for down in range(2)
            for right in range(2)
        ]
    )


def _normed(x: Tensor, norm: Any) -> Tensor:
    return functional.rms_norm(x, (x.shape[-1],), norm.weight, norm.variance_epsilon)


def _half_rotated(x: Tensor) -> Tensor:
    """What the sine multiplies in a rotation: (a, b) becomes (-b, a)."""
    first, second = x.chunk(2, -1)
    return torch.cat([-second, first], -1)
