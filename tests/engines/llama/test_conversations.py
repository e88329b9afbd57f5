"""Random chats, driven by hypothesis: through the planner of slots alone, and through pico itself."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glmdesk.engines.base import Request
from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.prefix import Cells, Item, common, count_cells, count_positions
from glmdesk.engines.llama.slots import Slot, choose
from glmdesk.messages import Message, Picture, Think
from glmdesk.sampling import GREEDY
from tests.engines.chats import answer_of, ask, finished, say, thinking_of
from tests.engines.llama.inside import Inside, watching

NEAR_TIE = 0.01
HEALTH = tuple(HealthCheck)

items = st.lists(
    st.one_of(
        st.integers(1, 4),
        st.builds(
            Cells, id=st.sampled_from("ab"), n_tokens=st.just(9), n_pos=st.just(3)
        ),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@given(prompts=st.lists(st.tuples(st.sampled_from(["", "x", "y", "z"]), items), max_size=20))
def test_the_planner_keeps_only_what_is_there(prompts: list[tuple[str, list[Item]]]) -> None:
    """A plain list of items stands for each sequence of llama.cpp."""
    slots = [Slot(sequence=number) for number in range(3)]
    held: list[list[Item]] = [[], [], []]
    for tick, (name, wanted) in enumerate(prompts, start=1):
        choice = choose(slots, wanted, name)
        assert choice is not None
        slot = choice.slot
        assert choice.kept <= common(held[slot.sequence], wanted)
        assert choice.kept < len(wanted), "at least one item is read"
        slot.cut(choice.kept)
        slot.took(wanted[choice.kept :])
        held[slot.sequence] = list(wanted)
        slot.conversation, slot.used, slot.asked = name, tick, count_cells(wanted)
        assert slot.items == held[slot.sequence]
        assert slot.positions == count_positions(slot.items)
        assert slot.cells == count_cells(slot.items)


class Chats:
    """Three chats that go on, are edited, stopped and forgotten, in any order and at once."""

    def __init__(self, pico: Inside, pictures: list[Picture]) -> None:
        self.pico, self.pictures = pico, pictures
        self.pico.reset()
        self.histories: dict[str, list[Message]] = {"a": [], "b": [], "c": []}
        self.running: dict[str, tuple[Answering, list[Message], Think]] = {}
        self.done: list[tuple[list[Message], Think, str, str]] = []

    def send(self, name: str, seed: int, think: Think, picture: int) -> None:
        if name in self.running:
            return
        text = Random(seed).choice(
            ["Hello", "Count to 7.", "Repeat: oslo 4821", "What do you see?", "lima " * 90]
        )
        parts = [self.pictures[picture], text] if picture < len(self.pictures) else [text]
        messages = [*self.histories[name], ask(*parts)]
        request = Request(
            messages=messages, think=think, sampling=GREEDY, max_tokens=24, conversation=name
        )
        self.running[name] = (self.pico.begin(request), messages, think)

    def go_on(self, turns: int) -> None:
        for _ in range(turns):
            self.collect()
            if not self.running:
                break
            self.pico.scheduler.turn()

    def cancel(self, name: str) -> None:
        if name in self.running:
            self.pico.scheduler.cancel(self.running[name][0])

    def edit(self, name: str, keep: int) -> None:
        """Take back all but the first messages."""
        if name not in self.running:
            self.histories[name] = self.histories[name][: 2 * (keep // 2)]

    def forget(self, name: str) -> None:
        self.pico.scheduler.forget(name)

    def every_sequence_is_what_its_slot_says(self) -> None:
        assert any(answer.in_flight for answer, *_ in self.running.values()) or (
            self.pico.cache_agrees()
        )

    def collect(self) -> None:
        for name, (answer, messages, think) in list(self.running.items()):
            if not self.pico.is_done(answer):
                continue
            del self.running[name]
            assert answer.job not in self.pico.failed
            events = self.pico.said[answer.job]
            if finished(events).reason != "cancelled":
                self.done.append((messages, think, answer_of(events), thinking_of(events)))
                said = say("assistant", answer_of(events), tokens=finished(events).tokens)
                self.histories[name] = [*messages, said]

    def check(self) -> None:
        """Let all come to their end; then each answer must be the one of an empty cache."""
        self.go_on(10_000)
        assert not self.running
        for messages, think, answer, thinking in self.done:
            self.pico.reset()
            margins: list[float] = []
            fresh = self.pico.run(messages, think, watching(margins), max_tokens=24)
            same = (answer_of(fresh), thinking_of(fresh)) == (answer, thinking)
            assert same or min(margins) < NEAR_TIE, (answer_of(fresh), answer)


names = st.sampled_from("abc")
send = st.tuples(
    st.just("send"),
    names,
    st.integers(0, 30),
    st.sampled_from(["on", "off", "auto"]),
    st.integers(0, 9),
)
go_on = st.tuples(st.just("go_on"), st.integers(1, 30))
step = st.one_of(
    send,
    send,
    send,
    go_on,
    go_on,
    st.tuples(st.just("cancel"), names),
    st.tuples(st.just("edit"), names, st.integers(0, 4)),
    st.tuples(st.just("forget"), names),
)


@pytest.mark.slow
def test_any_mix_of_chats_answers_as_each_would_alone(
    pico: Inside, scene_pictures: list[Any]
) -> None:
    answers = [0]

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=HEALTH)
    @given(steps=st.lists(step, min_size=20, max_size=50))
    def mix(steps: list[tuple[Any, ...]]) -> None:
        chats = Chats(pico, [picture for picture, *_ in scene_pictures[:3]])
        for what, *how in steps:
            getattr(chats, what)(*how)
            chats.every_sequence_is_what_its_slot_says()
        chats.check()
        answers[0] += len(chats.done)

    mix()
    assert answers[0] > 60
