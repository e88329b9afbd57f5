"""The words of texts and of questions, as SQLite's full text search is given them. Pure.

Both sides go through `plain`, so that what looks alike is alike: full width letters, ligatures, accents
and case. Scripts that put no spaces between words become pairs of letters that overlap: 文档库 is
文档 and 档库. The English ends of words ("-ing", "-s") are left to the porter tokenizer: see the tables
in `migrations`.
"""

import re
import unicodedata
from collections.abc import Iterator

from glmdesk.store.stop_words import SPACELESS, STOP_WORDS

MOST_TERMS = 60
"""Words of a question that are searched for; of more, the longest."""

_RUN = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\U00020000-\U0003ffff]+"
)
"""Thai, Lao, Burmese, Khmer, kana, Han and Hangul."""
_PART = re.compile("[^\\W_\u0900-\u0dff]+|[\u0900-\u0963\u0966-\u0dff]+")
"""Letters and digits; the vowel signs of India are not letters to `re`."""
_WORD = re.compile(f"(?:{_PART.pattern})(?:[-./'_:](?:{_PART.pattern}))*")
_ASKED = re.compile("|".join(sorted(SPACELESS, key=len, reverse=True)))
_PREFIX = 4
"""A word of so many letters also stands for the beginning of longer ones, as in compounds."""
_VOICED = (7, 8, 9)
"""Combining marks that make another letter: nuktas, voiced kana, viramas."""


def plain(text: str) -> str:
    """The text with neither accents, case nor other forms of the same letter."""
    if text.isascii():
        return text.lower().replace("\0", " ")
    # Half a character, which a broken file may hold, has no UTF-8.
    whole = text.encode("utf-8", "replace").decode()
    letters = unicodedata.normalize("NFKD", whole.casefold())
    kept = (letter for letter in letters if _is_kept(letter))
    return unicodedata.normalize("NFC", "".join(kept)).replace("\0", " ")


def _is_kept(letter: str) -> bool:
    return letter.isascii() or unicodedata.combining(letter) in (0, *_VOICED)


def indexed(text: str) -> str:
    """The words of a text, to be put into a full text table."""
    return _RUN.sub(_pairs, plain(text))


def _pairs(run: re.Match[str]) -> str:
    # The last letter stands alone, so that a single letter is found as the beginning of something.
    letters = run[0]
    return "".join(f" {letters[place : place + 2]}" for place in range(len(letters))) + " "


def question(words: str) -> str:
    """What to MATCH for a person's sentence: any of its terms; "" when there is none to look for.

    Nothing in it is an operator: every term is quoted.
    """
    asked = plain(words)
    terms = dict.fromkeys(_terms(_RUN.sub(" ", asked)))
    pairs = _asked_pairs(_ASKED.sub(" ", asked)) or (_asked_pairs(asked) if not terms else [])
    kept = [term for term in terms if term not in STOP_WORDS] + pairs or list(terms)
    kept = sorted(kept, key=len, reverse=True)[:MOST_TERMS]
    phrases = [phrase for term in kept for phrase in _phrases(term)]
    return " OR ".join([*phrases, *dict.fromkeys(_neighbours(asked, frozenset(kept)))])


def _neighbours(asked: str, kept: frozenset[str]) -> Iterator[str]:
    """Two words that stand together say more than each alone: names, kinds of things."""
    words = _WORD.findall(_RUN.sub(" . ", asked))
    for one, other in zip(words, words[1:], strict=False):
        if one in kept and other in kept:
            yield f'"{one} {other}"'


def _terms(asked: str) -> list[str]:
    """Words, and for "e-1407" its parts too."""
    found = []
    for word in _WORD.findall(asked):
        found.append(word)
        found += [part for part in _PART.findall(word) if len(part) > 1 and part != word]
    return found


def _asked_pairs(asked: str) -> list[str]:
    pairs = (
        run[place : place + 2]
        for run in _RUN.findall(asked)
        for place in range(max(1, len(run) - 1))
    )
    return list(dict.fromkeys(pairs))


def _phrases(term: str) -> list[str]:
    if len(term) == 1 and _RUN.fullmatch(term):
        return [f'"{term}" *']
    longer = term.isalpha() and len(term) >= _PREFIX
    return [f'"{term}"', f'"{term}" *'] if longer else [f'"{term}"']
