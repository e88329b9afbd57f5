"""Choose the next token of one answer: repetition penalty, `Sampling`, and a grammar where one is asked for."""

import ctypes
from collections import deque
from collections.abc import Sequence, Set
from random import Random

import numpy as np
from llama_cpp import llama_cpp as llama

from glmdesk.engines.llama.choice import Logits, best, choose, penalised
from glmdesk.engines.llama.grammar import Constraint
from glmdesk.errors import EngineError
from glmdesk.sampling import Sampling

_FIRST_LOOK = 256
"""How many of the best tokens are held against the grammar before the whole vocabulary is."""


_logits_address = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)(
    ("llama_get_logits_ith", llama._lib)
)
"""The binding's function makes a pointer object at each call; a number is enough."""


class Sampler:
    """The choices of one answer. Close it when the answer is done; its constraint closes with it."""

    def __init__(
        self, sampling: Sampling, n_vocab: int, constraint: Constraint | None = None
    ) -> None:
        self._sampling = sampling
        self._row_type = ctypes.c_float * n_vocab
        self._rows: dict[int, Logits] = {}
        """The logits at each address that llama.cpp gave: it has few, and uses them again."""
        self._constraint = constraint
        self._constraining = False
        self._draws = sampling.temperature > 0
        self._random = Random(sampling.seed)
        penalises = sampling.repeat_penalty not in (0.0, 1.0)
        window = max(0, sampling.repeat_last_n) if penalises else 0
        self._recent: deque[int] = deque(maxlen=window)

    @property
    def constraining(self) -> bool:
        """Whether the constraint is in force; it never is without one."""
        return self._constraining

    def constrain(self) -> None:
        """What comes from now on must fit the constraint, if there is one."""
        self._constraining = self._constraint is not None

    def remember(self, tokens: Sequence[int]) -> None:
        """Let the repetition penalty see the end of the prompt."""
        window = self._recent.maxlen
        self._recent.extend(tokens[-window:] if window else ())

    def sample(self, context: object, row: int = -1, allow: Set[int] = frozenset()) -> int:
        """Choose from the logits of output `row` of the last llama_decode, and accept the token.

        `allow` is for a start at which the model may still decide to think: while the constraint is
        not in force, a free choice among `allow` is taken; any other brings the constraint into
        force, and is made under it. Raises EngineError when no token is possible.
        """
        logits = self._read_logits(context, row)
        draw = self._random.random() if self._draws else 0.0
        token = choose(logits, self._sampling, draw)
        if allow and token not in allow:
            self.constrain()
        if self._constraint and self._constraining and not self._constraint.fits(token):
            token = self._choose_fitting(logits, self._constraint)
        self.accept(token)
        return token

    def accept(self, token: int) -> None:
        """Take in a token that comes next. Raises EngineError when the constraint forbids it."""
        if self._constraint and self._constraining:
            self._constraint.accept(token)
        self._recent.append(token)

    def _read_logits(self, context: object, row: int) -> Logits:
        address = _logits_address(context, row)
        if not address:
            raise EngineError(
                f"llama.cpp has no logits for row {row}. The chat is saved. Send the message again."
            )
        logits = self._rows.get(address)
        if logits is None:
            data = memoryview(self._row_type.from_address(address))
            logits = self._rows[address] = np.frombuffer(data, np.float32)
        if not self._recent:
            return logits
        return penalised(logits, set(self._recent), self._sampling.repeat_penalty)

    def _choose_fitting(self, logits: Logits, constraint: Constraint) -> int:
        fitting = self._fitting(logits, constraint)
        while True:
            token = choose(fitting, self._sampling, self._random.random())
            if constraint.fits(token):
                return token
            fitting[token] = -np.inf

    def _fitting(self, logits: Logits, constraint: Constraint) -> Logits:
        """The logits with all tokens ruled out that the grammar forbids, or that cannot be chosen."""
        wanted = 1 if self._sampling.temperature <= 0 else self._sampling.top_k
        ids = best(logits, _FIRST_LOOK) if wanted > 0 else np.arange(len(logits))
        ids = ids[constraint.allowed(ids)]
        if len(ids) < wanted:
            ids = np.arange(len(logits))
            ids = ids[constraint.allowed(ids)]
        fitting = np.full_like(logits, -np.inf)
        fitting[ids] = logits[ids]
        return fitting

    def close(self) -> None:
        if self._constraint:
            self._constraint.close()
            self._constraint = None
            self._constraining = False
