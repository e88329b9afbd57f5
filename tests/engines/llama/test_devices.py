"""Which devices are here, as a child process sees them."""

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from glmdesk.child import Pipe
from glmdesk.engines.llama import devices, native
from glmdesk.engines.llama.devices import Device, offloading, probe
from glmdesk.errors import EngineError


def test_there_is_always_the_cpu(tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    found = probe(tmp_path)
    cpu = next(device for device in found if device.kind == "cpu")
    assert cpu.name == "CPU"
    assert cpu.description
    assert 0 < cpu.memory_free <= cpu.memory_total
    names = [device.name for device in found]
    assert len(set(names)) == len(names)
    assert set(multiprocessing.active_children()) == before


def test_the_worker_sees_the_same(tmp_path: Path) -> None:
    found = [(device.name, device.kind, device.memory_total) for device in probe(tmp_path)]
    here = native.list_devices()
    assert [(device.name, device.kind, device.memory_total) for device in here] == found
    pointers = native.device_pointers([device.name for device in here])
    assert len(set(pointers)) == len(here)


def test_the_asking_process_loads_no_engine(tmp_path: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from glmdesk.engines.llama.devices import probe\n"
        "if __name__ == '__main__':\n"
        "    print(probe(Path(sys.argv[1]))[-1].kind, 'llama_cpp' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["cpu", "False"]


def _fall(pipe: Pipe) -> None:
    raise SystemExit("the driver is too old")


def test_a_child_that_falls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_serve", _fall)
    with pytest.raises(EngineError, match=r"ended \(exit code 1\). the driver is too old"):
        probe(tmp_path)


def _wait(pipe: Pipe) -> None:
    while pipe.ready(60):
        pass


def test_a_child_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_serve", _wait)
    monkeypatch.setattr(devices, "DEADLINE_S", 0.1)
    with pytest.raises(EngineError, match="did not say which devices"):
        probe(tmp_path)


def device(name: str, kind: devices.Kind) -> Device:
    return Device(name=name, description="", kind=kind, memory_free=0, memory_total=0)


def test_which_get_layers_by_themselves() -> None:
    cpu, inner, outer = device("CPU", "cpu"), device("Vulkan0", "igpu"), device("CUDA0", "gpu")
    assert offloading((cpu,)) == ()
    assert offloading((inner, cpu)) == (inner,)
    assert offloading((inner, outer, cpu)) == (outer,)
