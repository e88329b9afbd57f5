"""A random chat with pictures: follow-up questions, edits of the last message, thinking on and off."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Protocol, TypeVar

from benchmarks.hearing import Heard, assistant, greedy, user
from benchmarks.stage import Stage
from glmdesk.engines.base import Request
from glmdesk.messages import Finished, Message, Part, Text, Think
from tools.pico.samples import Sample
from tools.pico.tasks import TASKS

QUESTIONS = [name for name in TASKS if name not in ("t_tool", "t_follow", "t_name")]
"""Exercises of a single message."""
FOLLOW_UPS = (
    "And what color is the square?",
    "What shape is red?",
    "How many shapes are there?",
    "Describe the image.",
    "What number is shown?",
)
THINKING: tuple[Think, ...] = ("off", "on", "auto")
MAX_TOKENS = 200
PAST = 8
"""Turns of a chat that is long from the beginning."""


class _Given(Protocol):
    @property
    def heard(self) -> Heard: ...


_Answer = TypeVar("_Answer", bound=_Given)


def wander(rng: Random, stage: Stage, answer: Callable[[Request], _Answer]) -> Iterator[_Answer]:
    """Two to five answers of one chat; every other chat is long before it begins."""
    messages = list(_past(rng, stage)) if rng.random() < 0.5 else []
    think = rng.choice(THINKING)
    for _ in range(rng.randint(2, 5)):
        if rng.random() < 0.3:
            think = rng.choice(THINKING)
        if len(messages) > 1 and rng.random() < 0.3:
            messages[-2:] = [_edited(rng, messages[-2])]
        else:
            messages.append(_question(rng, stage, first=not messages))
        lookup = rng.random() < 0.5
        given = answer(greedy(list(messages), think=think, max_tokens=MAX_TOKENS, lookup=lookup))
        yield given
        messages[-1:] = _said(messages[-1], given.heard)


def _said(question: Message, heard: Heard) -> tuple[Message, Message]:
    """The turn as the chat remembers it: with the switch it was sent with, and the answer's ids."""
    if not isinstance(heard.end, Finished):
        raise RuntimeError(f"an answer failed: {heard.end.message}")
    answer = assistant(heard.answer, heard.end.tokens)
    return replace(question, think=heard.end.think), answer


def _past(rng: Random, stage: Stage) -> Iterator[Message]:
    """A chat of some exercises and their answers: long enough for its cache to be saved."""
    for _ in range(PAST):
        sample = TASKS[rng.choice(QUESTIONS)](rng)
        yield replace(user(*_parts(sample, stage)), think="off")
        yield assistant(sample.answer)


def exercise(rng: Random, stage: Stage) -> Message:
    """One question of pico's, with its pictures."""
    sample = TASKS[rng.choice(QUESTIONS)](rng)
    return user(*_parts(sample, stage))


def _question(rng: Random, stage: Stage, *, first: bool) -> Message:
    """A new exercise, or now and then a second question about what was seen."""
    if not first and rng.random() < 0.4:
        return user(rng.choice(FOLLOW_UPS))
    return exercise(rng, stage)


def _edited(rng: Random, question: Message) -> Message:
    """The same pictures with other words."""
    pictures = [part for part in question.parts if not isinstance(part, Text)]
    return user(*pictures, rng.choice(FOLLOW_UPS))


def _parts(sample: Sample, stage: Stage) -> Iterator[Part]:
    for part in sample.messages[0].content:
        if isinstance(part, str):
            yield Text(text=part)
        elif not isinstance(part, dict):
            yield stage.picture(part)
