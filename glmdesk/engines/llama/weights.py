"""Load a model's weights to where the settings want them: devices, layers, experts, load mode."""

import ctypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llama_cpp import llama_cpp as llama

from glmdesk.engines.llama import native
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.devices import Device, offloading
from glmdesk.engines.llama.native import path_bytes
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.report import LoadReport
from glmdesk.errors import EngineError, EngineOutOfMemory, ModelUnsupported

NO_DEVICE = ("none",)
"""`devices` for the CPU alone."""
_EXPERTS = r"\.ffn_(up|down|gate|gate_up)_(ch|)exps"
_LOAD_MODES = {
    "auto": llama.LLAMA_LOAD_MODE_AUTO,
    "mmap": llama.LLAMA_LOAD_MODE_MMAP,
    "none": llama.LLAMA_LOAD_MODE_NONE,
    "mlock": llama.LLAMA_LOAD_MODE_MMAP_MLOCK,
}
"""Direct I/O is left out: with it GLM-4.7 was seen to answer garbage."""
_TELL_EVERY_S = 0.1


class LoadCancelled(Exception):
    """The flag was set while the model was loaded."""


class _Override(ctypes.Structure):
    """llama_model_tensor_buft_override."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p))


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A loaded model; `kept` is what llama.cpp still points to."""

    pointer: object
    kept: tuple[object, ...]

    @property
    def nextn_layers(self) -> int:
        """Layers that guess ahead and were loaded."""
        return int(llama.llama_model_n_layer_nextn(self.pointer))

    def close(self) -> None:
        llama.llama_model_free(self.pointer)


def load_weights(
    spec: LoadSpec, flag: CancelFlag, progress: Callable[[float], None], report: LoadReport
) -> Weights:
    """Load `spec.model`; `progress` runs from 0 to 1. `report` is the one that `start_library` was given.

    Raises EngineError for devices that are not here and where memory is short, ModelUnsupported with
    llama.cpp's reason, LoadCancelled when `flag` is set.
    """
    check_placement(spec, native.list_devices())
    params, kept = _params(spec)
    params.progress_callback = _watch(flag, progress)
    pointer = llama.llama_model_load_from_file(path_bytes(spec.model), params)
    if flag.is_set:
        if pointer:
            llama.llama_model_free(pointer)
        raise LoadCancelled
    if not pointer:
        raise _refusal(spec, report)
    return Weights(pointer=pointer, kept=(params, *kept))


def _watch(flag: CancelFlag, progress: Callable[[float], None]) -> object:
    last = [0.0]

    @llama.llama_progress_callback  # type: ignore[untyped-decorator]
    def tell(done: float, _: object) -> bool:
        if time.monotonic() - last[0] > _TELL_EVERY_S:
            last[0] = time.monotonic()
            progress(done)
        return not flag.is_set

    return tell


def _params(spec: LoadSpec) -> tuple[llama.llama_model_params, tuple[object, ...]]:
    """The parameters of the load, and the arrays they point to."""
    params = llama.llama_model_default_params()
    params.n_gpu_layers = spec.n_gpu_layers
    params.load_mode = _LOAD_MODES[spec.load_mode]
    params.load_mtp = spec.mtp
    kept: list[object] = []
    if spec.devices:
        names = () if spec.devices == NO_DEVICE else spec.devices
        pointers = [*native.device_pointers(names), None]
        devices = (ctypes.c_void_p * len(pointers))(*pointers)
        params.devices = ctypes.cast(devices, ctypes.c_void_p)
        kept.append(devices)
    if spec.tensor_split:
        params.tensor_split = (ctypes.c_float * llama.llama_max_devices())(*spec.tensor_split)
    if patterns := expert_patterns(spec.n_cpu_moe):
        overrides = _overrides(patterns)
        params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p)
        kept.append(overrides)
    return params, tuple(kept)


def expert_patterns(layers: int) -> list[str]:
    """Regular expressions for the experts of the first `layers` layers; -1: of every layer."""
    if layers < 0:
        return [_EXPERTS]
    return [rf"blk\.{layer}{_EXPERTS}" for layer in range(layers)]


def _overrides(patterns: Sequence[str]) -> "ctypes.Array[_Override]":
    """What matches stays on the CPU; the list ends with an empty pattern."""
    cpu = native.cpu_buffer_type()
    found = [_Override(pattern.encode(), cpu) for pattern in patterns]
    return (_Override * (len(found) + 1))(*found)


def check_placement(spec: LoadSpec, here: tuple[Device, ...]) -> None:
    """Refuse devices that are not here, and shares that no device can take. Raises EngineError."""
    usable = {device.name for device in here if device.kind in ("gpu", "igpu")}
    known = ", ".join(sorted(usable)) or "none but the CPU"
    names = () if spec.devices == NO_DEVICE else spec.devices
    for name in names:
        if name not in usable:
            raise EngineError(
                f"The setting devices names {name!r}, which is not here. There is: {known}. Correct it "
                'in settings.toml, or write devices = ["none"] for the CPU alone.'
            )
    if len(set(names)) < len(names):
        raise EngineError("The setting devices names a device twice. Correct it in settings.toml.")
    _check_split(spec.tensor_split, len(names if spec.devices else offloading(here)))


def _check_split(split: tuple[float, ...], count: int) -> None:
    if len(split) > count:
        raise EngineError(
            f"The setting tensor_split has {len(split)} shares, and the devices in use are {count}. "
            "Correct it in settings.toml, or take it out."
        )
    if split and (min(split) < 0 or not 0 < sum(split) < float("inf")):
        raise EngineError(
            "The setting tensor_split needs shares of 0 or more that are not all 0. Correct it in "
            "settings.toml."
        )


def _refusal(spec: LoadSpec, report: LoadReport) -> Exception:
    name, reason = spec.model.name, report.reason()
    if report.lacked_memory:
        return EngineOutOfMemory(
            f"There is not enough memory for {name} ({reason}). Your chats are safe. Choose a smaller "
            "file of this model, or put less on the GPU: a smaller n_gpu_layers, a larger n_cpu_moe."
        )
    said = f": {reason}" if reason else ""
    return ModelUnsupported(
        f"llama.cpp could not load {name}{said}. Your chats are safe. Try another file of this model, "
        "or a newer glmdesk."
    )
