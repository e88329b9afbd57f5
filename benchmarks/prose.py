"""Prompts of a wanted number of tokens, made of everyday words in a random order."""

from bisect import bisect_right
from random import Random

from benchmarks.hearing import greedy, system, user
from glmdesk.engines.base import Engine
from glmdesk.messages import Message

TEXT = (
    "the river and a house on the hill were old but people who lived there said that water came "
    "back every spring with new fish for all of them so they built a long bridge of stone and wood "
    "over it then went to market when rain fell in summer because no other road led down into town"
)


def prompt_of(engine: Engine, tokens: int, seed: int) -> list[Message]:
    """At most `tokens` tokens, and hardly fewer. Two seeds have only the template's opening in common."""
    rng, known = Random(f"prose {seed}"), TEXT.split()
    words = [rng.choice(known) for _ in range(2 * tokens)]

    def messages(count: int) -> list[Message]:
        return [system(f"{seed} is your number."), user(" ".join(words[:count]))]

    def price(count: int) -> int:
        return engine.price(greedy(messages(count))).total

    found = bisect_right(range(1, len(words)), tokens, key=price)
    return messages(found)
