"""A model and a context without any of our code around them, and logits that a test writes itself."""

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from llama_cpp import llama_cpp as llama
from numpy.typing import NDArray

from glmdesk.engines.llama.vocabulary import Vocabulary


class Bare:
    """One model; with `n_ctx`, a context that reads up to 64 tokens at once, all of them outputs."""

    def __init__(self, path: Path, n_ctx: int = 0) -> None:
        params = llama.llama_model_default_params()
        params.vocab_only = n_ctx == 0
        params.n_gpu_layers = 0
        self.model = llama.llama_model_load_from_file(str(path).encode(), params)
        assert self.model
        self.vocabulary = Vocabulary(self.model)
        self.vocab = llama.llama_model_get_vocab(self.model)
        self.eos = int(llama.llama_vocab_eos(self.vocab))
        self.context = self._make_context(n_ctx) if n_ctx else None

    def _make_context(self, n_ctx: int) -> object:
        params = llama.llama_context_default_params()
        params.n_ctx = n_ctx
        params.n_batch = params.n_ubatch = 64
        params.n_threads = params.n_threads_batch = 1
        return llama.llama_init_from_model(self.model, params)

    def read(self, tokens: Sequence[int], start: int = 0) -> None:
        """Decode from position `start` on; afterwards there is a row of logits for each token."""
        llama.llama_memory_seq_rm(llama.llama_get_memory(self.context), 0, start, -1)
        batch = llama.llama_batch_init(64, 0, 1)
        batch.n_tokens = len(tokens)
        for place, token in enumerate(tokens):
            batch.token[place], batch.pos[place] = token, start + place
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, 0
            batch.logits[place] = True
        assert llama.llama_decode(self.context, batch) == 0
        llama.llama_batch_free(batch)

    def logits(self, row: int = -1) -> NDArray[np.float32]:
        """The row itself: what a test writes there is what samplers read."""
        pointer = llama.llama_get_logits_ith(self.context, row)
        row_type = ctypes.c_float * self.vocabulary.size
        array = row_type.from_address(ctypes.addressof(pointer.contents))
        return np.frombuffer(memoryview(array), np.float32)

    def close(self) -> None:
        if self.context:
            llama.llama_free(self.context)
        llama.llama_model_free(self.model)
