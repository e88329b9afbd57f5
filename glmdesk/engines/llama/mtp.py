"""Guess an answer's next tokens with the model's own NextN block, which GLM calls MTP.

The block is one more layer with a cache of its own. Each of its rows is a token and the hidden state that
the model had one position earlier; it gives the token after. A guess is never trusted, so nothing here
can change what is answered: where a hidden state is not known, zeros stand for it, and where the block's
cache has a hole, it begins anew behind it.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llama_cpp import llama_cpp as llama
from llama_cpp import llama_cpp_ext as extension

from glmdesk.engines.llama.batch import TokenBatch
from glmdesk.errors import EngineError, ModelUnsupported
from glmdesk.library.gguf import header, preflight

_NEEDS = {"glm4moe": (), "deepseek2": ("attention.q_lora_rank", "attention.key_length_mla")}
"""What llama.cpp's graphs of the block take for granted."""
_FLOAT = 4


def check_block(model: Path) -> None:
    """Refuse a model file (of shards: the first) without a NextN block that can be used.

    llama.cpp believes the header, and ends the process when the tensors of the block are missing.
    Raises ModelUnsupported, and ModelMissing or ModelDamaged for what cannot be read.
    """
    parts = [header.read(path) for path in preflight.shards(model)]
    first = parts[0]
    block = f"blk.{int(first.value('block_count', 0)) - 1}.nextn.eh_proj.weight"
    usable = (
        first.architecture in _NEEDS
        and all(map(first.value, _NEEDS[first.architecture]))
        and first.value("nextn_predict_layers", 0) == 1
        and not any(first.value("rope.dimension_sections", ()))
        and any(tensor.name == block for part in parts for tensor in part.tensors)
    )
    if not usable:
        raise _no_block(model.name)


def _no_block(name: str) -> ModelUnsupported:
    return ModelUnsupported(
        f"{name} has no block that guesses ahead (MTP). Nothing is lost: switch MTP off for this "
        "model, or use a file that was made with the block."
    )


@dataclass(frozen=True, kw_only=True)
class Last:
    """The last token of an answer, which the model has not read yet, and the position it will get."""

    sequence: int
    token: int
    position: int


class _Chat:
    """What the block knows of one sequence."""

    def __init__(self, width: int) -> None:
        self.stored = 0
        """The position after the last row in its cache, or waiting in the batch."""
        self.ready = 0
        """The position whose row takes `hidden`."""
        self.hidden = (ctypes.c_float * width)()
        self.guessed_from: int | None = None
        """The token at `ready`, when a guess has stored its row already."""


