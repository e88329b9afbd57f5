"""One loaded model and its context: decode batches, cut sequences, copy their state, free it."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
from llama_cpp import llama_cpp as llama

from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.context import context_params, open_context, plan_cache
from glmdesk.engines.llama.mtp import Mtp
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.report import LoadReport
from glmdesk.engines.llama.vocabulary import Vocabulary
from glmdesk.engines.llama.weights import load_weights
from glmdesk.errors import ModelUnsupported
from glmdesk.library.gguf.header import Header


def thread_count(wanted: int) -> int:
    """`wanted`, or the physical cores this process may use."""
    if wanted > 0:
        return wanted
    allowed = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else 0
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return max(1, min(physical, allowed or physical))


class LlamaModel:
    """A model on its devices, with one context of `n_ctx` cells for `n_slots` sequences."""

    def __init__(
        self,
        spec: LoadSpec,
        header: Header,
        flag: CancelFlag,
        progress: Callable[[float], None],
        report: LoadReport,
    ) -> None:
        """Raises ModelError or EngineError with the reason, LoadCancelled when `flag` is set."""
        self.flag = flag
        self.threads = thread_count(spec.n_threads)
        self.n_slots = max(1, spec.n_slots)
        self._weights = load_weights(spec, flag, progress, report)
        self.pointer = self._weights.pointer
        self.vocabulary = Vocabulary(self.pointer)
        self.plan = plan_cache(spec, header)
        trained = int(llama.llama_model_n_ctx_train(self.pointer))
        self.params = context_params(spec, self.plan, trained, self.threads, flag)
        self.context = open_context(self.pointer, self.params, report)
        self.n_ctx = int(llama.llama_n_ctx(self.context))
        self.longest_chat = min(self.n_ctx, trained) if trained > 0 else self.n_ctx
        """Cells of one chat: the model knows no more, however many the chats have together."""
        self._memory = llama.llama_get_memory(self.context)
        self.mtp = Mtp(self.pointer, self.context, self.params) if spec.mtp else None

    @property
    def embedding_size(self) -> int:
        """Floats of one token or picture cell."""
        return int(llama.llama_model_n_embd_inp(self.pointer))

    @property
    def can_cut(self) -> bool:
        """Whether the end of a sequence can be taken back; recurrent layers cannot."""
        recurrent = llama.llama_model_is_recurrent(self.pointer)
        return not (recurrent or llama.llama_model_is_hybrid(self.pointer))

    def chat_template(self) -> str:
        source = llama.llama_model_chat_template(self.pointer, None)
        if not source:
            raise ModelUnsupported(
                "This model file has no chat template, so glmdesk cannot know how to talk to it. "
                "Choose an instruct or chat version of the model."
            )
        return bytes(source).decode("utf-8", errors="replace")

    def decode(self, batch: object) -> int:
        """llama_decode's code: 0 done, 1 no room in the cache, 2 aborted, others are errors."""
        return int(llama.llama_decode(self.context, batch))

    @contextmanager
    def attention(self, *, causal: bool) -> Iterator[None]:
        """How the cells of a batch see each other, within the block."""
        if causal:
            yield
            return
        llama.llama_set_causal_attn(self.context, False)
        try:
            yield
        finally:
            llama.llama_set_causal_attn(self.context, True)

    def remove(self, sequence: int, position: int) -> bool:
        """Remove what lies at `position` and behind it. False when only all of it can go: it is gone."""
        if self.mtp:
            self.mtp.cut(sequence, position)
        if llama.llama_memory_seq_rm(self._memory, sequence, position, -1):
            return True
        llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def last_position(self, sequence: int) -> int:
        """-1 for an empty sequence; all cells of a picture lie at its first position."""
        return int(llama.llama_memory_seq_pos_max(self._memory, sequence))

    def state_size(self, sequence: int) -> int:
        """Bytes that `copy_state` would give."""
        return int(llama.llama_state_seq_get_size(self.context, sequence))

    def copy_state(self, sequence: int) -> memoryview | None:
        """What the cache holds of a sequence, as bytes; None when llama.cpp cannot give it."""
        size = self.state_size(sequence)
        if not size:
            return None
        blob = (ctypes.c_uint8 * size)()
        done = llama.llama_state_seq_get_data(self.context, blob, size, sequence)
        return memoryview(blob).cast("B") if done == size else None

    def restore_state(self, sequence: int, blob: memoryview) -> bool:
        """Put a copied state back; the sequence is empty when that fails."""
        data = (ctypes.c_uint8 * len(blob)).from_buffer(blob)
        if llama.llama_state_seq_set_data(self.context, data, len(blob), sequence):
            return True
        llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def close(self) -> None:
        if self.mtp:
            self.mtp.close()
        llama.llama_free(self.context)
        self._weights.close()
