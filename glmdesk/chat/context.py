"""Fit a conversation into the model's context, whole turns at a time: costs in, a first message out.

Under M-RoPE a cache cannot be shifted, so dropping one turn on every turn would read everything again
each time. When it is full it is therefore cut to 60 % at once, and then grows again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from glmdesk.errors import ContextFull
from glmdesk.messages import Role

KEEP = 0.6
"""Share of the room that is filled again after a cut."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Messages from index `start` on are sent; `dropped` counts those left out by this cut."""

    start: int
    dropped: int


def answer_room(n_ctx: int) -> int:
    """Cells kept free for the answer when a prompt is fitted."""
    return min(1024, n_ctx // 4)


def fit(costs: Sequence[int], roles: Sequence[Role], n_ctx: int) -> Fit:
    """Which messages go in; `costs` are cells per message, the last turn always stays.

    A leading system message is not counted as droppable: `start` is never 0 after a cut, and the
    caller sends it all the same. Raises ContextFull when the last turn alone is too long.
    """
    room = n_ctx - answer_room(n_ctx)
    fixed = costs[0] if roles and roles[0] == "system" else 0
    if sum(costs) <= room:
        return Fit(start=0, dropped=0)
    starts = [place for place, role in enumerate(roles) if role == "user"]
    last = starts[-1] if starts else 0
    if fixed + sum(costs[last:]) >= n_ctx:
        raise ContextFull(
            f"This message and what comes with it take about {fixed + sum(costs[last:]):,} tokens, "
            f"and the model has room for {n_ctx:,}. Nothing is lost: shorten it or attach less, then "
            "send again."
        )
    for start in starts:
        if fixed + sum(costs[start:]) <= room * KEEP:
            return Fit(start=start, dropped=start - bool(fixed))
    return Fit(start=last, dropped=last - bool(fixed))
