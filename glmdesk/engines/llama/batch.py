"""What one llama_decode reads: rows of tokens of several sequences, or cells of one picture."""

import ctypes
from array import array
from collections.abc import Sequence

from llama_cpp import llama_cpp as llama


class TokenBatch:
    """Rows of tokens, filled anew for every step. Nothing is allocated while it is used."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.count = 0
        self._tokens = (ctypes.c_int32 * capacity)()
        self._positions = (ctypes.c_int32 * capacity)()
        self._sequences = (ctypes.c_int32 * capacity)()
        self._outputs = (ctypes.c_int8 * capacity)()
        self._one_each, self._pointers = _one_sequence_each(self._sequences, capacity)
        self.native = llama.llama_batch(
            n_tokens=0,
            token=self._tokens,
            embd=None,
            pos=self._positions,
            n_seq_id=self._one_each,
            seq_id=self._pointers,
            logits=self._outputs,
        )

    def clear(self) -> None:
        self.count = 0

    @property
    def room(self) -> int:
        """Rows that are still free."""
        return self.capacity - self.count

    def add(self, sequence: int, tokens: Sequence[int], position: int, outputs: int) -> int:
        """Add `tokens` from `position` on; the last `outputs` of them give logits. Gives the first row."""
        row, count = self.count, len(tokens)
        if count == 1:
            self._tokens[row] = tokens[0]
            self._positions[row] = position
            self._sequences[row] = sequence
            self._outputs[row] = outputs
        else:
            self._add_many(sequence, tokens, position, outputs)
        self.count = self.native.n_tokens = row + count
        return row

    def _add_many(self, sequence: int, tokens: Sequence[int], position: int, outputs: int) -> None:
        row, count = self.count, len(tokens)
        _put(self._tokens, row, tokens)
        _put(self._positions, row, range(position, position + count))
        _put(self._sequences, row, [sequence] * count)
        ctypes.memset(ctypes.byref(self._outputs, row), 0, count)
        for place in range(row + count - outputs, row + count):
            self._outputs[place] = 1


def _put(target: "ctypes.Array[ctypes.c_int32]", start: int, values: Sequence[int]) -> None:
    data = array("i", values)
    ctypes.memmove(ctypes.byref(target, 4 * start), data.buffer_info()[0], 4 * len(data))


def _one_sequence_each(
    sequences: "ctypes.Array[ctypes.c_int32]", count: int
) -> tuple["ctypes.Array[ctypes.c_int32]", object]:
    """llama.cpp's "each row belongs to one sequence": the counts, and a pointer to each number."""
    one_each = (ctypes.c_int32 * count)(*[1] * count)
    pointers = (ctypes.POINTER(ctypes.c_int32) * count)()
    base = ctypes.addressof(sequences)
    for place in range(count):
        pointers[place] = ctypes.cast(base + 4 * place, ctypes.POINTER(ctypes.c_int32))
    return one_each, pointers


class CellBatch:
    """Some cells of a picture: embeddings with their positions, no logits."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._positions = (ctypes.c_int32 * (4 * capacity))()
        self._sequences = (ctypes.c_int32 * capacity)()
        self._outputs = (ctypes.c_int8 * capacity)()
        self._one_each, self._pointers = _one_sequence_each(self._sequences, capacity)
        self.native = llama.llama_batch(
            n_tokens=0,
            token=None,
            embd=None,
            pos=self._positions,
            n_seq_id=self._one_each,
            seq_id=self._pointers,
            logits=self._outputs,
        )

    def fill(self, sequence: int, embeddings: int, positions: Sequence[Sequence[int]]) -> None:
        """`embeddings` is the address of the first cell's floats.

        `positions` has a list for each section of M-RoPE (four), or one list where there is no M-RoPE;
        llama.cpp wants them section after section.
        """
        count = len(positions[0])
        for section, values in enumerate(positions):
            _put(self._positions, section * count, values)
        _put(self._sequences, 0, [sequence] * count)
        self.native.embd = ctypes.cast(embeddings, ctypes.POINTER(ctypes.c_float))
        self.native.n_tokens = count
