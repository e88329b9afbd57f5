"""Words that no two pages share, made from seeds, and how much of them came back."""

import re
from collections import Counter
from random import Random

_STARTS = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "w",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "oo", "ou"]
_ENDS = ["b", "ck", "d", "g", "ll", "m", "n", "nd", "nt", "p", "r", "rd", "rn", "s", "st", "t", "x"]
_LITTLE = [
    "the",
    "of",
    "and",
    "in",
    "to",
    "with",
    "for",
    "on",
    "by",
    "from",
    "is",
    "was",
    "that",
    "it",
    "as",
    "at",
]
_WORD = re.compile(r"[⺀-鿿豈-﫿぀-ヿ가-힯]|[^\W_⺀-鿿豈-﫿぀-ヿ가-힯]+")


def word(rng: Random) -> str:
    """A word of two syllables, as good as never met twice."""
    return "".join(rng.choice(part) for part in (_STARTS, _VOWELS, _ENDS, _STARTS, _VOWELS, _ENDS))


def prose(key: str, count: int = 60) -> str:
    """Sentences of about `count` words that belong to `key` alone."""
    rng = Random(f"prose {key}")
    sentences, left = [], count
    while left > 0:
        length = min(left, rng.randint(6, 14))
        inner = [rng.choice(_LITTLE) if rng.random() < 0.3 else word(rng) for _ in range(length)]
        sentences.append(" ".join(inner).capitalize() + ".")
        left -= length
    return " ".join(sentences)


def pieces(text: str) -> list[str]:
    """Words in small letters; of scripts without spaces each letter is one."""
    return _WORD.findall(text.casefold())


def kept(expected: str, found: str) -> tuple[int, int]:
    """How many of the expected words are in what was found, and how many were expected."""
    wanted, there = Counter(pieces(expected)), Counter(pieces(found))
    return (wanted & there).total(), wanted.total()


def disorder(expected: str, found: str) -> float:
    """Share of neighbours, among words that are unique on both sides, that changed places."""
    wanted, there = pieces(expected), pieces(found)
    once = {word for word, count in Counter(wanted).items() if count == 1}
    once &= {word for word, count in Counter(there).items() if count == 1}
    at = {word: index for index, word in enumerate(there)}
    places = [at[word] for word in wanted if word in once]
    if len(places) < 2:
        return 0.0
    return sum(a > b for a, b in zip(places, places[1:], strict=False)) / (len(places) - 1)


def repeated(expected: str, found: str) -> float:
    """Share of the expected words that came more often than they were put in."""
    wanted, there = Counter(pieces(expected)), Counter(pieces(found))
    extra = sum(max(0, there[word] - count) for word, count in wanted.items() if len(word) > 3)
    return extra / max(1, wanted.total())
