"""Where one answer's tokens stand in a batch, from the moment they are put there to their sampling."""

from collections.abc import Sequence
from dataclasses import dataclass

from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.batch import TokenBatch


@dataclass(kw_only=True, slots=True)
class Row:
    """Tokens of one answer, from row `start` of the batch on, at `position` of their sequence.

    The last `outputs` of them give logits; `drafts` are guesses at the end of `tokens`.
    """

    answer: Answering
    tokens: Sequence[int]
    start: int
    position: int
    outputs: int
    drafts: Sequence[int] = ()
    reads: bool = False
    """Part of the prompt, not of the answer."""

    @property
    def first_output(self) -> int:
        return self.start + len(self.tokens) - self.outputs


def put_row(
    batch: TokenBatch,
    answer: Answering,
    tokens: Sequence[int],
    *,
    outputs: int,
    drafts: Sequence[int] = (),
) -> Row:
    """Put `tokens` where the slot of `answer` ends."""
    slot = answer.slot
    assert slot is not None
    start = batch.add(slot.sequence, tokens, slot.positions, outputs)
    return Row(
        answer=answer,
        tokens=tokens,
        start=start,
        position=slot.positions,
        outputs=outputs,
        drafts=drafts,
        reads=answer.is_reading,
    )
