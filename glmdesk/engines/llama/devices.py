"""Which devices llama.cpp can use here, asked in a short-lived child: the app itself loads no engine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from glmdesk.child import Child, Pipe
from glmdesk.errors import EngineError

DEADLINE_S = 60.0
"""The first look at a GPU can take long: its driver compiles what it has not kept."""

Kind = Literal["cpu", "gpu", "igpu", "accel", "meta"]


@dataclass(frozen=True, kw_only=True)
class Device:
    """One of llama.cpp's devices. Sizes in bytes; 0 where the device does not tell."""

    name: str
    """As the setting `devices` takes it: "CUDA0", "Vulkan1", "CPU"."""
    description: str
    kind: Kind
    memory_free: int
    memory_total: int


@dataclass(frozen=True, kw_only=True)
class Found:
    devices: tuple[Device, ...]


def probe(log: Path) -> tuple[Device, ...]:
    """All devices, as a child process sees them; what it says goes to the folder `log`.

    Raises EngineError with the reason when llama.cpp cannot be asked.
    """
    child = Child(_serve, "glmdesk devices", log / "devices.log")
    try:
        if child.pipe.ready(DEADLINE_S):
            found: Found = child.pipe.receive()
            return found.devices
        raise EngineError("llama.cpp did not say which devices are here. Start glmdesk again.")
    except EOFError:
        child.wait(2)
        words = next(iter(child.last_words(1)), "")
        raise EngineError(
            f"llama.cpp could not be asked for its devices: {child.how_it_ended()}. {words}".strip()
        ) from None
    finally:
        child.kill()


def _serve(pipe: Pipe) -> None:
    from glmdesk.engines.llama import native  # llama.cpp belongs to the child alone

    native.start_library()
    pipe.send(Found(devices=native.list_devices()))


def offloading(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    """Those that llama.cpp gives layers to by itself: all GPUs, or else the one in the processor."""
    gpus = tuple(device for device in devices if device.kind == "gpu")
    return gpus or tuple(device for device in devices if device.kind == "igpu")
