"""One answer from start to end: reuse the cache, read the rest, sample, parse, yield events."""

import codecs
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from glmdesk.engines.base import Request
from glmdesk.engines.llama.model import MICRO_BATCH, Cancelled, LlamaModel
from glmdesk.engines.llama.prefix import Cells, Item, count_cells, reusable
from glmdesk.engines.llama.reading import Prompt, PromptReader, without_boxes
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.engines.llama.vision import Vision
from glmdesk.errors import ContextFull
from glmdesk.messages import Answer, Event, Finished, Reading, Reason, Thinking, Timings, Usage
from glmdesk.parsing.stream import StreamParser
from glmdesk.sampling import Sampling

MakeSampler = Callable[[Sampling, int], Sampler]


@dataclass(kw_only=True)
class _Clock:
    """When what happened, in seconds of a steady clock."""

    begun: float = field(default_factory=time.perf_counter)
    read: float = 0.0
    first: float = 0.0
    thought_from: float = 0.0
    thought_to: float = 0.0
    last: float = 0.0


class Generation:
    """Answers requests with one model, one after the other."""

    def __init__(
        self,
        model: LlamaModel,
        reader: PromptReader,
        vision: Vision | None,
        make_sampler: MakeSampler = Sampler,
    ) -> None:
        self._model = model
        self._reader = reader
        self._vision = vision
        self._make_sampler = make_sampler

    def run(self, request: Request) -> Iterator[Event]:
        """Yields Reading, Thinking, Answer, then Finished. Raises EngineError; a cancel is no error."""
        clock = _Clock()
        prompt = self._reader.prompt(request)
        total = count_cells(prompt.items)
        self._check_room(total)
        kept = self._model.keep(reusable(self._model.items, prompt.items))
        cached = count_cells(prompt.items[:kept])
        answer = _AnswerText(self._model, prompt, clock)
        reason: Reason = "cancelled"
        try:
            yield from self._read(prompt, kept, cached, total)
            clock.read = time.perf_counter()
            reason = yield from self._write(request, prompt, answer, clock)
        except Cancelled:
            pass
        yield from answer.finish()
        usage = Usage(
            prompt_tokens=total,
            cached_tokens=cached,
            image_tokens=sum(i.n_tokens for i in prompt.items if isinstance(i, Cells)),
            completion_tokens=len(answer.tokens),
        )
        yield Finished(
            reason=reason,
            usage=usage,
            timings=_timings(clock, total - cached, len(answer.tokens)),
            tokens=answer.history_tokens(),
            think=request.think,
        )

    def _check_room(self, total: int) -> None:
        if total >= self._model.n_ctx:
            raise ContextFull(
                f"This message and what comes with it take {total:,} tokens, and the model has room "
                f"for {self._model.n_ctx:,}. Nothing is lost. Shorten the message, attach less, or "
                "set a larger n_ctx."
            )

    def _read(self, prompt: Prompt, kept: int, done: int, total: int) -> Iterator[Event]:
        """Read the items after the first `kept`, in micro-batches; pictures one by one."""
        yield Reading(done=done, total=total)
        for chunk in _chunks(prompt.items[kept:]):
            if isinstance(chunk, Cells):
                assert self._vision is not None
                self._vision.read(prompt.pictures[chunk.id])
                done += chunk.n_tokens
            else:
                self._model.read_tokens(chunk)
                done += len(chunk)
            yield Reading(done=done, total=total)

    def _write(
        self, request: Request, prompt: Prompt, answer: "_AnswerText", clock: _Clock
    ) -> Generator[Event, None, Reason]:
        """Sample until the model stops or the room ends. Returns the reason."""
        model, vocabulary = self._model, self._model.vocabulary
        sampler = self._make_sampler(request.sampling, vocabulary.size)
        sampler.remember([item for item in prompt.items if isinstance(item, int)])
        room = model.n_ctx - count_cells(prompt.items)
        limit = min(room, request.max_tokens or room)
        try:
            for _ in range(limit):
                token = sampler.sample(model.context)
                clock.first = clock.first or time.perf_counter()
                if vocabulary.is_stop(token):
                    return "stop"
                yield from answer.add(token)
                if model.flag.is_set:
                    return "cancelled"
                if len(answer.tokens) < limit:
                    model.read_token(token)
        finally:
            clock.last = time.perf_counter()
            sampler.close()
        return "length"


class _AnswerText:
    """What was generated so far: tokens, whole characters, events."""

    def __init__(self, model: LlamaModel, prompt: Prompt, clock: _Clock) -> None:
        self.tokens: list[int] = []
        self._vocabulary = model.vocabulary
        self._clock = clock
        self._parser = StreamParser(prompt.starts)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._answer_from: int | None = None
        self._answer = ""

    def add(self, token: int) -> list[Thinking | Answer]:
        self.tokens.append(token)
        return self._note(self._parser.feed(self._decoder.decode(self._vocabulary.piece(token))))

    def finish(self) -> list[Thinking | Answer]:
        """What was held back; a character of which only the beginning came is left out."""
        return self._note(self._parser.finish())

    def _note(self, events: list[Thinking | Answer]) -> list[Thinking | Answer]:
        for event in events:
            now = time.perf_counter()
            if isinstance(event, Thinking):
                self._clock.thought_from = self._clock.thought_from or now
                self._clock.thought_to = now
            else:
                if self._answer_from is None:
                    self._answer_from = max(0, len(self.tokens) - 1)
                self._answer += event.text
        return events

    def history_tokens(self) -> tuple[int, ...]:
        """The ids of the answer alone, when they are exactly its text; else none.

        The first token that showed something of the answer may also hold the template's white
        space, or only the end of a character: then the text is tokenised again next turn.
        """
        if self._answer_from is None:
            return ()
        first = self._answer_from
        while first > 0 and self._is_box(self.tokens[first - 1]):
            first -= 1
        ids = tuple(self.tokens[first:])
        exact = without_boxes(self._vocabulary.text(ids)) == self._answer == self._answer.strip()
        return ids if exact else ()

    def _is_box(self, token: int) -> bool:
        piece = self._vocabulary.piece(token)
        return bool(piece) and not without_boxes(piece.decode("utf-8", errors="replace"))


def _chunks(items: list[Item]) -> Iterator[Cells | list[int]]:
    """Runs of at most MICRO_BATCH tokens, and pictures."""
    run: list[int] = []
    for item in items:
        if isinstance(item, Cells):
            if run:
                yield run
            yield item
            run = []
            continue
        run.append(item)
        if len(run) == MICRO_BATCH:
            yield run
            run = []
    if run:
        yield run


def _timings(clock: _Clock, read: int, written: int) -> Timings:
    reading = (clock.read or time.perf_counter()) - clock.begun
    writing = clock.last - clock.first
    return Timings(
        first_token_s=clock.first - clock.begun if clock.first else 0.0,
        prompt_tokens_per_s=read / reading if reading > 0 else 0.0,
        tokens_per_s=(written - 1) / writing if written > 1 and writing > 0 else 0.0,
        thinking_s=clock.thought_to - clock.thought_from,
    )
