"""Thinking by turn: each turn of a chat in the rendering of the switch it was sent with.

A turn is a question up to the next one; rounds of tools belong to it. Some templates rewrite every
question when the switch changes, so that nothing of the chat could be reused. Here a turn that was
answered stays as it was read. Pure: renderings taken apart in, one made of them out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from glmdesk.engines.llama.marks import Apart, Place
from glmdesk.messages import Message, Think


@dataclass(frozen=True, kw_only=True)
class Turns:
    """The turn of each message, and the switch of each turn. Turn 0 is what comes before the first
    question; the last one always has the present switch."""

    of_message: tuple[int, ...]
    switches: tuple[Think, ...]

    def of(self, places: Sequence[Place]) -> list[int]:
        return [self.of_message[place.message] for place in places]


def find_turns(messages: Sequence[Message], present: Think) -> Turns:
    questions = [message for message in messages if message.role == "user"]
    earlier = [question.think or present for question in questions[:-1]]
    numbers = accumulate(int(message.role == "user") for message in messages)
    last = [present] if questions else []
    return Turns(of_message=tuple(numbers), switches=(present, *earlier, *last))


def combine(
    turns: Turns,
    places: Sequence[Place],
    renderings: Mapping[Think, Apart],
    opening: Callable[[Think], str],
) -> Apart | None:
    """Each turn from the rendering of its own switch; None where that would not be the same chat.

    The glue between two turns belongs to the earlier one, save for `opening(switch)`: what the
    template writes between an answer and the next question. What comes before the first question, and
    the openings, must not depend on the switch, and a switch must show itself in the last turn: else
    the present one might have no effect.
    """
    owners = turns.of(places)
    every = list(renderings.values())
    if not (
        _same_head(owners, every) and _shows_last(owners, renderings[turns.switches[-1]], every)
    ):
        return None
    for place, (turn, following) in enumerate(zip(owners, owners[1:], strict=False), start=1):
        pair = (turns.switches[turn], turns.switches[following])
        if 0 < turn < following and not _open_alike(place, pair, renderings, opening):
            return None
    own = [renderings[turns.switches[turn]] for turn in owners]
    texts = tuple(rendering.texts[place] for place, rendering in enumerate(own))
    glue = (rendering.glue[place] for place, rendering in enumerate(own, start=1))
    return Apart(glue=(every[0].glue[0], *glue), texts=texts)


def _same_head(owners: Sequence[int], renderings: Sequence[Apart]) -> bool:
    length = owners.count(0)
    first, *others = [(each.glue[: length + 1], each.texts[:length]) for each in renderings]
    return all(other == first for other in others)


def _shows_last(owners: Sequence[int], present: Apart, renderings: Sequence[Apart]) -> bool:
    at = owners.index(owners[-1]) if owners else 0
    last = (present.glue[at + 1 :], present.texts[at:])
    return all(
        other == present or (other.glue[at + 1 :], other.texts[at:]) != last for other in renderings
    )


def _open_alike(
    place: int,
    switches: tuple[Think, Think],
    renderings: Mapping[Think, Apart],
    opening: Callable[[Think], str],
) -> bool:
    """Whether the next turn begins the same in both switches, whatever the earlier one ends with."""
    earlier, later = (renderings[switch].glue[place] for switch in switches)
    if earlier == later:
        return True
    one, other = map(opening, switches)
    return one == other and earlier.endswith(one) and later.endswith(one)
