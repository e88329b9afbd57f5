"""Train the whole of pico, easy exercises first, with the names of picture cells as a second loss.

Needs `vision.pt` from `pretrain_vision`, torch, transformers and about 46 minutes of two cores;
gives a folder for transformers. The second run goes on from the first, with hard exercises only.

    python -m tools.pico.train --minutes 12
    python -m tools.pico.train --minutes 34 --resume
"""

import time
from multiprocessing import Process, Queue, Value
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.pico import cells
from tools.pico.batches import IGNORED, Batch, Tokens, batches
from tools.pico.fast_vision import FastVision
from tools.pico.folders import model_folder, parser, vision_file
from tools.pico.model import load, load_tokenizer, make, picture_ids
from tools.pico.schedule import learning_rate

BATCH = 48
WARM_UP = 200
"""Steps until the learning rate is at its highest."""
FLOOR = 0.03
FIRST_RATE, RESUMED_RATE = 2e-3, 1.6e-3
EASY_PART = 0.22
"""The part of the first run that has easy exercises."""
CELL_WEIGHT = 0.5
REPORT_EVERY, SAVE_EVERY = 50, 500


def main() -> None:
    """Train for some minutes and save the model."""
    options = parser(__doc__)
    options.add_argument("--minutes", type=float, default=40)
    options.add_argument("--resume", action="store_true", help="go on from the saved model")
    chosen = options.parse_args()
    torch.manual_seed(0)
    folder = model_folder(chosen.folder)
    model = load(folder) if chosen.resume else make(folder)
    if not chosen.resume:
        model.model.visual.load_state_dict(torch.load(vision_file(chosen.folder)))
    easy_minutes = 0 if chosen.resume else EASY_PART * chosen.minutes
    lesson = Lesson(model, RESUMED_RATE if chosen.resume else FIRST_RATE)
    train(lesson, folder, chosen.minutes, easy_minutes)


def train(lesson: "Lesson", folder: Path, minutes: float, easy_minutes: float) -> None:
    """Train a saved model in place; the first minutes may be easy."""
    exercises: Queue[Batch] = Queue(6)
    is_easy = Value("i", int(easy_minutes > 0))
    author = Process(target=write, args=(int(time.time()), exercises, is_easy, folder), daemon=True)
    author.start()
    torch.set_num_threads(2)
    start = time.monotonic()
    while (elapsed := (time.monotonic() - start) / 60) < minutes:
        is_easy.value = int(elapsed < easy_minutes)
        lesson.step(exercises.get(), elapsed / minutes)
        if lesson.steps % REPORT_EVERY == 0:
            print(f"{elapsed:.1f} min, {lesson.report()}", flush=True)
        if lesson.steps % SAVE_EVERY == 0:
            lesson.model.save_pretrained(folder)
    lesson.model.save_pretrained(folder)
    author.terminate()


def write(seed: int, exercises: "Queue[Batch]", is_easy: "Synchronized[int]", folder: Path) -> None:
    """Make batches without end."""
    tokenizer = load_tokenizer(folder)
    ids = picture_ids(tokenizer)
    tokens = Tokens(
        ids_of=lambda text: tokenizer(text, add_special_tokens=False)["input_ids"],
        picture=ids["image_token_id"],
        begin_picture=ids["image_start_token_id"],
        end_picture=ids["image_end_token_id"],
    )
    for batch in batches(Random(seed), tokens, BATCH, lambda: bool(is_easy.value)):
        exercises.put(batch)


class Lesson:
    """The model with what trains it: the heads that name cells, the optimizer, the losses so far."""

    def __init__(self, model: Any, rate: float) -> None:
        self.model = model
        self.steps = 0
        self._rate = rate
        self._losses: list[float] = []
        self._cell_losses: list[float] = []
        model.train()
        self._vision, self._heads = FastVision(model.model.visual), cells.make_heads()
        self._optimizer = torch.optim.AdamW(
            [*model.parameters(), *self._heads.parameters()],
            lr=rate,
            betas=(0.9, 0.98),
            weight_decay=0.01,
        )

    def step(self, batch: Batch, done: float) -> None:
        """Learn from one batch, `done` of the training being over."""
        for group in self._optimizer.param_groups:
            warm = (self.steps + 1) / WARM_UP
            group["lr"] = learning_rate(self._rate, warm, done, FLOOR)
        inputs, cell_loss = self._read(batch)
        loss = self._answer_loss(inputs, batch)
        self._optimizer.zero_grad()
        (loss + CELL_WEIGHT * cell_loss).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()
        self.steps += 1
        self._losses.append(loss.item())

    def report(self) -> str:
        """The last hundred steps in words."""
        return (
            f"step {self.steps}: loss {np.mean(self._losses[-100:]):.4f}, "
            f"cells {np.mean(self._cell_losses[-100:]):.3f}"
        )

    def _read(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The batch as the language model reads it, and how badly its pictures were seen."""
        ids = torch.from_numpy(batch.ids)
        embedded = self.model.get_input_embeddings()(ids)
        if batch.cells is None:
            return embedded, torch.zeros(())
        pictures = [torch.from_numpy(patches) for patches in batch.patches]
        features = self._vision.many(pictures, batch.grids)
        logits = cells.cell_logits(self._heads, features)
        loss = cells.cell_loss(logits, torch.from_numpy(batch.cells))
        self._cell_losses.append(loss.item())
        is_picture = (ids == self.model.config.image_token_id).unsqueeze(-1).expand_as(embedded)
        return embedded.masked_scatter(is_picture, features), loss

    def _answer_loss(self, inputs: Tensor, batch: Batch) -> Tensor:
        hidden = self.model.model.language_model(
            inputs_embeds=inputs,
            attention_mask=torch.from_numpy(batch.attention),
            position_ids=torch.from_numpy(batch.positions),
            use_cache=False,
        ).last_hidden_state
        expected = torch.from_numpy(batch.labels)[:, 1:]
        kept = expected != IGNORED
        logits = self.model.lm_head(hidden[:, :-1][kept])
        return functional.cross_entropy(logits, expected[kept])


if __name__ == "__main__":
    main()
