"""What a machine has, and what its container leaves of it."""

from pathlib import Path

import psutil
import pytest

from glmdesk.library.fitting.hardware import Gpu, Machine, read_machine

GB = 1_000_000_000
CUDA = Gpu(name="CUDA0", free=7 * GB, total=8 * GB)
INSIDE = Gpu(name="Vulkan0", kind="igpu", free=10 * GB, total=16 * GB)


def group(root: Path, name: str, **files: str) -> None:
    folder = root / "sys/fs/cgroup" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (folder / file.replace("__", ".")).write_text(text)


def member(root: Path, *lines: str) -> None:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("".join(line + "\n" for line in lines))


def test_this_machine(tmp_path: Path) -> None:
    found = read_machine((CUDA,), tmp_path / "not" / "there", root=tmp_path)
    assert found.memory_total == psutil.virtual_memory().total
    assert 0 < found.memory_free <= found.memory_total
    assert found.gpus == (CUDA,)
    assert 1 <= found.cores <= (psutil.cpu_count() or 1)
    assert found.disk_free > 0


def test_version_2(tmp_path: Path) -> None:
    """The tightest of the groups on the way up decides; files kept in memory can be let go."""
    member(tmp_path, "0::/outer/inner")
    group(tmp_path, "outer/inner", memory__max="max", memory__current="400")
    group(
        tmp_path, "outer", memory__max="1000000", memory__current="900000",
        memory__stat="anon 5\ninactive_file 300000\n",
    )  # fmt: skip
    found = read_machine((), tmp_path, root=tmp_path)
    assert (found.memory_total, found.memory_free) == (1_000_000, 400_000)


def test_version_1(tmp_path: Path) -> None:
    member(tmp_path, "11:cpu,cpuacct:/x", "4:memory:/docker/abc", "0::/")
    group(
        tmp_path, "memory", memory__limit_in_bytes="2000000", memory__usage_in_bytes="500000",
        memory__stat="total_inactive_file 100000\n",
    )  # fmt: skip
    found = read_machine((), tmp_path, root=tmp_path)
    assert (found.memory_total, found.memory_free) == (2_000_000, 1_600_000)


@pytest.mark.parametrize("limit", ["max", "9223372036854771712", "", "nonsense"])
def test_no_limit(tmp_path: Path, limit: str) -> None:
    member(tmp_path, "4:memory:/", "0::/../..")
    group(tmp_path, "memory", memory__limit_in_bytes=limit)
    group(tmp_path, "", memory__max=limit)
    found = read_machine((), tmp_path, root=tmp_path)
    assert found.memory_total == psutil.virtual_memory().total


def test_used_up(tmp_path: Path) -> None:
    member(tmp_path, "0::/")
    group(tmp_path, "", memory__max="1000", memory__current="1500")
    assert read_machine((), tmp_path, root=tmp_path).memory_free == 0


def test_apple(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    metal = Gpu(name="Metal", free=20 * GB, total=27 * GB)
    found = read_machine((metal,), tmp_path, root=tmp_path)
    assert (found.unified, found.working_set) == (True, 27 * GB)
    assert not read_machine((), tmp_path, root=tmp_path).unified


def test_a_card_comes_before_the_processor() -> None:
    def usable(*gpus: Gpu) -> tuple[Gpu, ...]:
        return Machine(memory_total=1, memory_free=1, gpus=gpus).usable_gpus()

    blas = Gpu(name="BLAS")
    assert usable(INSIDE, CUDA, blas) == (CUDA,)
    assert usable(INSIDE, blas) == (INSIDE,)
    assert usable(blas) == ()


def test_at_rest() -> None:
    busy = Machine(memory_total=16 * GB, memory_free=3 * GB, gpus=(CUDA,))
    rested = busy.at_rest()
    assert rested.memory_free == 16 * GB
    assert rested.gpus[0].free == 8 * GB
