"""Whole turns are dropped, down to 60 % at once, and never the last one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.chat.context import KEEP, answer_room, fit
from glmdesk.errors import ContextFull
from glmdesk.messages import Role

TURN: list[Role] = ["user", "assistant"]


@pytest.mark.parametrize(
    ("costs", "roles", "start"),
    [
        ([10], ["user"], 0),
        ([100, 100, 100], ["user", "assistant", "user"], 0),
        ([300, 300, 300], ["user", "assistant", "user"], 2),
        ([50, 300, 300, 300], ["system", "user", "assistant", "user"], 3),
        ([200, 200, 200, 200, 200], [*TURN, *TURN, "user"], 4),
        ([400, 400, 50, 50, 50], [*TURN, *TURN, "user"], 2),
        ([10, 10, 900], ["user", "assistant", "user"], 2),
    ],
)
def test_fit(costs: list[int], roles: list[Role], start: int) -> None:
    assert fit(costs, roles, 1000).start == start


def test_too_long_alone() -> None:
    with pytest.raises(ContextFull, match="1,200 tokens.*room for 1,000"):
        fit([10, 10, 1200], ["user", "assistant", "user"], 1000)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=40))
def test_what_is_sent_fits_and_begins_with_a_question(costs: list[int]) -> None:
    costs = costs if len(costs) % 2 else costs[:-1] or [1]
    roles: list[Role] = [TURN[place % 2] for place in range(len(costs))]
    room = 1000 - answer_room(1000)
    cut = fit(costs, roles, 1000)
    assert roles[cut.start] == "user"
    sent = sum(costs[cut.start :])
    assert sent < 1000
    if cut.start and cut.start != len(costs) - 1:
        assert sent <= room * KEEP
    if sum(costs) <= room:
        assert cut.start == 0
