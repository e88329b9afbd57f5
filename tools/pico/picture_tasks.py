"""Exercises about pictures: colours, shapes, counts, descriptions and numbers.

Each needs a random generator and gives a `Sample`; the tasks of the first, easy stage of training
can also be asked for an easier picture.
"""

from random import Random

from tools.pico.samples import Sample, Turn, ask, single
from tools.pico.scenes import Thing, digits, scene


def describe(things: list[Thing]) -> str:
    """`a red circle, an orange star and a blue square`."""
    *others, last = [f"{_article(thing.color)} {thing.color} {thing.kind}" for thing in things]
    return f"{', '.join(others)} and {last}" if others else last


def t_color(rng: Random, easy: bool = False) -> Sample:
    """The colour of a shape."""
    image, things = scene(rng, easy=easy)
    color, kind = rng.choice(things)
    question = rng.choice(
        (
            f"What color is the {kind}?",
            f"What is the color of the {kind}?",
            f"Which color does the {kind} have?",
        )
    )
    thinking = f"I see {describe(things)}. The {kind} is {color}."
    return single((image, question), thinking, f"The {kind} is {color}.")


def t_shape(rng: Random, easy: bool = False) -> Sample:
    """The shape that has a colour."""
    image, things = scene(rng, easy=easy)
    color, kind = rng.choice(things)
    question = rng.choice((f"What shape is {color}?", f"Which shape is {color}?"))
    thinking = f"I see {describe(things)}. The {color} one is the {kind}."
    return single((image, question), thinking, f"The {kind} is {color}.")


def t_count(rng: Random) -> Sample:
    """How many shapes there are."""
    image, things = scene(rng)
    count = len(things)
    question = rng.choice(
        ("How many shapes are there?", "How many shapes do you see?", "Count the shapes.")
    )
    thinking = f"I see {describe(things)}. That makes {count}."
    answer = "There is 1 shape." if count == 1 else f"There are {count} shapes."
    return single((image, question), thinking, answer)


def t_desc(rng: Random, easy: bool = False) -> Sample:
    """Everything in a picture."""
    image, things = scene(rng, easy=easy)
    question = rng.choice(
        (
            "Describe the image.",
            "What is in the image?",
            "What do you see?",
            "Describe this picture.",
        )
    )
    return single((image, question), f"I count {len(things)}.", f"I see {describe(things)}.")


def t_read(rng: Random, easy: bool = False) -> Sample:
    """The number in a picture."""
    image, number = digits(rng, easy=easy)
    question = rng.choice(
        (
            "What number is shown?",
            "Read the number.",
            "Which number is in the image?",
            "What does the image say?",
        )
    )
    thinking = f"I read the digits {' '.join(number)}."
    return single((image, question), thinking, f"The number is {number}.")


def t_two(rng: Random) -> Sample:
    """One of two pictures."""
    first, in_first = scene(rng, 1)
    second, in_second = scene(rng, 1)
    which, things = rng.choice((("first", in_first), ("second", in_second)))
    thinking = (
        f"The first image has {describe(in_first)}. The second image has {describe(in_second)}."
    )
    question = f"What is in the {which} image?"
    return single((first, second, question), thinking, f"The {which} image has {describe(things)}.")


def t_follow(rng: Random) -> Sample:
    """A second question about a picture sent earlier."""
    image, things = scene(rng, 2)
    (color, kind), (other_color, other_kind) = rng.sample(things, 2)
    messages = (
        ask(image, f"What color is the {kind}?"),
        Turn("assistant", f"The {kind} is {color}."),
        ask(f"And what color is the {other_kind}?"),
    )
    answer = f"The {other_kind} is {other_color}."
    return Sample(messages, f"I see {describe(things)}. {answer}", answer)


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
