"""The text of one answer as it is generated: tokens in, events out, and the ids the next turn can use."""

import codecs
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from glmdesk.engines.llama.reading import without_boxes
from glmdesk.engines.llama.vocabulary import Vocabulary
from glmdesk.messages import Answer, Thinking, Timings, ToolCalled, ToolCalling
from glmdesk.parsing.stream import State, StreamParser

Said = Thinking | Answer | ToolCalling | ToolCalled


@dataclass(kw_only=True)
class Clock:
    """When what happened, in seconds of a steady clock; 0: not yet."""

    begun: float = field(default_factory=time.perf_counter)
    read: float = 0.0
    first: float = 0.0
    thought_from: float = 0.0
    thought_to: float = 0.0
    last: float = 0.0

    def timings(self, read: int, written: int) -> Timings:
        """`read` and `written` are tokens."""
        reading = (self.read or time.perf_counter()) - self.begun
        writing = self.last - self.first
        return Timings(
            first_token_s=self.first - self.begun if self.first else 0.0,
            prompt_tokens_per_s=read / reading if reading > 0 else 0.0,
            tokens_per_s=(written - 1) / writing if written > 1 and writing > 0 else 0.0,
            thinking_s=self.thought_to - self.thought_from,
        )


class Written:
    """What was generated so far: tokens, whole characters, events."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        starts: State,
        tools: Sequence[Mapping[str, Any]],
        clock: Clock,
    ) -> None:
        self.tokens: list[int] = []
        self.thinking_tokens = 0
        self._vocabulary = vocabulary
        self._clock = clock
        self._parser = StreamParser(starts, tools)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._answer_from: int | None = None
        self._answer = ""

    @property
    def state(self) -> State:
        return self._parser.state

    @property
    def has_calls(self) -> bool:
        return self._parser.has_calls

    def add(self, token: int) -> list[Said]:
        self.tokens.append(token)
        events = self._parser.feed(self._decoder.decode(self._vocabulary.piece(token)))
        if self._parser.state == "thinking":
            self.thinking_tokens += 1
        return self._note(events)

    def finish(self, *, cut: bool) -> list[Said]:
        """What was held back; a character of which only the beginning came is left out. `cut`: the
        model was not done."""
        return self._note(self._parser.finish(cut=cut))

    def _note(self, events: list[Said]) -> list[Said]:
        for event in events:
            if isinstance(event, Thinking):
                self._clock.thought_to = time.perf_counter()
                self._clock.thought_from = self._clock.thought_from or self._clock.thought_to
            elif isinstance(event, Answer):
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
