"""One loaded model and its context: read items into the cache, cut it back, free it.

The cache holds one conversation. `items` is always what the cache really contains; every method keeps
that true, also when it is cancelled in the middle.
"""

import ctypes
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from llama_cpp import llama_cpp as llama
from llama_cpp import mtmd_cpp as mtmd

from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.prefix import Item, count_positions
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.vocabulary import Vocabulary
from glmdesk.errors import EngineError, ModelDamaged, ModelUnsupported

MAX_DEFAULT_CONTEXT = 16_384
MICRO_BATCH = 512
GGML_TYPE_F32 = 0
_WARNING = 3


class Cancelled(Exception):
    """The flag was set; the cache agrees with `items`."""


@llama.llama_log_callback  # type: ignore[untyped-decorator]
def _log(level: int, text: bytes, _: object) -> None:
    if level >= _WARNING:
        sys.stderr.write(text.decode("utf-8", errors="replace"))
        sys.stderr.flush()


def start_library() -> None:
    """Once per process: start llama.cpp, and send its warnings to stderr."""
    llama.llama_log_set(_log, ctypes.c_void_p(0))
    mtmd.mtmd_helper_log_set(_log, ctypes.c_void_p(0))
    llama.llama_backend_init()


def thread_count(wanted: int) -> int:
    """`wanted`, or the physical cores this process may use."""
    if wanted > 0:
        return wanted
    allowed = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else 0
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return max(1, min(physical, allowed or physical))