class Mtp:
    """The NextN block beside one context. Belongs to the thread that decodes with that context."""

    def __init__(self, model: object, target: object, params: object) -> None:
        """`params` are the llama_context_params of `target`; `model` was loaded with `load_mtp`.

        Call `check_block` before the model is loaded. Raises ModelUnsupported or EngineError; the
        target goes on without.
        """
        if llama.llama_model_n_layer_nextn(model) != 1:
            raise _no_block("This model file")
        self._target = target
        self._context = _make_context(model, target, params)
        self._memory = llama.llama_get_memory(self._context)
        width = int(llama.llama_model_n_embd_out(model))
        self._width, self._row_size = width, _FLOAT * width
        self._batch = TokenBatch(int(llama.llama_n_batch(self._context)))
        self._hidden = (ctypes.c_float * (width * self._batch.capacity))()
        self._batch.native.embd = ctypes.cast(self._hidden, ctypes.POINTER(ctypes.c_float))
        self._waiting: set[int] = set()
        self._greedy = llama.llama_sampler_init_greedy()
        self._chats: dict[int, _Chat] = {}
        # Masked states are for rows with output only: too few of a prompt, and of the block the wrong
        # ones where rows without output come first.
        for context in (target, self._context):
            extension.llama_set_embeddings_nextn(context, True, False)

    def observe(self, sequence: int, tokens: Sequence[int], position: int, row: int) -> None:
        """The target has just read `tokens`, from `position` on, as the rows from `row` on of its batch.

        To be told between its decodes: each part of a prompt, and of an answer the tokens that stay,
        without the wrong guesses behind them.
        """
        chat = self._chats.setdefault(sequence, _Chat(self._width))
        states = extension.llama_get_embeddings_nextn(self._target)
        source = ctypes.addressof(states.contents) + row * self._row_size
        if chat.ready != position or chat.guessed_from != tokens[0]:
            self._move(sequence, chat, position)
            self._add(sequence, tokens[:1], position, ctypes.addressof(chat.hidden))
        self._add(sequence, tokens[1:], position + 1, source)
        chat.stored = chat.ready = position + len(tokens)
        chat.guessed_from = None
        ctypes.memmove(chat.hidden, source + (len(tokens) - 1) * self._row_size, self._row_size)

    def draft(self, lasts: Sequence[Last], count: int) -> list[list[int]]:
        """For each of `lasts` up to `count` tokens that may follow; none where its chat is not known.

        All chats are guessed together, in `count` small decodes.
        """
        known = [last for last in lasts if self._prepare(last)]
        guesses: dict[int, list[int]] = {last.sequence: [] for last in lasts}
        tokens = [last.token for last in known]
        sources = [ctypes.addressof(self._chats[last.sequence].hidden) for last in known]
        self._make_room(len(known))
        for step in range(count if known else 0):
            rows = [
                self._add(last.sequence, [token], last.position + step, source, outputs=1)
                for last, token, source in zip(known, tokens, sources, strict=True)
            ]
            if not self._decode():
                break
            tokens = [self._best(row) for row in rows]
            for last, token in zip(known, tokens, strict=True):
                guesses[last.sequence].append(token)
            sources = [self._state_of(row) for row in rows]
        for last in known:
            self._keep_first(last, len(guesses[last.sequence]))
        return [guesses[last.sequence] for last in lasts]

    def cut(self, sequence: int, position: int) -> None:
        """The target holds nothing of the sequence at `position` and behind it any more."""
        chat = self._chats.get(sequence)
        if chat and chat.stored > position:
            self._move(sequence, chat, position)

    def close(self) -> None:
        """To be called before the target is freed."""
        extension.llama_set_embeddings_nextn(self._target, False, False)
        llama.llama_sampler_free(self._greedy)
        llama.llama_free(self._context)

    def _prepare(self, last: Last) -> bool:
        """Whether `last` comes next in a known chat; its row can then be added."""
        chat = self._chats.get(last.sequence)
        if chat is None or chat.ready != last.position:
            return False
        self._move(last.sequence, chat, last.position)
        return True

    def _move(self, sequence: int, chat: _Chat, position: int) -> None:
        """Let the row at `position` be the next: cut what lies behind, or begin anew behind a hole."""
        if chat.stored != position:
            self._decode()
            start = position if position < chat.stored else -1
            llama.llama_memory_seq_rm(self._memory, sequence, start, -1)
            chat.stored = position
        if chat.ready != position:
            ctypes.memset(chat.hidden, 0, self._row_size)
            chat.ready = position
        chat.guessed_from = None

    def _add(
        self, sequence: int, tokens: Sequence[int], position: int, source: int, outputs: int = 0
    ) -> int:
        """Let rows wait, with hidden states from the address `source` on. Gives the first row."""
        if not tokens:
            return self._batch.count
        self._make_room(len(tokens))
        row = self._batch.add(sequence, tokens, position, outputs)
        target = ctypes.addressof(self._hidden) + row * self._row_size
        ctypes.memmove(target, source, len(tokens) * self._row_size)
        self._waiting.add(sequence)
        return row

    def _make_room(self, count: int) -> None:
        if self._batch.room < count:
            self._decode()

    def _decode(self) -> bool:
        """Read what waits. Where that fails, the chats in it begin anew with their next row."""
        if not self._batch.count:
            return True
        code = llama.llama_decode(self._context, self._batch.native)
        self._batch.clear()
        for sequence in self._waiting if code else ():
            llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        self._waiting.clear()
        return not code

    def _best(self, row: int) -> int:
        return int(llama.llama_sampler_sample(self._greedy, self._context, row))

    def _state_of(self, row: int) -> int:
        """Where the state lies that the block itself gives for the next token."""
        state = extension.llama_get_embeddings_nextn_ith(self._context, row)
        return ctypes.addressof(state.contents)

    def _keep_first(self, last: Last, guessed: int) -> None:
        """The row of `last` is as the target would have it; those of the guesses after it are not."""
        chat = self._chats[last.sequence]
        if guessed > 1:
            llama.llama_memory_seq_rm(self._memory, last.sequence, last.position + 1, -1)
        if guessed:
            chat.stored, chat.guessed_from = last.position + 1, last.token


def _make_context(model: object, target: object, params: object) -> object:
    """A context for the block alone; with no abort, since it takes a fraction of the target's time."""
    own = type(params).from_buffer_copy(params)  # type: ignore[attr-defined]
    own.ctx_type, own.ctx_other = llama.LLAMA_CONTEXT_TYPE_MTP, target
    own.n_outputs_max = own.n_seq_max
    own.abort_callback, own.abort_callback_data = llama.ggml_abort_callback(0), None
    context = llama.llama_init_from_model(model, own)
    if not context:
        raise EngineError(
            "There is not enough memory to guess ahead (MTP) beside this context. Your chats are safe. "
            "Set a smaller n_ctx, or switch MTP off for this model."
        )
    return context
