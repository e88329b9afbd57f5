"""Notice when a model repeats itself without end; token ids in, a reason out.

It speaks late, since much that is right repeats: tables, lists, code, rows of zeros, a word that was
asked for a hundred times. The limits were set between loops of models and such texts.
"""

from collections import Counter
from typing import Literal

Loop = Literal["period", "restating"]
"""period: the very same tokens over and over; restating: the same sentences with small changes."""

_GROUP = 6
"""Tokens that are compared as one."""
_BITS = 20
_MASK = (1 << _BITS * _GROUP) - 1
_EVERY = 64
"""Tokens between two looks."""

_MAX_PERIOD = 1024
_COPIES = 3
"""Of the whole period, after the first."""
_REPEATED = 512
"""Tokens that must repeat, however short the period is."""
_REPEATED_PLAIN = 768
"""The same where a period has few different tokens, as rows of zeros and empty tables have."""
_FEW = 12

_WINDOW = 1024
_GROUPS = _WINDOW // 4
"""Different groups in the window from which on it may be restating: ordinary text has over 900, code
450, JSON of few words 120 to 230, loops 50 to 200."""
_PAIRS, _PAIRS_PLAIN = _WINDOW // 3, _WINDOW // 10
"""Different groups of twice that length, in sentences and in what is made of few tokens: loops have 70
to 330 there, and 50 to 90; tables, JSON and traces of sorting 130 and more."""
_WORDS = 24
"""Different tokens; rows of numbers and pictures made of signs have fewer."""
_COMMON, _SHARE = 8, 0.48
"""Of sentences, the eight most common tokens make up less than this; of JSON, up to 0.9."""

_KEEP = 4 * _WINDOW


class LoopDetector:
    """Feed it each token of an answer as it comes."""

    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._groups: list[int] = []  # place -> the tokens that end there, as one number
        self._last: dict[int, int] = {}  # group -> where it stood last
        self._group = _MASK
        self._period = 0
        self._repeated = 0
        self._fed = 0

    def feed(self, token: int) -> Loop | None:
        """The kind of loop the answer is in by now, told once at every 64th token; None: none."""
        tokens, group = self._tokens, (self._group << _BITS | token) & _MASK
        place = len(tokens)
        tokens.append(token)
        self._groups.append(group)
        self._group = group
        if self._period and tokens[place - self._period] == token:
            self._repeated += 1
        else:
            distance = place - self._last.get(group, place)
            self._period = distance if distance <= _MAX_PERIOD else 0
            self._repeated = _GROUP if self._period else 0
        self._last[group] = place
        self._fed += 1
        return None if self._fed % _EVERY else self._look()

    def _look(self) -> Loop | None:
        if len(self._tokens) >= _KEEP:
            self._drop()
        if self._repeated >= max(_REPEATED, _COPIES * self._period) and self._is_period():
            return "period"
        return "restating" if self._is_restating() else None

    def _is_period(self) -> bool:
        plain = len(set(self._tokens[-self._period :])) < _FEW
        return not plain or self._repeated >= _REPEATED_PLAIN

    def _is_restating(self) -> bool:
        groups = self._groups[-_WINDOW:]
        if len(groups) < _WINDOW or len(set(groups)) > _GROUPS:
            return False
        pairs = len(set(zip(groups, groups[_GROUP:], strict=False)))
        if pairs > _PAIRS:
            return False
        counts = Counter(self._tokens[-_WINDOW:])
        common = sum(count for _, count in counts.most_common(_COMMON))
        limit = _PAIRS if common <= _SHARE * _WINDOW else _PAIRS_PLAIN
        return pairs <= limit and len(counts) >= _WORDS

    def _drop(self) -> None:
        """Forget all but what a look needs."""
        del self._tokens[:-_MAX_PERIOD], self._groups[:-_MAX_PERIOD]
        self._last = {group: place for place, group in enumerate(self._groups)}
