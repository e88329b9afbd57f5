"""Split a model's raw text into thinking, answer and calls while it streams; text in, events out.

It knows nothing of tokens or templates. Whatever may be the beginning of a marker is held back until
the next text decides, so the pieces that come out do not depend on how the text was cut.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from glmdesk.messages import Answer, Thinking, ToolCalled, ToolCalling
from glmdesk.parsing.tools import TOOL_MARKERS, ToolParser, open_end

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
BOX_MARKERS = ("<|begin_of_box|>", "<|end_of_box|>")
MARKERS = (THINK_OPEN, THINK_CLOSE, *BOX_MARKERS, *TOOL_MARKERS)
"""Every tag that is read here; the vocabulary shows them even where a file calls them control tokens."""

Piece = Thinking | Answer | ToolCalling | ToolCalled

State = Literal["open", "thinking", "answer"]
"""open: nothing decided yet; the first word tells whether the model thinks."""


def starting_state(prompt: str) -> State:
    """What the end of a rendered prompt leaves the model in: some templates open the thinking for it."""
    end = prompt.rstrip()
    if end.endswith(THINK_OPEN):
        return "thinking"
    return "answer" if end.endswith(THINK_CLOSE) else "open"


class StreamParser:
    """Feed it text as it comes; it gives back Thinking and Answer events, and with `tools` the calls.

    White space around the thinking and before the answer belongs to the template, not to the text:
    it is dropped. Box markers are dropped from what is shown. A call inside the thinking is none.
    """

    def __init__(self, state: State = "open", tools: Sequence[Mapping[str, Any]] = ()) -> None:
        self.state: State = state
        self._tools = ToolParser(tools) if tools else None
        self._held = ""
        self._begun = False
        self._is_plain = False
        """Within an answer, where only a "<" can begin anything that is not its text."""

    def feed(self, text: str) -> list[Piece]:
        if self._is_plain and not self._held and "<" not in text:
            return [Answer(text=text)] if text else []
        self._held += text
        return self._drain(final=False)

    def finish(self, *, cut: bool = False) -> list[Piece]:
        """The text is over: give out what was held back.

        `cut`: it ended before the model was done, so a call that is not closed is none.
        """
        events = self._drain(final=True)
        if self._tools:
            events += self._tools.finish(cut=cut)
        return events

    @property
    def has_calls(self) -> bool:
        """Whether a call is complete."""
        return self._tools is not None and self._tools.n_calls > 0

    def _drain(self, *, final: bool) -> list[Piece]:
        events: list[Piece] = []
        while self._step(events, final):
            pass
        return events

    def _step(self, events: list[Piece], final: bool) -> bool:
        """Move on by one decision; False when more text is needed."""
        if not self._begun:
            self._held = self._held.lstrip()
        if self.state == "open":
            return self._decide(final)
        if self.state == "thinking":
            return self._think(events, final)
        return self._answer(events, final)

    def _decide(self, final: bool) -> bool:
        if self._held.startswith(THINK_OPEN):
            self.state, self._held = "thinking", self._held[len(THINK_OPEN) :]
            return True
        if not self._held or (THINK_OPEN.startswith(self._held) and not final):
            return False
        self.state = "answer"
        return True

    def _think(self, events: list[Piece], final: bool) -> bool:
        if not self._begun and self._held.startswith(THINK_OPEN):
            self._held = self._held[len(THINK_OPEN) :]  # a model that opens what is already open
            return True
        inside, closed, rest = self._held.partition(THINK_CLOSE)
        if closed:
            self._give(events, Thinking, inside.rstrip())
            self.state, self._begun, self._held = "answer", False, rest
            return True
        keep = 0 if final else open_end(self._held, (THINK_CLOSE, THINK_OPEN))
        ready = self._held[: len(self._held) - keep].rstrip()
        self._held = "" if final else self._held[len(ready) :]
        self._give(events, Thinking, ready)
        return False

    def _answer(self, events: list[Piece], final: bool) -> bool:
        for marker in BOX_MARKERS:
            self._held = self._held.replace(marker, "")
        if not self._begun:
            self._held = self._held.lstrip()
        keep = 0 if final else open_end(self._held, BOX_MARKERS)
        ready = self._held[: len(self._held) - keep]
        self._held = self._held[len(ready) :]
        self._give(events, Answer, ready)
        return False

    def _give(self, events: list[Piece], kind: type[Thinking] | type[Answer], text: str) -> None:
        if text:
            self._begun = True
            self._is_plain = kind is Answer and self._tools is None
            if self._tools and kind is Answer:
                events += self._tools.feed(text)
            else:
                events.append(kind(text=text))
