"""Prompt lookup: guess the next tokens of an answer from what stands in the chat already.

An answer about a document or a piece of code often repeats it. The tokens that followed the present
last words when they stood there before are read together with the next token in one step, and kept as
far as the model agrees. Nothing here knows the model: tokens in, guesses out, no clock.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from statistics import median

from glmdesk.engines.llama.prefix import Item

MAX_DRAFT = 16
_BITS = 20
"""A token id has fewer bits: a million tokens; the largest vocabularies have a quarter of that."""
_PAIR = (1 << 2 * _BITS) - 1
_TRIPLE = (1 << 3 * _BITS) - 1
_PICTURE = -1
_CANDIDATES = 8
"""Earlier places that are compared with the last words."""
_LONGEST = 32
"""Tokens over which they are compared."""

_KINDS = (0, 3, 4, 10)
"""Tokens that agree: two, three, four to nine, ten or more."""
_CHANCES = (0.25, 0.45, 0.65, 0.95)
"""That the next one agrees too, as measured on prose, code and copies; each answer learns its own."""
_COST = 0.15
"""Of one token more in a step, in steps without a guess, before it is known."""
_TRUST = 4.0
"""Guesses that these first values are worth."""
_WORTH = 1.05
"""Tokens for the time of one that a guess must promise."""
_FORGET, _FORGET_CHANCE, _FORGET_COST = 0.9, 0.8, 0.97
"""What the past counts with each guess; with each that was left out, for the cost."""
_WARM_UP = 3
"""Steps without a guess at the start, so that their time is known."""
_FIRST = 4
"""The longest guess until one of that length was right."""
_TRIAL = 4
"""Guesses before it is decided whether they pay."""
_FIRST_PAUSE, _LAST_PAUSE = 32, 512
"""Tokens without a guess when they did not."""


class Lookup:
    """What was read and written, by its groups of three tokens, and of two.

    Feed it with `extend`; take a guess with `draft` before each step, and tell with `judge` what came
    of it. It stops guessing by itself where that does not pay.
    """

    def __init__(self, max_draft: int = MAX_DRAFT) -> None:
        self._tokens: list[int] = []
        self._run = 0  # tokens since the start or the last picture
        self._key = 0  # the last three tokens
        self._triples: dict[int, int] = {}  # group -> the place after it, at its latest; 0: none
        self._pairs: dict[int, int] = {}
        self._earlier: list[int] = []  # place -> where the same three were followed before
        self._pace = _Pace(max_draft)

    def extend(self, items: Iterable[Item]) -> None:
        """Add what was read or written; nothing is found across a picture."""
        tokens, earlier, triples, pairs = self._tokens, self._earlier, self._triples, self._pairs
        run, key, place = self._run, self._key, len(tokens)
        for item in items:
            before = 0
            if isinstance(item, int):
                if run > 2:
                    before = triples.get(key, 0)
                    triples[key] = place
                if run > 1:
                    pairs[key & _PAIR] = place
                run += 1
                key = (key << _BITS | item) & _TRIPLE
                tokens.append(item)
            else:
                run = 0
                tokens.append(_PICTURE)
            earlier.append(before)
            place += 1
        self._run, self._key = run, key

    def draft(self) -> list[int]:
        """The tokens that may come next; none when nothing was found or guessing does not pay."""
        if self._run < 2 or self._pace.resting:
            return []
        place, agreement = self._find()
        return self._follow(place, self._pace.length(agreement)) if place else []

    def judge(self, drafted: int, accepted: int, seconds: float = 0.0) -> None:
        """Tell how a step went: every one, those without a guess too (0, 0).

        `seconds` is how long it took; 0 when that says nothing, since other work shared the step.
        """
        if drafted:
            self._pace.judge(drafted, accepted, seconds)
        else:
            self._pace.pass_by(seconds)

    def _find(self) -> tuple[int, int]:
        """Where words went on that agree with the last ones, and in how many tokens.

        The longest agreement wins, then the latest; 0: nowhere.
        """
        best, longest = 0, 0
        place = self._triples.get(self._key, 0) if self._run > 2 else 0
        for _ in range(_CANDIDATES):
            if not place:
                break
            agreement = self._agreement(place)
            if agreement > longest:
                best, longest = place, agreement
            place = self._earlier[place]
        return (best, longest) if best else (self._pairs.get(self._key & _PAIR, 0), 2)

    def _agreement(self, place: int) -> int:
        """How many tokens before `place` are the last tokens, up to a limit."""
        tokens, end = self._tokens, len(self._tokens)
        limit = min(self._run, place, _LONGEST)
        for length in range(3, limit):
            if tokens[place - 1 - length] != tokens[end - 1 - length]:
                return length
        return limit

    def _follow(self, place: int, length: int) -> list[int]:
        """What stands from `place` on; past the end it repeats, as what it agrees with would."""
        found = self._tokens[place : place + length]
        if _PICTURE in found:
            return found[: found.index(_PICTURE)]
        while len(found) < length:
            found += found[: length - len(found)]
        return found


class _Pace:
    """How far to guess: by what guesses cost and bring, measured in steps without one.

    Chances are kept by how long the agreement is, which tells most: after two equal tokens one guess
    in four is right, after ten nearly all are.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._bound = _FIRST
        self._kind = 0
        self._right = [0.0] * len(_KINDS)  # guesses that were right, and all that were decided;
        self._tried = [0.0] * len(_KINDS)  # what is long past counts less and less
        self._plain: deque[float] = deque(maxlen=9)
        self._passed = 0
        self._extra, self._guessed = 0.0, 0.0  # time that guesses took, in steps; how many
        self._profit, self._judged = 0.0, 0
        self._rest, self._pause = 0, _FIRST_PAUSE

    @property
    def resting(self) -> bool:
        return self._rest > 0 or self._passed < _WARM_UP

    def length(self, agreement: int) -> int:
        """How many tokens to guess for the most tokens a second."""
        self._kind = kind = bisect_right(_KINDS, agreement) - 1
        right, tried = self._right[kind] + _CHANCES[kind] * _TRUST, self._tried[kind] + _TRUST
        length = self._best(right / tried)
        if not length:  # what kept it from guessing is forgotten in time, and then tried again
            self._right[kind] *= _FORGET_CHANCE
            self._tried[kind] *= _FORGET_CHANCE
            self._extra *= _FORGET_COST
            self._guessed *= _FORGET_COST
        return length

    def _best(self, chance: float) -> int:
        cost = max(0.0, (self._extra + _COST * _TRUST) / (self._guessed + _TRUST))
        best, tokens, steps, likely = _WORTH, 1.0, 1.0, 1.0
        for length in range(min(self._bound, self._longest)):
            likely *= chance
            tokens += likely
            steps += cost
            if tokens < best * steps:
                return length
            best = tokens / steps
        return min(self._bound, self._longest)

    def judge(self, drafted: int, accepted: int, seconds: float) -> None:
        kind, missed = self._kind, accepted < drafted
        self._right[kind] = self._right[kind] * _FORGET_CHANCE + accepted
        self._tried[kind] = self._tried[kind] * _FORGET_CHANCE + accepted + missed
        if not missed:
            self._bound = min(self._longest, max(self._bound, 2 * drafted))
        if seconds > 0 and self._plain:
            # A step that takes longer than its tokens one by one was disturbed by something else.
            steps = min(seconds / median(self._plain), 2.0 * (drafted + 1))
            self._extra = self._extra * _FORGET + steps - 1
            self._guessed = self._guessed * _FORGET + drafted
            self._weigh(accepted + 1 - steps)

    def _weigh(self, profit: float) -> None:
        """Rest when guessing loses, each time longer; forget that when it wins."""
        self._profit = self._profit * _FORGET + profit
        self._judged += 1
        if self._judged >= _TRIAL and self._profit < 0:
            self._rest, self._pause = self._pause, min(2 * self._pause, _LAST_PAUSE)
        elif self._judged >= 4 * _TRIAL and self._profit > 0:
            self._pause = _FIRST_PAUSE

    def pass_by(self, seconds: float) -> None:
        """A step without a guess."""
        self._passed += 1
        if seconds > 0:
            self._plain.append(seconds)
        if self._rest:
            self._rest -= 1
            if not self._rest:
                self._bound, self._profit, self._judged = _FIRST, 0.0, 0
                self._extra, self._guessed = self._extra / 4, self._guessed / 4
