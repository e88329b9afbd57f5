"""llama.cpp itself: start it, hear what it logs, find the functions that its binding leaves out."""

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as llama
from llama_cpp import mtmd_cpp as mtmd

from glmdesk.engines.llama.devices import Device, Kind
from glmdesk.engines.llama.report import CONTINUED, WARNING, LoadReport

_KINDS: tuple[Kind, ...] = ("cpu", "gpu", "igpu", "accel", "meta")
_GGML = ("ggml.dll", "ggml-base.dll")


def start_library(report: LoadReport | None = None) -> None:
    """Start llama.cpp and send its warnings to stderr; `report` hears every line of this process.

    It may be called again, with the report of the next load.
    """
    last = [0]

    @llama.llama_log_callback  # type: ignore[untyped-decorator]
    def hear(level: int, text: bytes, _: object) -> None:
        words = text.decode("utf-8", errors="replace")
        if report:
            report.add(level, words)
        shown = last[0] if level == CONTINUED else level
        last[0] = shown
        if shown >= WARNING:
            sys.stderr.write(words)
            sys.stderr.flush()

    llama.llama_log_set(hear, ctypes.c_void_p(0))
    mtmd.mtmd_helper_log_set(hear, ctypes.c_void_p(0))
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(hear))  # llama.cpp keeps its address for good
    llama.llama_backend_init()


def symbol(name: str, result: Any, *arguments: Any) -> Any:
    """A function of ggml that the binding does not have.

    On Linux and macOS libllama finds it in its own dependencies; another copy of ggml would have other
    buffer types and a registry of its own. Windows does not search there: its one copy is asked.
    """
    libraries = [llama._lib]
    if sys.platform == "win32":
        folder = Path(llama._lib._name).parent
        libraries += [ctypes.CDLL(str(folder / library)) for library in _GGML]
    function = next(getattr(one, name) for one in libraries if hasattr(one, name))
    function.restype, function.argtypes = result, list(arguments)
    return function


def list_devices() -> tuple[Device, ...]:
    """All devices of this process, in llama.cpp's order."""
    return tuple(_describe(pointer) for pointer in _pointers())


def device_pointers(names: Sequence[str]) -> list[int]:
    """llama.cpp's devices of these names. Raises KeyError."""
    known = {
        device.name: pointer for device, pointer in zip(list_devices(), _pointers(), strict=True)
    }
    return [known[name] for name in names]


def cpu_buffer_type() -> int:
    """Where weights lie that stay on the CPU."""
    return int(symbol("ggml_backend_cpu_buffer_type", ctypes.c_void_p)())


def _pointers() -> list[int]:
    count = symbol("ggml_backend_dev_count", ctypes.c_size_t)()
    get = symbol("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    return [int(get(number)) for number in range(count)]


def _describe(pointer: int) -> Device:
    free, total = ctypes.c_size_t(0), ctypes.c_size_t(0)
    size = ctypes.POINTER(ctypes.c_size_t)
    memory = symbol("ggml_backend_dev_memory", None, ctypes.c_void_p, size, size)
    memory(pointer, ctypes.byref(free), ctypes.byref(total))
    kind = symbol("ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)(pointer)
    return Device(
        name=_text("ggml_backend_dev_name", pointer),
        description=_text("ggml_backend_dev_description", pointer),
        kind=_KINDS[kind],
        memory_free=free.value,
        memory_total=total.value,
    )


def _text(function: str, pointer: int) -> str:
    found = symbol(function, ctypes.c_char_p, ctypes.c_void_p)(pointer)
    return bytes(found or b"").decode("utf-8", errors="replace")


def path_bytes(path: Path) -> bytes:
    return str(path).encode("utf-8", errors="surrogateescape")
