"""An opened model with its parts at hand, and samplers that let a test watch or stop a generation."""

import ctypes
import itertools
from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from llama_cpp import llama_cpp as llama

from glmdesk.engines.base import Request
from glmdesk.engines.llama import protocol
from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.encoder import Encoder
from glmdesk.engines.llama.grammar import Constraint
from glmdesk.engines.llama.loading import load
from glmdesk.engines.llama.prefix import Item, count_cells, count_positions
from glmdesk.engines.llama.preparing import MakeSampler, Preparer
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.engines.llama.saver import Saver
from glmdesk.engines.llama.scheduler import Scheduler
from glmdesk.engines.llama.slots import Slot
from glmdesk.errors import GlmdeskError
from glmdesk.messages import Event, Finished, Message, Think
from glmdesk.sampling import GREEDY, Sampling


class Inside:
    """What a worker has, in this process and on this thread: `turn` is one step of the scheduler."""

    def __init__(self, spec: LoadSpec) -> None:
        loaded = load(spec, CancelFlag(), lambda done: None)
        self.model, self.reader, self.vision = loaded.model, loaded.reader, loaded.vision
        self.saver = Saver(loaded.states)
        self.encoder = (
            Encoder(loaded.vision, lambda: self.scheduler.wake()) if loaded.vision else None
        )
        self.said: dict[int, list[Event]] = {}
        self.failed: dict[int, GlmdeskError] = {}
        self.scheduler = Scheduler(loaded.model, self.encoder, self.saver, self._hear, self._fail)
        self._jobs = itertools.count(1)

    def _hear(self, job: int, events: Sequence[Event]) -> None:
        self.said[job] += events

    def _fail(self, job: int, error: GlmdeskError) -> None:
        self.failed[job] = error

    def begin(self, request: Request, make_sampler: MakeSampler = Sampler) -> Answering:
        """Put a request in the line; nothing is decoded yet. Raises GlmdeskError."""
        job = next(self._jobs)
        self.said[job] = []
        preparer = Preparer(self.model, self.reader, self.saver, make_sampler)
        held = self.scheduler.seating.holds(request.conversation)
        answer = preparer.answer(protocol.Generate(job=job, request=request), held=held)
        self.scheduler.add(answer)
        return answer

    def is_done(self, answer: Answering) -> bool:
        said = self.said[answer.job]
        return answer.job in self.failed or bool(said and isinstance(said[-1], Finished))

    def end(self, *answers: Answering) -> list[list[Event]]:
        """Decode until all are done. Gives what each said; raises what one failed with."""
        while not all(map(self.is_done, answers)):
            self.scheduler.turn()
        for answer in answers:
            if error := self.failed.get(answer.job):
                raise error
        return [self.said[answer.job] for answer in answers]

    def run(
        self,
        messages: Sequence[Message],
        think: Think = "off",
        make_sampler: MakeSampler = Sampler,
        sampling: Sampling = GREEDY,
        max_tokens: int = 96,
        **more: object,
    ) -> list[Event]:
        """Ask and wait; guesses are off unless asked for, so that a step is a token."""
        request = Request(
            messages=messages,
            think=think,
            sampling=sampling,
            max_tokens=max_tokens,
            prompt_lookup=False,
        )
        request = replace(request, **more)  # type: ignore[arg-type]
        return self.end(self.begin(request, make_sampler))[0]

    def reset(self) -> None:
        self.model.flag.clear()
        for slot in self.scheduler.cache.slots:
            self.scheduler.cache.clear(slot)
            slot.used = 0
        for chat in self.scheduler.seating.parking:
            self.scheduler.seating.parking.remove(chat)

    @property
    def slot(self) -> Slot:
        """The slot that was used last."""
        return max(self.scheduler.cache.slots, key=lambda slot: slot.used)

    @property
    def items(self) -> list[Item]:
        return self.slot.items

    def cache_agrees(self) -> bool:
        """Whether every sequence of llama.cpp ends where its slot says it does."""
        return all(map(self._agrees, self.scheduler.cache.slots))

    def _agrees(self, slot: Slot) -> bool:
        last = self.model.last_position(slot.sequence)
        if slot.positions != count_positions(slot.items) or slot.cells != count_cells(slot.items):
            return False
        ends_in_picture = bool(slot.items) and not isinstance(slot.items[-1], int)
        # All cells of a picture lie at its first position, so the last one is not reached.
        return last < slot.positions if ends_in_picture else last == slot.positions - 1

    def close(self) -> None:
        self.saver.close()
        if self.encoder:
            self.encoder.close()
        if self.vision:
            self.vision.close()
        self.model.close()


class WatchingSampler(Sampler):
    """Notes how far apart the two best tokens lay at each step."""

    margins: list[float]

    def __init__(
        self,
        sampling: Sampling,
        n_vocab: int,
        constraint: Constraint | None,
        margins: list[float],
    ) -> None:
        super().__init__(sampling, n_vocab, constraint)
        self._size, self.margins = n_vocab, margins

    def sample(self, context: object, row: int = -1, allow: Set[int] = frozenset()) -> int:
        logits = llama.llama_get_logits_ith(context, row)
        values = (ctypes.c_float * self._size).from_address(ctypes.addressof(logits.contents))
        best, second = sorted(values, reverse=True)[:2]
        self.margins.append(best - second)
        return super().sample(context, row, allow)


def watching(margins: list[float]) -> MakeSampler:
    return lambda sampling, n_vocab, constraint: WatchingSampler(
        sampling, n_vocab, constraint, margins
    )


class ActingSampler(Sampler):
    """Calls `act` with the number of each token before it is drawn."""

    def __init__(
        self,
        sampling: Sampling,
        n_vocab: int,
        constraint: Constraint | None,
        act: Callable[[int], None],
    ) -> None:
        super().__init__(sampling, n_vocab, constraint)
        self._act, self._number = act, 0

    def sample(self, context: object, row: int = -1, allow: Set[int] = frozenset()) -> int:
        self._act(self._number)
        self._number += 1
        return super().sample(context, row, allow)


def acting(act: Callable[[int], None]) -> MakeSampler:
    return lambda sampling, n_vocab, constraint: ActingSampler(sampling, n_vocab, constraint, act)
