"""What an answer may still do: its limits, the budget of its thinking, and whether it goes in circles.

Pure. After each token it says: go on, close the thinking, or end with a reason.
"""

from dataclasses import dataclass

from glmdesk.messages import Reason
from glmdesk.parsing.loops import LoopDetector

ANSWER_ROOM = 1024
"""Tokens an answer gets at most after its thinking used up the limit."""

BUDGET_NOTE = "The thinking reached its budget and was closed."
LIMIT_NOTE = "The thinking used all the room there was, so the answer was given without ending it."
THOUGHT_LOOP_NOTE = "The thinking went in circles and was closed."
LOOP_NOTE = "The model repeated itself, so the answer was stopped."


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`close`: end the thinking now. `reason`: end the answer. `note`: what to tell the person."""

    close: bool = False
    reason: Reason | None = None
    note: str = ""


GO_ON = Verdict()


class Course:
    """One answer's course. `room` is what the context holds beyond the prompt, in tokens."""

    def __init__(self, room: int, max_tokens: int, thinking_budget: int) -> None:
        self._room = room
        self._limit = min(room, max_tokens or room)
        self._budget = thinking_budget
        self._loops = LoopDetector()
        self._closed = False
        self.answer_now = False
        """A person wants the answer: the thinking closes at the next token."""

    def judge(self, token: int, written: int, thinking: int, state: str) -> Verdict:
        """`token` was generated; `written` tokens are there in all, `thinking` of them in thoughts."""
        looping = self._loops.feed(token)
        if state == "thinking" and not self._closed:
            return self._judge_thinking(written, thinking, looping is not None)
        if looping:
            return Verdict(reason="loop", note=LOOP_NOTE)
        return Verdict(reason="length") if written >= self._limit else GO_ON

    def _judge_thinking(self, written: int, thinking: int, looping: bool) -> Verdict:
        if self.answer_now:
            return self._close("")
        if looping:
            return self._close(THOUGHT_LOOP_NOTE)
        if self._budget and thinking >= self._budget:
            return self._close(BUDGET_NOTE)
        if written >= self._longest_thinking():
            self._limit = min(self._room, written + min(self._limit, ANSWER_ROOM))
            return self._close(LIMIT_NOTE)
        return GO_ON

    def _longest_thinking(self) -> int:
        """All of the limit, but never so much that the context has no room for an answer."""
        return min(self._limit, self._room - min(ANSWER_ROOM, self._room // 4))

    def _close(self, note: str) -> Verdict:
        self._closed = True
        self._loops = LoopDetector()
        return Verdict(close=True, note=note)

    def left(self, written: int) -> int:
        """Tokens that may still come."""
        return max(0, self._limit - written)