class LlamaModel:
    """A model on its devices, with one context of `n_ctx` cells."""

    def __init__(self, spec: LoadSpec, flag: CancelFlag, progress: Callable[[float], None]) -> None:
        self.flag = flag
        self.items: list[Item] = []
        self.threads = thread_count(spec.n_threads)
        self.pointer = self._load(spec, progress)
        self.vocabulary = Vocabulary(self.pointer)
        self.trained_context = int(llama.llama_model_n_ctx_train(self.pointer))
        self.context = self._make_context(spec)
        self.n_ctx = int(llama.llama_n_ctx(self.context))
        self._memory = llama.llama_get_memory(self.context)
        self._batch = llama.llama_batch_init(MICRO_BATCH, 0, 1)
        for place in range(MICRO_BATCH):
            self._batch.n_seq_id[place] = 1
            self._batch.seq_id[place][0] = 0
        self._positions = 0

    def _load(self, spec: LoadSpec, progress: Callable[[float], None]) -> object:
        last = [0.0]

        @llama.llama_progress_callback  # type: ignore[untyped-decorator]
        def report(done: float, _: object) -> bool:
            if time.monotonic() - last[0] > 0.1:
                last[0] = time.monotonic()
                progress(done)
            return not self.flag.is_set

        params = llama.llama_model_default_params()
        params.n_gpu_layers = spec.n_gpu_layers
        params.progress_callback = report
        pointer = llama.llama_model_load_from_file(path_bytes(spec.model), params)
        if self.flag.is_set:
            raise Cancelled
        if not pointer:
            raise ModelUnsupported(
                f"llama.cpp could not load {spec.model.name}. The log names the reason; "
                "your chats are safe. Try another file of this model, or a newer glmdesk."
            )
        return pointer

    def _make_context(self, spec: LoadSpec) -> object:
        params = llama.llama_context_default_params()
        params.n_ctx = spec.n_ctx or min(self.trained_context, MAX_DEFAULT_CONTEXT)
        params.n_batch = params.n_ubatch = MICRO_BATCH
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = self.threads
        params.no_perf = True
        if spec.exact:
            params.type_k = params.type_v = GGML_TYPE_F32
            params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.abort_callback = self.flag.callback
        params.abort_callback_data = self.flag.data
        context = llama.llama_init_from_model(self.pointer, params)
        if not context:
            raise EngineError(
                f"There is not enough memory for a context of {params.n_ctx:,} tokens. "
                "Set a smaller n_ctx in settings.toml and try again."
            )
        return context

    @property
    def rope_is_multimodal(self) -> bool:
        """Whether positions have several sections: only then may pictures be decoded."""
        multimodal = (llama.LLAMA_ROPE_TYPE_MROPE, llama.LLAMA_ROPE_TYPE_IMROPE)
        return int(llama.llama_model_rope_type(self.pointer)) in multimodal

    @property
    def embedding_size(self) -> int:
        """Floats of one token or picture cell."""
        return int(llama.llama_model_n_embd_inp(self.pointer))

    @property
    def positions(self) -> int:
        """The position the next item will get."""
        return self._positions

    def chat_template(self) -> str:
        source = llama.llama_model_chat_template(self.pointer, None)
        if not source:
            raise ModelUnsupported(
                "This model file has no chat template, so glmdesk cannot know how to talk to it. "
                "Choose an instruct or chat version of the model."
            )
        return bytes(source).decode("utf-8", errors="replace")

    def keep(self, count: int) -> int:
        """Cut the cache back to its first `count` items. Gives how many are left: a model with
        recurrent layers can only start again."""
        if count < len(self.items):
            del self.items[count:]
            self._positions = count_positions(self.items)
            self._cut()
        return len(self.items)

    def _cut(self) -> None:
        """Remove what the cache holds behind `items`."""
        if not llama.llama_memory_seq_rm(self._memory, 0, self._positions, -1):
            llama.llama_memory_clear(self._memory, True)
            self.items.clear()
            self._positions = 0

    def read_tokens(self, tokens: Sequence[int]) -> None:
        """Read at most MICRO_BATCH token ids; the last one's logits are then ready.

        Raises Cancelled or EngineError; the cache is then as it was before.
        """
        count = len(tokens)
        batch = self._batch
        ctypes.memmove(batch.token, array("i", tokens).tobytes(), 4 * count)
        ends = range(self._positions, self._positions + count)
        ctypes.memmove(batch.pos, array("i", ends).tobytes(), 4 * count)
        ctypes.memset(batch.logits, 0, count)
        batch.logits[count - 1] = 1
        batch.n_tokens = count
        self.settle(llama.llama_decode(self.context, batch))
        self.items.extend(tokens)
        self._positions += count

    def read_token(self, token: int) -> None:
        """Read one token, as `read_tokens` does, without its overhead."""
        batch = self._batch
        batch.token[0] = token
        batch.pos[0] = self._positions
        batch.logits[0] = 1
        batch.n_tokens = 1
        code = llama.llama_decode(self.context, batch)
        if code:
            self.settle(code)
        self.items.append(token)
        self._positions += 1

    def took(self, item: Item, positions: int) -> None:
        """Something else decoded `item` into the cache."""
        self.items.append(item)
        self._positions += positions

    def settle(self, code: int) -> None:
        """After a decode: on failure remove what it left behind, and say why it failed."""
        if code == 0:
            return
        self._cut()
        if code == 2 or self.flag.is_set:
            raise Cancelled
        if code == 1:
            raise EngineError(
                f"The context of {self.n_ctx:,} tokens is full. Your chat is safe; start a new one, "
                "or set a larger n_ctx."
            )
        raise EngineError(
            f"llama.cpp could not go on (error {code}). The text so far is kept; send again."
        )

    def close(self) -> None:
        llama.llama_batch_free(self._batch)
        llama.llama_free(self.context)
        llama.llama_model_free(self.pointer)


def path_bytes(path: Path) -> bytes:
    return str(path).encode("utf-8", errors="surrogateescape")


def check_projector(path: Path, architecture: str, *, mrope: bool) -> None:
    """Refuse a projector that would abort the process with this model.

    llama.cpp aborts when a picture is decoded by a glm4 or glm4moe file that lacks
    `rope.dimension_sections`. Raises ModelUnsupported or ModelDamaged.
    """
    if architecture in ("glm4", "glm4moe") and not mrope:
        raise ModelUnsupported(
            "This model file was made before llama.cpp could show it pictures; download it again to "
            "use them. Text works."
        )
    caps = mtmd.mtmd_get_cap_from_file(path_bytes(path))
    if not caps.inp_vision:
        raise ModelDamaged(f"{path.name} is not a vision projector that llama.cpp can read.")
