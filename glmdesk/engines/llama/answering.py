"""One answer under way: what of its prompt is read, what is to be decoded next, how it goes on.

It holds no llama.cpp context; the scheduler decodes for it, and gives it what was sampled.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from glmdesk.engines.base import Request
from glmdesk.engines.llama.course import GO_ON, Course
from glmdesk.engines.llama.lookup import Lookup
from glmdesk.engines.llama.prefix import Cells, Item, count_cells
from glmdesk.engines.llama.reading import Prompt
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.engines.llama.saved import Saved
from glmdesk.engines.llama.slots import Slot
from glmdesk.engines.llama.vision import Embeddings
from glmdesk.engines.llama.vocabulary import Vocabulary
from glmdesk.engines.llama.written import Clock, Written
from glmdesk.messages import (
    Answer,
    Event,
    Finished,
    Noted,
    Picture,
    Reading,
    Reason,
    Thinking,
    Usage,
)
from glmdesk.parsing.stream import THINK_CLOSE

FRAME_S = 1 / 15
"""Text is sent at most this often."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the loaded model sets for every answer."""

    vocabulary: Vocabulary
    n_ctx: int


@dataclass(kw_only=True)
class Showing:
    """A picture whose cells are being decoded: the first `done` of them are in the cache."""

    picture: Picture
    cells: Cells
    embeddings: Embeddings | None = None
    ordered: bool = False
    """The encoder was asked for it, and not told yet that it may forget it."""
    done: int = 0


