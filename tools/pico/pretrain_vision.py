"""Train pico's vision tower alone, on what lies in each cell of a picture.

Needs torch, transformers and some minutes of two cores; gives `vision.pt` for `train`. The weights
start at N(0, 0.08): from the usual 0.02 a tower this narrow never learns.

    python -m tools.pico.pretrain_vision --minutes 8
"""

import math
import time
from multiprocessing import Process, Queue
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tools.pico import cells
from tools.pico.batches import PATCH, Floats, Ints, cell_labels, patches
from tools.pico.fast_vision import FastVision
from tools.pico.folders import model_folder, parser, vision_file
from tools.pico.model import load, make
from tools.pico.scenes import SIDE, SQUARE, digits, scene
from tools.pico.schedule import learning_rate

BATCH = 64
WARM_UP = 50
"""Steps until the learning rate is at its highest."""
FLOOR = 0.05
REPORT_EVERY = 25
POSITION_SPREAD = 0.02
SIZES = (SQUARE,)
"""One size of picture here; the others come with the language model."""
GRID = (SIDE // PATCH, SIDE // PATCH)


def main() -> None:
    """Train for some minutes and save the tower."""
    options = parser(__doc__)
    options.add_argument("--minutes", type=float, default=8)
    options.add_argument("--rate", type=float, default=1.2e-3, help="highest learning rate")
    options.add_argument("--spread", type=float, default=0.08, help="of the first weights")
    chosen = options.parse_args()
    torch.manual_seed(1)
    folder = model_folder(chosen.folder)
    model = load(folder) if (folder / "config.json").exists() else make(folder)
    tower = model.model.visual
    start_again(tower, chosen.spread)
    features = train(tower, chosen.minutes, chosen.rate)
    fit_to_text(tower, features, model.get_input_embeddings().weight)
    torch.save(dict(tower.state_dict()), vision_file(chosen.folder))


def start_again(tower: Any, spread: float) -> None:
    """Give the tower new random weights."""
    for name, weights in tower.named_parameters():
        if weights.dim() >= 2:
            nn.init.normal_(weights, 0, POSITION_SPREAD if "position" in name else spread)
        elif "norm" in name and name.endswith("weight"):
            nn.init.ones_(weights)
        else:
            nn.init.zeros_(weights)
    projection = tower.patch_embed.proj.weight
    nn.init.normal_(projection, 0, 1 / math.sqrt(projection[0].numel()))


def train(tower: Any, minutes: float, rate: float) -> Tensor:
    """Train the tower in place; gives the features of the last batch."""
    lesson = Lesson(tower, rate)
    pictures: Queue[tuple[Floats, Ints]] = Queue(8)
    painter = Process(target=paint, args=(int(time.time()), pictures), daemon=True)
    painter.start()
    torch.set_num_threads(2)
    start = time.monotonic()
    while (elapsed := (time.monotonic() - start) / 60) < minutes:
        inputs, labels = map(torch.from_numpy, pictures.get())
        logits = lesson.step(inputs, labels, elapsed / minutes)
        if len(lesson.losses) % REPORT_EVERY == 0:
            report(elapsed, lesson.losses, cells.accuracies(logits, labels))
    painter.terminate()
    return lesson.features


class Lesson:
    """The tower with what trains it: the heads that name cells, the optimizer, the losses so far."""

    def __init__(self, tower: Any, rate: float) -> None:
        self.losses: list[float] = []
        self.features = torch.zeros(())
        self._tower, self._rate = tower, rate
        self._vision, self._heads = FastVision(tower), cells.make_heads()
        self._optimizer = torch.optim.AdamW(
            [*tower.parameters(), *self._heads.parameters()],
            lr=rate,
            betas=(0.9, 0.98),
            weight_decay=0.01,
        )

    def step(self, inputs: Tensor, labels: Tensor, done: float) -> tuple[Tensor, ...]:
        """Learn from one batch, `done` of the training being over; gives the answers."""
        warm = (len(self.losses) + 1) / WARM_UP
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self._rate, warm, done, FLOOR)
        self.features = self._vision(inputs, GRID)
        logits = cells.cell_logits(self._heads, self.features)
        loss = cells.cell_loss(logits, labels)
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._tower.parameters(), 1.0)
        self._optimizer.step()
        self.losses.append(loss.item())
        return logits


def paint(seed: int, pictures: "Queue[tuple[Floats, Ints]]") -> None:
    """Make batches without end: half scenes, half numbers."""
    rng = Random(seed)
    while True:
        images = [
            (scene if rng.random() < 0.5 else digits)(rng, sizes=SIZES)[0] for _ in range(BATCH)
        ]
        labels = np.array([cell_labels(image) for image in images])
        pictures.put((np.concatenate([patches(image) for image in images]), labels.reshape(-1, 4)))


def fit_to_text(tower: Any, features: Tensor, embeddings: Tensor) -> None:
    """Make the tower's features about as large as the embeddings of text beside them."""
    with torch.no_grad():
        factor = embeddings.abs().mean() / features.abs().mean()
        tower.merger.down_proj.weight.mul_(factor)


def report(minutes: float, losses: list[float], accuracies: list[float]) -> None:
    """One line about the last steps."""
    color, shape, digit, _ = accuracies
    print(
        f"{minutes:.1f} min, step {len(losses)}: loss {np.mean(losses[-REPORT_EVERY:]):.3f}, "
        f"right where something is: color {color:.2f}, shape {shape:.2f}, digit {digit:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
