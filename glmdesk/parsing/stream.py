"""Split a model's raw text into thinking and answer while it streams; text in, events out.

It knows nothing of tokens or templates. Whatever may be the beginning of a marker is held back until
the next text decides, so the pieces that come out do not depend on how the text was cut.
"""

from typing import Literal

from glmdesk.messages import Answer, Thinking

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
BOX_MARKERS = ("<|begin_of_box|>", "<|end_of_box|>")
MARKERS = (THINK_OPEN, THINK_CLOSE, *BOX_MARKERS)

State = Literal["open", "thinking", "answer"]
"""open: nothing decided yet; the first word tells whether the model thinks."""


def starting_state(prompt: str) -> State:
    """What the end of a rendered prompt leaves the model in: some templates open the thinking for it."""
    end = prompt.rstrip()
    if end.endswith(THINK_OPEN):
        return "thinking"
    return "answer" if end.endswith(THINK_CLOSE) else "open"


class StreamParser:
    """Feed it text as it comes; it gives back Thinking and Answer events.

    White space around the thinking and before the answer belongs to the template, not to the text:
    it is dropped. Box markers are dropped from what is shown.
    """

    def __init__(self, state: State = "open") -> None:
        self.state: State = state
        self._held = ""
        self._begun = False

    def feed(self, text: str) -> list[Thinking | Answer]:
        self._held += text
        return self._drain(final=False)

    def finish(self) -> list[Thinking | Answer]:
        """The text is over: give out what was held back."""
        return self._drain(final=True)

    def _drain(self, *, final: bool) -> list[Thinking | Answer]:
        events: list[Thinking | Answer] = []
        while self._step(events, final):
            pass
        return events

    def _step(self, events: list[Thinking | Answer], final: bool) -> bool:
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

    def _think(self, events: list[Thinking | Answer], final: bool) -> bool:
        if not self._begun and self._held.startswith(THINK_OPEN):
            self._held = self._held[len(THINK_OPEN) :]  # a model that opens what is already open
            return True
        inside, closed, rest = self._held.partition(THINK_CLOSE)
        if closed:
            self._give(events, Thinking, inside.rstrip())
            self.state, self._begun, self._held = "answer", False, rest
            return True
        keep = 0 if final else _open_end(self._held, (THINK_CLOSE, THINK_OPEN))
        ready = self._held[: len(self._held) - keep].rstrip()
        self._held = "" if final else self._held[len(ready) :]
        self._give(events, Thinking, ready)
        return False

    def _answer(self, events: list[Thinking | Answer], final: bool) -> bool:
        for marker in BOX_MARKERS:
            self._held = self._held.replace(marker, "")
        if not self._begun:
            self._held = self._held.lstrip()
        keep = 0 if final else _open_end(self._held, BOX_MARKERS)
        ready = self._held[: len(self._held) - keep]
        self._held = self._held[len(ready) :]
        self._give(events, Answer, ready)
        return False

    def _give(
        self, events: list[Thinking | Answer], kind: type[Thinking] | type[Answer], text: str
    ) -> None:
        if text:
            self._begun = True
            events.append(kind(text=text))


def _open_end(text: str, markers: tuple[str, ...]) -> int:
    """How many characters at the end of `text` may be the beginning of a marker."""
    longest = max(map(len, markers)) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(marker.startswith(text[-length:]) for marker in markers):
            return length
    return 0
