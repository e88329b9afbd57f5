"""An opened model with its parts at hand, and samplers that let a test watch or stop a generation."""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llama_cpp import llama_cpp as llama

from glmdesk.engines.base import Request
from glmdesk.engines.llama.generation import Generation, MakeSampler
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.prefix import count_positions
from glmdesk.engines.llama.reading import PromptReader
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.engines.llama.vision import Vision
from glmdesk.messages import Event, Message, Think
from glmdesk.sampling import GREEDY, Sampling


@dataclass(frozen=True, kw_only=True)
class Inside:
    model: LlamaModel
    reader: PromptReader
    vision: Vision | None

    def run(
        self,
        messages: Sequence[Message],
        think: Think = "off",
        make_sampler: MakeSampler = Sampler,
        sampling: Sampling = GREEDY,
        max_tokens: int = 96,
    ) -> list[Event]:
        request = Request(messages=messages, think=think, sampling=sampling, max_tokens=max_tokens)
        generation = Generation(self.model, self.reader, self.vision, make_sampler)
        return list(generation.run(request))

    def reset(self) -> None:
        self.model.flag.clear()
        self.model.keep(0)

    def cache_agrees(self) -> bool:
        """Whether the cache of llama.cpp ends where `items` says it does."""
        memory = llama.llama_get_memory(self.model.context)
        last = int(llama.llama_memory_seq_pos_max(memory, 0))
        positions = count_positions(self.model.items)
        if self.model.positions != positions:
            return False
        ends_in_picture = bool(self.model.items) and not isinstance(self.model.items[-1], int)
        # All cells of a picture lie at its first position, so the last one is not reached.
        return last < positions if ends_in_picture else last == positions - 1

    def close(self) -> None:
        if self.vision:
            self.vision.close()
        self.model.close()


class WatchingSampler(Sampler):
    """Notes how far apart the two best tokens lay at each step."""

    margins: list[float]

    def __init__(self, sampling: Sampling, n_vocab: int, margins: list[float]) -> None:
        super().__init__(sampling, n_vocab)
        self._n_vocab, self.margins = n_vocab, margins

    def sample(self, context: object) -> int:
        logits = llama.llama_get_logits_ith(context, -1)
        values = (ctypes.c_float * self._n_vocab).from_address(ctypes.addressof(logits.contents))
        best, second = sorted(values, reverse=True)[:2]
        self.margins.append(best - second)
        return super().sample(context)


def watching(margins: list[float]) -> MakeSampler:
    return lambda sampling, n_vocab: WatchingSampler(sampling, n_vocab, margins)


class ActingSampler(Sampler):
    """Calls `act` with the number of each token before it is drawn."""

    def __init__(self, sampling: Sampling, n_vocab: int, act: Callable[[int], None]) -> None:
        super().__init__(sampling, n_vocab)
        self._act, self._number = act, 0

    def sample(self, context: object) -> int:
        self._act(self._number)
        self._number += 1
        return super().sample(context)


def acting(act: Callable[[int], None]) -> MakeSampler:
    return lambda sampling, n_vocab: ActingSampler(sampling, n_vocab, act)
