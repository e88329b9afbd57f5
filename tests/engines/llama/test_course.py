"""Limits, budgets and loops of one answer."""

from glmdesk.engines.llama.course import (
    BUDGET_NOTE,
    LIMIT_NOTE,
    LOOP_NOTE,
    THOUGHT_LOOP_NOTE,
    Course,
    Verdict,
)

LONG_LOOP = 4000


def follow(course: Course, tokens: int, state: str = "answer", token: int | None = None) -> Verdict:
    """Judge so many tokens, all different unless `token` is given; the first verdict that says something."""
    for written in range(1, tokens + 1):
        thinking = written if state == "thinking" else 0
        verdict = course.judge(token if token is not None else written, written, thinking, state)
        if verdict != Verdict():
            return verdict
    return Verdict()


def test_the_limit_ends_an_answer() -> None:
    assert follow(Course(1000, 7, 0), 6) == Verdict()
    assert follow(Course(1000, 7, 0), 7) == Verdict(reason="length")


def test_without_a_limit_the_room_ends_it() -> None:
    assert follow(Course(50, 0, 0), 49) == Verdict()
    assert follow(Course(50, 0, 0), 50) == Verdict(reason="length")


def test_a_limit_beyond_the_room_is_the_room() -> None:
    course = Course(50, 80, 0)
    assert course.left(0) == 50


def test_the_budget_closes_the_thinking() -> None:
    assert follow(Course(1000, 0, 20), 19, "thinking") == Verdict()
    assert follow(Course(1000, 0, 20), 20, "thinking") == Verdict(close=True, note=BUDGET_NOTE)


def test_thinking_that_uses_the_limit_is_closed_and_answered() -> None:
    course = Course(1000, 30, 0)
    verdict = follow(course, 30, "thinking")
    assert verdict == Verdict(close=True, note=LIMIT_NOTE)
    assert course.left(30) == 30, "as much again for the answer"
    assert course.judge(1, 60, 30, "answer") == Verdict(reason="length")


def test_thinking_leaves_room_for_an_answer_in_the_context() -> None:
    course = Course(100, 0, 0)
    assert follow(course, 74, "thinking") == Verdict()
    assert course.judge(5, 75, 75, "thinking").close
    assert course.left(75) == 25


def test_thinking_is_closed_only_once() -> None:
    """A model that opens its thinking again is held by the limit alone."""
    course = Course(1000, 60, 5)
    assert follow(course, 5, "thinking").close
    assert follow(course, 40, "thinking") == Verdict()
    assert course.judge(1, 60, 60, "thinking").reason == "length"


def test_answer_now() -> None:
    course = Course(1000, 0, 0)
    assert course.judge(1, 1, 1, "thinking") == Verdict()
    course.answer_now = True
    assert course.judge(2, 2, 2, "thinking") == Verdict(close=True)
    assert course.judge(3, 3, 2, "answer") == Verdict()


def test_an_answer_in_circles_is_stopped() -> None:
    verdict = follow(Course(100_000, 0, 0), LONG_LOOP, token=7)
    assert verdict == Verdict(reason="loop", note=LOOP_NOTE)


def test_thinking_in_circles_is_closed() -> None:
    course = Course(100_000, 0, 0)
    assert follow(course, LONG_LOOP, "thinking", token=7) == Verdict(
        close=True, note=THOUGHT_LOOP_NOTE
    )
    assert follow(course, 500) == Verdict(), "the answer is judged by itself"
