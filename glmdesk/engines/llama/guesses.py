"""Guesses of the tokens that come next: from what was read, or from the model's own NextN block."""

from collections.abc import Mapping, Sequence

from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.mtp import Last, Mtp
from glmdesk.engines.llama.rows import Row

MTP_DRAFT = 1
"""Tokens guessed with the NextN block at a time: it was trained to see one ahead."""

ByJob = Mapping[int, Sequence[int]]


class Guesses:
    """Makes guesses before a step, and learns from it how good they were."""

    def __init__(self, mtp: Mtp | None) -> None:
        self._mtp = mtp

    def make(self, writers: Sequence[Answering], *, alone: bool) -> ByJob:
        """Tokens that may come next, by job; none where there is no guess.

        What was read is asked only for an answer that is `alone`: among many, a guess costs more than
        it brings.
        """
        if (
            alone
            and (drafts := {one.job: _look_up(one) for one in writers})
            and any(drafts.values())
        ):
            return drafts
        return self._foresee(writers) if self._mtp else {}

    def _foresee(self, writers: Sequence[Answering]) -> ByJob:
        assert self._mtp is not None
        ready = [one for one in writers if one.slot and len(one.pending) == 1 and _left(one)]
        lasts = [
            Last(sequence=one.slot.sequence, token=one.pending[0], position=one.slot.positions)
            for one in ready
            if one.slot
        ]
        found = self._mtp.draft(lasts, MTP_DRAFT)
        return {one.job: drafts for one, drafts in zip(ready, found, strict=True)}

    def learn(self, row: Row, accepted: int, seconds: float) -> None:
        """What became of a row: `accepted` of its drafts were right. `seconds` is what the step took,
        0 where it says nothing about one answer."""
        answer, slot = row.answer, row.answer.slot
        if answer.lookup and not row.reads:
            answer.lookup.judge(len(row.drafts), accepted, seconds)
        stays = row.tokens[: len(row.tokens) - len(row.drafts) + accepted]
        if self._mtp and slot and slot.positions == row.position + len(stays):
            self._mtp.observe(slot.sequence, stays, row.position, row.start)


def _look_up(answer: Answering) -> list[int]:
    return answer.lookup.draft()[: _left(answer)] if answer.lookup else []


def _left(answer: Answering) -> int:
    """Guesses that an answer has room for."""
    return max(0, answer.course.left(len(answer.written.tokens)) - 1)
