"""Exercises about documents: find a fact in text or in pages, cite the page, read a scanned page.

Each needs a random generator and gives a `Sample`. The wrapper around pages is the one that glmdesk
sends, so that answers cite `[p. N]`.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tools.pico.samples import Part, Sample, single
from tools.pico.scenes import digits
from tools.pico.words import WORDS


class Fact(NamedTuple):
    """Something to look up."""

    key: str
    code: str

    def __str__(self) -> str:
        return f"The code of {self.key} is {self.code}."

    def cited(self, page: int) -> str:
        """The fact as an answer about a document."""
        return f"The code of {self.key} is {self.code} [p. {page}]."

    def found_in(self, source: str) -> str:
        """The fact as a thought."""
        return f"{source} says the code of {self.key} is {self.code}."


def t_doc(rng: Random, easy: bool = False) -> Sample:
    """One fact of several, given as plain text or as a document of one to three pages."""
    facts = _facts(rng, rng.randint(1, 3) if easy else rng.randint(2, 8))
    fact = rng.choice(facts)
    question = rng.choice((f"What is the code of {fact.key}?", f"Find the code of {fact.key}."))
    if rng.random() < 0.35:
        text = "\n".join(map(str, facts))
        prompt = rng.choice((f"{text}\n\n{question}", f"{question}\n\n{text}"))
        return single((prompt,), fact.found_in("The text"), str(fact))
    pages = _spread(facts, min(len(facts), rng.randint(1, 3)))
    at = next(number for number, page in enumerate(pages, 1) if fact in page)
    name = rng.choice(WORDS) + rng.choice((".pdf", ".md", ".txt"))
    texts = ["\n".join(map(str, page)) for page in pages]
    prompt_parts = joined([*wrapped(name, texts), question])
    return single(prompt_parts, fact.found_in(f"Page {at}"), fact.cited(at))


def t_pages(rng: Random) -> Sample:
    """A document with one page that is a picture of a number; asked for it or for a fact beside it."""
    count = rng.randint(1, 3)
    scanned = rng.randint(1, count)
    image, number = digits(rng)
    facts = _facts(rng, 3)
    pages: list[Part] = [str(fact) for fact in facts[:count]]
    pages[scanned - 1] = image
    others = [page for page in range(1, count + 1) if page != scanned]
    document = wrapped(rng.choice(WORDS) + ".pdf", pages)
    if others and rng.random() < 0.4:
        page = rng.choice(others)
        fact = facts[page - 1]
        parts = joined([*document, f"What is the code of {fact.key}?"])
        return single(parts, fact.found_in(f"Page {page}"), fact.cited(page))
    question = rng.choice(
        (f"What number is shown on page {scanned}?", f"Read the number on page {scanned}.")
    )
    thinking = f"Page {scanned} shows the digits {' '.join(number)}."
    return single(
        joined([*document, question]), thinking, f"The number is {number} [p. {scanned}]."
    )


def wrapped(name: str, pages: Sequence[Part]) -> list[Part]:
    """A document as glmdesk sends it: labelled pages in order, each a text or a picture."""
    parts: list[Part] = [f'<document name="{name}" pages="{len(pages)}">\n']
    for number, page in enumerate(pages, 1):
        parts += [f"[page {number}]\n", page, "\n"]
    return [*parts, "</document>\n\n"]


def joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same parts with neighbouring texts made one."""
    result: list[Part] = []
    for part in parts:
        last = result[-1] if result else None
        if isinstance(part, str) and isinstance(last, str):
            result[-1] = last + part
        else:
            result.append(part)
    return tuple(result)


def _facts(rng: Random, count: int) -> list[Fact]:
    keys = rng.sample(WORDS, count)
    return [Fact(key, str(rng.randint(100, 9999))) for key in keys]


def _spread(facts: list[Fact], count: int) -> list[list[Fact]]:
    """The facts over `count` pages, in order and evenly."""
    pages: list[list[Fact]] = [[] for _ in range(count)]
    for i, fact in enumerate(facts):
        pages[i * count // len(facts)].append(fact)
    return pages
