"""Choose the next token: llama.cpp's sampler chain, built from `Sampling`."""

import secrets
from collections.abc import Sequence

from llama_cpp import llama_cpp as llama

from glmdesk.sampling import Sampling


class Sampler:
    """One chain for one answer. Close it when the answer is done."""

    def __init__(self, sampling: Sampling, n_vocab: int) -> None:
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        self._window = sampling.repeat_last_n if sampling.repeat_penalty != 1.0 else 0
        if self._window:
            self._add(
                llama.llama_sampler_init_penalties(
                    n_vocab, self._window, sampling.repeat_penalty, 0.0, 0.0
                )
            )
        if sampling.temperature <= 0:
            self._add(llama.llama_sampler_init_greedy())
            return
        if sampling.top_k > 0:
            self._add(llama.llama_sampler_init_top_k(sampling.top_k))
        if sampling.top_p < 1:
            self._add(llama.llama_sampler_init_top_p(sampling.top_p, 1))
        if sampling.min_p > 0:
            self._add(llama.llama_sampler_init_min_p(sampling.min_p, 1))
        self._add(llama.llama_sampler_init_temp(sampling.temperature))
        seed = secrets.randbits(31) if sampling.seed is None else sampling.seed
        self._add(llama.llama_sampler_init_dist(seed & 0xFFFFFFFF))

    def _add(self, sampler: object) -> None:
        llama.llama_sampler_chain_add(self._chain, sampler)

    def remember(self, tokens: Sequence[int]) -> None:
        """Let the repetition penalty see the end of the prompt."""
        for token in tokens[-self._window :] if self._window else ():
            llama.llama_sampler_accept(self._chain, token)

    def sample(self, context: object) -> int:
        """The next token after the last decoded position."""
        return int(llama.llama_sampler_sample(self._chain, context, -1))

    def close(self) -> None:
        llama.llama_sampler_free(self._chain)
