"""A cancel flag that native code reads by itself, without Python's lock.

llama.cpp asks its abort callback at every node of a graph, hundreds of times a token. A Python callback
would cost a few per cent of the speed, so the callback is the C library's own `strlen`: of the one-byte
text in `_memory` it says 1 when the flag is set and 0 when not.
"""

import ctypes
import sys

from llama_cpp import llama_cpp as llama


class CancelFlag:
    """Set from any thread; seen by the running graph at its next node."""

    def __init__(self) -> None:
        self._memory = ctypes.create_string_buffer(2)
        library = ctypes.CDLL("ucrtbase") if sys.platform == "win32" else ctypes.CDLL(None)
        self._address = ctypes.cast(library.strlen, ctypes.c_void_p).value
        self.callback = llama.ggml_abort_callback(self._address)
        self.data = ctypes.cast(self._memory, ctypes.c_void_p)

    def set(self) -> None:
        self._memory[0] = b"\x01"

    def clear(self) -> None:
        self._memory[0] = b"\x00"

    @property
    def is_set(self) -> bool:
        return self._memory[0] != b"\x00"
