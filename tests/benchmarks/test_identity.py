"""Where an answer and a fresh reading part, and how sure the fresh one was there."""

from collections.abc import Sequence
from contextlib import closing

import pytest

from benchmarks.bare_model import BareModel, Fresh
from benchmarks.greedy_identity import margin_where_they_part
from benchmarks.hearing import Heard, greedy, hear, user
from benchmarks.stage import Stage
from glmdesk.messages import Finished, Reason

MARGINS = (5.0, 0.004, 3.0, 2.0)


def heard(
    answer: str, thinking: str = "", notes: Sequence[str] = (), reason: Reason = "stop"
) -> Heard:
    return Heard(
        thinking=thinking,
        answer=answer,
        end=Finished(reason=reason),
        begun=0.0,
        arrivals=(),
        ended=1.0,
        notes=tuple(notes),
    )


def fresh(*texts: str, margins: Sequence[float] = MARGINS) -> Fresh:
    """`texts` are what each token shows; a NUL stands before an answer."""
    ends = tuple(len("".join(texts[: place + 1])) for place in range(len(texts)))
    return Fresh(
        shown="".join(texts), ends=ends, margins=tuple(margins)[: len(texts)], stopped=True
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "margin"),
    [
        (heard("one two"), fresh("\0one", " two", ""), None),
        (heard("one too"), fresh("\0one", " two", ""), 0.004),
        (heard("one two three"), fresh("\0one", " two", ""), 3.0),
        (heard("one"), fresh("\0one", " two", ""), 0.004),
        (heard("none"), fresh("\0one", " two", ""), 5.0),
        (heard("a", thinking="b"), fresh("b", "\0a", ""), None),
        (heard("ba"), fresh("b", "\0a", ""), 5.0),
    ],
)
def test_the_margin_of_the_token_that_differs(
    ours: Heard, theirs: Fresh, margin: float | None
) -> None:
    assert margin_where_they_part(ours, theirs) == margin


def test_a_token_that_shows_nothing_may_be_the_one_that_differs() -> None:
    held_back = fresh("\0one", "", " <two", "", margins=(5.0, 0.5, 2.0, 3.0))
    assert margin_where_they_part(heard("one"), held_back) == 0.5


def test_where_the_engine_steps_in_the_rest_is_its_own() -> None:
    looping = fresh("\0so ", "so ", "so ", "so ")
    assert (
        margin_where_they_part(heard("so so ", notes=["it repeats"], reason="loop"), looping)
        is None
    )
    assert (
        margin_where_they_part(heard("so no ", notes=["it repeats"], reason="loop"), looping)
        == 0.004
    )
    closed = heard("yes", thinking="hm hm", notes=["closed"])
    assert margin_where_they_part(closed, fresh("hm ", "hm ", "hm ", "hm")) is None
    assert margin_where_they_part(closed, fresh("hm ", "ha ", "hm ", "hm")) == 0.004


def test_the_bare_model_answers_as_the_engine_does(stage: Stage) -> None:
    request = greedy([user("Count to 50.")])
    with stage.engine(stage.pico()) as engine:
        answer = hear(engine, request)
    with closing(BareModel(stage.pico())) as model:
        whole, piecewise = model.answer(request), model.answer(request, piece=3)
    assert whole.shown == piecewise.shown == "\0" + answer.answer
    assert whole.stopped
    assert len(whole.margins) == answer.usage.completion_tokens + 1
    assert min(whole.margins) > 0
