"""A handbook of many machines that are much alike, and questions whose page is known. Seeded.

A chapter is a machine and a page of it a subject; the same sentences come back in every chapter with
other numbers, and pages mention other machines. So a question is answered on one page only, and many
pages look like it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pymupdf

from tests.documents import page_drawings as draw
from tests.documents.leaf import HEIGHT, MARGIN, WIDTH, write

_MAKERS = ("Halden", "Norby", "Castell", "Ostrava", "Lindqvist", "Tremont")
_TYPES = ("separator", "mixer", "conveyor", "press", "oven")
_PARTS = (
    "drum", "gearbox", "feed pump", "main shaft", "cooling fan", "drive belt", "inlet valve",
    "control cabinet", "filter unit", "discharge gate", "hydraulic unit", "tension roller",
)  # fmt: skip
_GREASES = ("lithium grease", "silicone grease", "food grade grease", "calcium grease")
_AGENTS = ("soap", "diluted vinegar", "isopropanol", "an alkaline cleaner")
_SUPPLIERS = ("stock", "order only", "exchange")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What one page of each chapter is about; `{m}` is the machine, `{p}` a part, `{v}` a value."""

    title: str
    said: str
    asked: str
    paraphrased: str
    least: int = 2
    most: int = 90
    columns: tuple[str, ...] = ()
    """The heading of a table, in which `said` is then a row."""


SUBJECTS = (
    Subject(
        title="Lubrication",
        said="The bearings of the {p} are greased every {v} operating hours with {g}.",
        asked="How often are the bearings of the {p} of the {m} greased?",
        paraphrased="When does the {p} in the {m} need new lubricant?",
        least=100,
        most=4000,
    ),
    Subject(
        title="Tightening torques",
        said="Tighten the bolts of the {p} crosswise and in two steps to {v} Nm.",
        asked="To how many Nm do I tighten the bolts of the {p} of the {m}?",
        paraphrased="How firmly must I fasten the screws that hold the {p} on the {m}?",
        least=12,
        most=400,
    ),
    Subject(
        title="Fault messages",
        said="E-{v}\tThe {p} reports a fault\tCheck its sensor and its cable",
        asked="What does the message E-{v} of the {m} mean?",
        paraphrased="My {m} stopped and shows E-{v}, what should I look at?",
        columns=("Message", "Meaning", "What to do"),
        least=1000,
        most=9999,
    ),
    Subject(
        title="Spare parts",
        said="{p}\t{v}-{w}\t{s}",
        asked="What is the order number of the spare {p} for the {m}?",
        paraphrased="I want to buy a new {p} for my {m}, which article is that?",
        columns=("Spare part", "Order number", "Delivery"),
        least=1000,
        most=9999,
    ),
    Subject(
        title="Operating temperatures",
        said="The {p} must not become warmer than {v} °C; above that the machine stops by itself.",
        asked="How warm may the {p} of the {m} become?",
        paraphrased="At what heat does the {m} shut down to protect its {p}?",
    ),
    Subject(
        title="Storage",
        said="Store the {p} in a dry place for at most {v} months and turn it once a month.",
        asked="For how many months may the {p} of the {m} be stored?",
        paraphrased="How long can the {p} of the {m} lie on the shelf before use?",
    ),
    Subject(
        title="Safety",
        said="After switching off, wait {v} minutes before you open the cover of the {p}.",
        asked="How many minutes do I wait before I open the cover of the {p} of the {m}?",
        paraphrased="I turned the {m} off; when is it safe to take the lid off the {p}?",
    ),
    Subject(
        title="Installation",
        said="Leave {v} cm of free space around the {p} so that air can pass.",
        asked="How much free space is left around the {p} of the {m}?",
        paraphrased="What distance to the wall does the {p} need where the {m} is put up?",
    ),
    Subject(
        title="Cleaning",
        said="Rinse the {p} with water of {v} °C and {a}, then let it dry.",
        asked="With what is the {p} of the {m} rinsed?",
        paraphrased="What can I use to wash the dirt off the {p} of the {m}?",
    ),
    Subject(
        title="Starting up",
        said="Start the {p} at {v} revolutions per minute and raise the speed after a minute.",
        asked="At how many revolutions per minute is the {p} of the {m} started?",
        paraphrased="How fast should the {p} of the {m} spin in the beginning?",
        least=100,
        most=3000,
    ),
)