class Answering:
    """A request with its prompt, from waiting to its end."""

    def __init__(
        self, job: int, request: Request, prompt: Prompt, sampler: Sampler, limits: Limits
    ) -> None:
        """`sampler` is closed by `close`."""
        self.job, self.request, self.prompt = job, request, prompt
        self._sampler, self._vocabulary = sampler, limits.vocabulary
        vocabulary, n_ctx = limits.vocabulary, limits.n_ctx
        self.clock = Clock()
        self.written = Written(vocabulary, prompt.starts, request.tools, self.clock)
        self._prompt_items = prompt.items
        self.total = count_cells(self._prompt_items)
        self.course = Course(n_ctx - self.total, request.max_tokens, request.thinking_budget)
        self.conversation = request.conversation
        """"" once the chat is to be forgotten."""
        self.cancelled = False
        self.saved: Saved | None = None
        """What was found on disk of this chat."""
        self.slot: Slot | None = None
        self.lookup: Lookup | None = None
        self.showing: Showing | None = None
        self.pending: list[int] = []
        """Generated, not decoded yet: the next batch begins with them."""
        self.cached: int | None = None
        self.drafted = self.accepted = 0
        self.events: list[Event] = []
        """Said, not sent yet."""
        self._sent_at = 0.0
        self._todo: Sequence[Item] = ()
        self._at = 0
        self._free = not (request.grammar or request.json_schema is not None)
        """Nothing is asked of the answer's form."""
        self._openers = frozenset() if self._free else limits.vocabulary.openers
        self._constrain()

    @property
    def items(self) -> list[Item]:
        """All that the cache must hold for the next token: the prompt, and what was generated."""
        return [*self._prompt_items, *self.written.tokens]

    @property
    def is_reading(self) -> bool:
        return self._at < len(self._todo)

    @property
    def in_flight(self) -> int:
        """Cells of a picture that is not complete yet."""
        return self.showing.done if self.showing else 0

    def begin(self, slot: Slot, kept: int) -> None:
        """Read on in `slot`, which holds the first `kept` items."""
        items = self.items
        self.slot, self._todo, self._at, self.pending = slot, items[kept:], 0, []
        self.showing = None
        if self.cached is None:
            self.cached = count_cells(items[:kept])
            self.events.append(Reading(done=self.cached, total=self.total))

    def suspend(self) -> None:
        """Give the slot up; `begin` goes on later as if nothing had been."""
        self.slot, self.showing, self._todo, self._at, self.pending = None, None, (), 0, []

    def next_tokens(self, room: int) -> list[int]:
        """The run of tokens that is to be read next, at most `room`; none when a picture comes."""
        tokens: list[int] = []
        for item in self._todo[self._at : self._at + room]:
            if isinstance(item, Cells):
                break
            tokens.append(item)
        return tokens

    def next_picture(self) -> Showing | None:
        """The picture that is to be read next, if one is."""
        item = self._todo[self._at] if self.is_reading else None
        if not isinstance(item, Cells):
            return None
        if self.showing is None:
            self.showing = Showing(picture=self.prompt.pictures[item.id], cells=item)
        return self.showing

    def is_last_run(self, count: int) -> bool:
        """Whether the next `count` items end the reading."""
        return self._at + count == len(self._todo)

    def was_read(self, count: int) -> None:
        """The next `count` items are in the cache."""
        assert self.slot is not None
        done = self._todo[self._at : self._at + count]
        self.slot.took(done)
        self._at += count
        self.showing = None
        if not self.written.tokens:
            self.events.append(Reading(done=self.slot.cells, total=self.total))

    def sample(self, context: object, row: int) -> int:
        """Draw a token from a row of the last batch."""
        token = self._sampler.sample(context, row, self._openers)
        self.clock.last = time.perf_counter()
        self.clock.first = self.clock.first or self.clock.last
        return token

    def take(self, token: int) -> Reason | None:
        """A token was sampled: say what it says. Gives the reason when the answer ends with it."""
        if self._vocabulary.is_stop(token):
            return "stop"
        self._write(token)
        self.pending = [token]
        return self._go_on(token)

    def _go_on(self, token: int) -> Reason | None:
        written = self.written
        verdict = self.course.judge(
            token, len(written.tokens), written.thinking_tokens, written.state
        )
        if verdict is not GO_ON:
            if verdict.note:
                self.events.append(Noted(text=verdict.note))
            if verdict.close:
                self._close_thinking()
                if not self.course.left(len(written.tokens)):
                    return "length"  # the end of the thinking took the last room
        if not self._free:
            self._constrain()
        return verdict.reason

    def _close_thinking(self) -> None:
        """Write the end of the thinking in the model's place."""
        for token in self._vocabulary.tokenize(THINK_CLOSE, special=True):
            self._sampler.accept(token)
            self._write(token)
            self.pending.append(token)

    def _write(self, token: int) -> None:
        for event in self.written.add(token):
            self._say(event)
        if self.lookup:
            self.lookup.extend((token,))

    def _say(self, event: Event) -> None:
        """Text joins the text before it, as long as that was not sent."""
        last = self.events[-1] if self.events else None
        if isinstance(event, Answer) and isinstance(last, Answer):
            self.events[-1] = Answer(text=last.text + event.text)
        elif isinstance(event, Thinking) and isinstance(last, Thinking):
            self.events[-1] = Thinking(text=last.text + event.text)
        else:
            self.events.append(event)

    def outgoing(self, *, now: bool) -> list[Event]:
        """What is to be sent; text that comes faster than a screen shows it waits for more, unless it
        must go `now`."""
        if len(self.events) == 1 and isinstance(self.events[0], Answer | Thinking):
            if not now and self.clock.last - self._sent_at < FRAME_S:
                return []
            self._sent_at = self.clock.last
        events, self.events = self.events, []
        return events

    def _constrain(self) -> None:
        """The form is in force for the answer, and not for the thinking before it."""
        state = self.written.state
        if state != "open":
            self._openers = frozenset()
        if state == "answer" and not self._sampler.constraining:
            self._sampler.constrain()

    def close(self) -> None:
        self._sampler.close()

    def finish(self, reason: Reason) -> None:
        """Say the rest, and that it is over."""
        written = self.written
        self.events += written.finish(cut=reason != "stop")
        if reason == "stop" and written.has_calls:
            reason = "tool_calls"
        usage = Usage(
            prompt_tokens=self.total,
            cached_tokens=self.cached or 0,
            image_tokens=sum(i.n_tokens for i in self._prompt_items if isinstance(i, Cells)),
            completion_tokens=len(written.tokens),
            thinking_tokens=written.thinking_tokens,
            draft_tokens=self.drafted,
            accepted_tokens=self.accepted,
        )
        self.events.append(
            Finished(
                reason=reason,
                usage=usage,
                timings=self.clock.timings(self.total - (self.cached or 0), len(written.tokens)),
                tokens=written.history_tokens(),
                think=self.request.think,
            )
        )
