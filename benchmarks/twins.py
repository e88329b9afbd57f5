"""Two copies of a model in this process that answer the same: one reads the whole prompt at once, afresh.

The other one keeps its cache; or, to see what rounding alone does, reads afresh but piece by piece.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as llama

from glmdesk.engines.base import Request
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.generation import Generation
from glmdesk.engines.llama.model import LlamaModel, start_library
from glmdesk.engines.llama.prompt import ChatTemplate
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.reading import PromptReader
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.engines.llama.vision import Vision
from glmdesk.messages import Answer, Finished
from glmdesk.sampling import Sampling

PIECE = 24
"""Tokens a time in the control."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The same answer twice: from the reused cache, and read fresh."""

    text: str
    tokens: tuple[int, ...]
    differs_at: int | None
    """The first token that is another one."""
    margin: float
    """By how much the fresh run preferred its token there; 0 when nothing differs."""
    drift: float
    """The largest difference between two logits up to there."""
    reused: int
    prompt: int


class _Piecewise(LlamaModel):
    """Reads a few tokens at a time, as reuse also leads to, and nothing else is different."""

    def read_tokens(self, tokens: Sequence[int]) -> None:
        for start in range(0, len(tokens), PIECE):
            super().read_tokens(tokens[start : start + PIECE])


class Twins:
    """Both copies; `reuse` False is the control."""

    def __init__(self, spec: LoadSpec, *, reuse: bool = True) -> None:
        start_library()
        self._reuse = reuse
        self._reusing = _Single(spec, LlamaModel if reuse else _Piecewise)
        self._fresh = _Single(spec, LlamaModel)

    def answer(self, request: Request) -> Pair:
        """Answer twice and compare, token by token."""
        if not self._reuse:
            self._reusing.forget()
        text, end = self._reusing.run(request)
        self._fresh.forget()
        self._fresh.run(request)
        ours, theirs = self._reusing.chosen, self._fresh.chosen
        at = _first_difference(ours, theirs)
        same = len(ours) if at is None else at + 1
        logits = list(zip(self._reusing.logits[:same], self._fresh.logits[:same], strict=False))
        return Pair(
            text=text,
            tokens=end.tokens,
            differs_at=at,
            margin=0.0 if at is None else _margin(self._fresh.logits[at]),
            drift=max(float(np.abs(one - other).max()) for one, other in logits),
            reused=end.usage.cached_tokens,
            prompt=end.usage.prompt_tokens,
        )

    def close(self) -> None:
        self._reusing.close()
        self._fresh.close()


class _Single:
    """One copy, which remembers what its last answer chose between."""

    def __init__(self, spec: LoadSpec, kind: type[LlamaModel]) -> None:
        self._model = kind(spec, CancelFlag(), lambda done: None)
        self._vision = Vision(self._model, spec)
        vocabulary = self._model.vocabulary
        template = ChatTemplate(self._model.chat_template(), bos=vocabulary.bos, eos=vocabulary.eos)
        reader = PromptReader(template, vocabulary, self._vision)
        self._generation = Generation(self._model, reader, self._vision, self._watched)
        self.chosen: list[int] = []
        self.logits: list[Any] = []

    def _watched(self, sampling: Sampling, n_vocab: int) -> Sampler:
        self.chosen, self.logits = [], []
        return _Watched(sampling, n_vocab, self.chosen, self.logits)

    def run(self, request: Request) -> tuple[str, Finished]:
        text = ""
        for event in self._generation.run(request):
            if isinstance(event, Answer):
                text += event.text
            if isinstance(event, Finished):
                return text, event
        raise RuntimeError("an answer without an end")

    def forget(self) -> None:
        self._model.keep(0)

    def close(self) -> None:
        self._vision.close()
        self._model.close()


class _Watched(Sampler):
    """A sampler that writes down every choice and the logits it was made from."""

    def __init__(
        self, sampling: Sampling, n_vocab: int, chosen: list[int], logits: list[Any]
    ) -> None:
        super().__init__(sampling, n_vocab)
        self._n_vocab, self._chosen, self._logits = n_vocab, chosen, logits

    def sample(self, context: object) -> int:
        pointer = ctypes.cast(
            llama.llama_get_logits_ith(context, -1), ctypes.POINTER(ctypes.c_float)
        )
        self._logits.append(np.ctypeslib.as_array(pointer, (self._n_vocab,)).copy())
        token = super().sample(context)
        self._chosen.append(token)
        return token


def _first_difference(ours: Sequence[int], theirs: Sequence[int]) -> int | None:
    for place, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if one != other:
            return place
    return None if len(ours) == len(theirs) else min(len(ours), len(theirs)) - 1


def _margin(logits: Any) -> float:
    second, first = np.partition(logits, -2)[-2:]
    return float(first - second)