_FILLERS = (
    "Only trained people may do this work, and only after they have read the whole chapter.",
    "Write down in the log book of the machine what was done, by whom and when.",
    "The {o} has a similar {p}, but its values are different; see its own chapter.",
    "Use the tools that came with the {m}; other tools damage the {p}.",
    "If in doubt, stop the machine and ask the service before you go on.",
    "The {p} was changed in the second series; the type plate says which one you have.",
    "Do not confuse the {p} with the one of the {o}, which looks the same from outside.",
    "Wear gloves and glasses. Keep children and visitors away from the {m}.",
    "When the {p} makes unusual noises, look for loose parts first.",
    "After the work, let the {m} run empty for a while and listen.",
)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that is said on one page only."""

    page: int
    said: str
    asked: str
    paraphrased: str


@dataclass(frozen=True, kw_only=True)
class Handbook:
    """The file, and everything that can be asked about it."""

    pdf: bytes
    facts: tuple[Fact, ...]


def made(seed: int, chapters: int = 30) -> Handbook:
    """A PDF of ten pages a chapter."""
    rng = Random(f"handbook {seed}")
    machines = [f"{maker} {type}" for maker in _MAKERS for type in _TYPES]
    rng.shuffle(machines)
    facts: list[Fact] = []
    with pymupdf.open() as document:
        for number, machine in enumerate(machines[:chapters], start=1):
            parts = rng.sample(_PARTS, 6)
            for subject in SUBJECTS:
                page = len(document) + 1
                told = list(_facts(subject, (machine, page), rng.sample(parts, 4), rng))
                heading = f"Chapter {number}: {machine}"
                _draw(document, heading, subject, told, _around(machine, machines, parts, rng))
                facts += told
        return Handbook(pdf=bytes(document.tobytes(deflate=True)), facts=tuple(facts))


def _facts(
    subject: Subject, where: tuple[str, int], parts: Sequence[str], rng: Random
) -> Iterator[Fact]:
    machine, page = where
    for part in parts:
        value = str(rng.randint(subject.least, subject.most))
        filled = {
            "m": machine, "p": part, "v": value, "w": rng.randint(10, 99), "g": rng.choice(_GREASES),
            "a": rng.choice(_AGENTS), "s": rng.choice(_SUPPLIERS),
        }  # fmt: skip
        yield Fact(
            page=page,
            said=subject.said.format(**filled),
            asked=subject.asked.format(**filled),
            paraphrased=subject.paraphrased.format(**filled),
        )


def _around(machine: str, machines: Sequence[str], parts: Sequence[str], rng: Random) -> list[str]:
    return [
        rng.choice(_FILLERS).format(m=machine, o=rng.choice(machines), p=rng.choice(parts))
        for _ in range(18)
    ]


def _draw(
    document: Any, heading: str, subject: Subject, told: Sequence[Fact], around: list[str]
) -> None:
    page = document.new_page(width=WIDTH, height=HEIGHT)
    page.insert_text((MARGIN, 46), heading, fontsize=9)
    page.insert_text((MARGIN, 80), subject.title, fontsize=15)
    if subject.columns:
        cells = [list(subject.columns), *(fact.said.split("\t") for fact in told)]
        draw.table(page, cells, (MARGIN, 110, WIDTH - MARGIN, 210), ruled=True)
        groups = [around[:9], around[9:]]
    else:
        groups = [around[4 * n : 4 * n + 4] + [fact.said] for n, fact in enumerate(told)]
    write(page, "\n\n".join(" ".join(group) for group in groups), 240, HEIGHT - 60)
