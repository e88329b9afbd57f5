"""A model in this process that reads every prompt afresh and writes greedily, straight from llama.cpp.

It shares with the engine how a model is loaded and a prompt is made, and nothing of how it is read. It
tells how sure it was of each token.
"""

import codecs
import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as llama

from benchmarks.embeddings import Tower
from glmdesk.engines.base import Request
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.context import MICRO_BATCH
from glmdesk.engines.llama.loading import load
from glmdesk.engines.llama.prefix import Cells
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.reading import Prompt
from glmdesk.messages import Answer, Thinking
from glmdesk.parsing.stream import StreamParser

TURN_OF_TEXT = "\0"
"""Stands between the thinking and the answer in `Fresh.shown`."""


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """An answer from a cache that was empty."""

    shown: str
    """The thinking, TURN_OF_TEXT where the answer begins, and the answer."""
    ends: tuple[int, ...]
    """How much of `shown` was there after each token; the stop token, if it came, is the last."""
    margins: tuple[float, ...]
    """By how much each token's logit was above the second best."""
    stopped: bool
    """Whether the model ended by itself."""
    logits: tuple[Any, ...] = ()
    """One array for each token, where they were asked for."""


class BareModel:
    """One conversation at a time, always from its first token. Close it when done."""

    def __init__(self, spec: LoadSpec) -> None:
        loaded = load(replace(spec, n_slots=1), CancelFlag(), lambda done: None)
        self.model, self._vision, self._reader = loaded.model, loaded.vision, loaded.reader
        self.vocabulary = self.model.vocabulary
        self._memory = llama.llama_get_memory(self.model.context)
        self._tower = Tower(self.model, spec) if spec.mmproj else None
        self._batch = llama.llama_batch_init(MICRO_BATCH, 0, 1)
        self._position = 0

    @property
    def tower(self) -> Tower:
        """Its projector; a RuntimeError where it has none."""
        if self._tower is None:
            raise RuntimeError("this model was loaded without a projector")
        return self._tower

    def answer(self, request: Request, piece: int = MICRO_BATCH, *, keep: bool = False) -> Fresh:
        """Read `piece` tokens at a time, then write; `keep` the logits."""
        prompt = self._reader.prompt(request)
        self.read(prompt, piece)
        return self._write(prompt, request.max_tokens, keep=keep)

    def read(self, prompt: Prompt, piece: int = MICRO_BATCH) -> None:
        """Fill the empty cache with a prompt."""
        self.clear()
        run: list[int] = []
        for item in (*prompt.items, None):
            if isinstance(item, int):
                run.append(item)
            if run and (not isinstance(item, int) or len(run) == piece):
                self.decode(run)
                run = []
            if isinstance(item, Cells):
                self._show(prompt, item)

    def clear(self) -> None:
        llama.llama_memory_clear(self._memory, True)
        self._position = 0

    def decode(self, tokens: Sequence[int]) -> None:
        """Read at most MICRO_BATCH tokens; the last one's logits are then ready.

        Their positions are given: after a picture llama.cpp would not count on where it should.
        """
        batch = self._batch
        batch.n_tokens = len(tokens)
        for row, token in enumerate(tokens):
            batch.token[row] = token
            batch.pos[row] = self._position + row
            batch.n_seq_id[row] = 1
            batch.seq_id[row][0] = 0
            batch.logits[row] = row == len(tokens) - 1
        if llama.llama_decode(self.model.context, batch):
            raise RuntimeError("llama.cpp could not decode")
        self._position += len(tokens)

    def logits(self) -> Any:
        """A view of the last token's logits, good until the next decode."""
        pointer = llama.llama_get_logits_ith(self.model.context, -1)
        pointer = ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(pointer, (self.vocabulary.size,))

    def _show(self, prompt: Prompt, cells: Cells) -> None:
        self._position = self.tower.show(prompt.pictures[cells.id], self._position)

    def _write(self, prompt: Prompt, limit: int, *, keep: bool) -> Fresh:
        text = _Text(prompt)
        ends: list[int] = []
        margins: list[float] = []
        kept: list[Any] = []
        stopped = False
        while len(ends) < limit and not stopped:
            logits = self.logits()
            token = int(logits.argmax())
            margins.append(_margin(logits))
            if keep:
                kept.append(logits.copy())
            stopped = self.vocabulary.is_stop(token)
            text.add(b"" if stopped else self.vocabulary.piece(token))
            ends.append(len(text.shown))
            if not stopped:
                self.decode([token])
        text.finish()
        return Fresh(
            shown=text.shown,
            ends=tuple(ends),
            margins=tuple(margins),
            stopped=stopped,
            logits=tuple(kept),
        )

    def close(self) -> None:
        llama.llama_batch_free(self._batch)
        for part in (self._tower, self._vision, self.model):
            if part is not None:
                part.close()


class _Text:
    """The text of an answer as it grows."""

    def __init__(self, prompt: Prompt) -> None:
        self.shown = ""
        self._parser = StreamParser(prompt.starts)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def add(self, data: bytes) -> None:
        self._take(self._parser.feed(self._decoder.decode(data)))

    def finish(self) -> None:
        self._take(self._parser.finish())

    def _take(self, events: Sequence[object]) -> None:
        for event in events:
            if isinstance(event, Answer) and TURN_OF_TEXT not in self.shown:
                self.shown += TURN_OF_TEXT
            if isinstance(event, Thinking | Answer):
                self.shown += event.text


def _margin(logits: Any) -> float:
    second, first = np.partition(logits, -2)[-2:]
    return float(first - second)
