"""Predicted memory beside what llama.cpp itself says; benchmarks/fit_error.py has more cases."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.fit_error import TARGETS, logged, predicted
from glmdesk import paths
from glmdesk.app import load_spec
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.library.fitting.buffers import tower_bytes
from glmdesk.library.fitting.fit import Wishes, plan
from glmdesk.library.fitting.hardware import Gpu, Machine
from glmdesk.library.fitting.weights import Tower, Weights
from glmdesk.library.gguf import header
from glmdesk.library.local.installed import Library
from glmdesk.paths import find
from glmdesk.settings import Settings
from tests.environment import smollm2_path
from tests.tiny_models import true_shapes

CASES = (
    {"n_ctx": 4_096},
    {"n_ctx": 16_384, "cache_type_k": "q8_0", "cache_type_v": "q8_0"},
    {"n_ctx": 8_192, "flash_attn": "off"},
)
ROOMY = Machine(memory_total=1 << 40, memory_free=1 << 40)


def check(model: Path) -> None:
    for case, guess, true in zip(CASES, predicted(model, CASES), logged(model, CASES), strict=True):
        for part, target in TARGETS.items():
            assert guess[part] == pytest.approx(true[part], rel=target), (case, part)


@pytest.mark.parametrize("name", ["FLASH", "AIR", "FLASH_47"])
def test_true_shapes(name: str, tmp_path: Path) -> None:
    check(true_shapes.write(getattr(true_shapes, name), tmp_path / f"{name}.gguf"))


GPUS = (
    ("FLASH", 1, -1, 0, (120.3,)),
    ("FLASH", 1, 20, 0, (161.1,)),
    ("FLASH", 2, -1, 0, (200.3, 232.3)),
    ("AIR", 1, -1, 0, (164.0,)),
    ("AIR", 1, -1, 46, (912.0,)),
    ("AIR", 1, -1, 20, (912.0,)),
    ("AIR", 1, 30, 46, (934.1,)),
    ("AIR", 2, -1, 0, (258.0, 290.0)),
    ("AIR", 2, -1, 20, (912.0, 162.8)),
    ("FLASH_47", 1, -1, 0, (94.0,)),
    ("FLASH_47", 1, -1, 47, (227.5,)),
)
"""Model, GPUs, layers and experts' layers, and the compute buffers in MiB that llama.cpp 0.5.0 logged for
16,384 cells. Its GPUs were RPC devices that take large batches off the CPU by the rule of CUDA's."""


@pytest.mark.parametrize(("form", "count", "layers", "moved", "true"), GPUS)
def test_gpus(
    form: str, count: int, layers: int, moved: int, true: tuple[float, ...], tmp_path: Path
) -> None:
    """Never less than it takes, and not much more."""
    model = true_shapes.write(getattr(true_shapes, form), tmp_path / "model.gguf")
    weights = Weights.from_headers([header.read(model)])
    gpus = tuple(Gpu(name=f"GPU{n}", free=1 << 40, total=1 << 40) for n in range(count))
    wishes = Wishes(n_ctx=16_384, n_gpu_layers=layers, n_cpu_moe=moved)
    made = plan(weights, replace(ROOMY, gpus=gpus), wishes)
    for share, logged_mib in zip(made.memory[1:], true, strict=True):
        assert 0.99 < share.compute / (logged_mib * 1024 * 1024) < 1.2


def test_pico() -> None:
    check(paths.shipped("models") / "pico" / "pico-f16.gguf")


def test_pico_with_its_tower_as_the_engine_loads_it(tmp_path: Path) -> None:
    """For real, and not only as llama.cpp plans it."""
    settings = Settings(paths=find(home=tmp_path))
    spec = load_spec(Library(paths.shipped("models"), tmp_path).find("pico"), settings)
    assert spec.mmproj
    with closing(LlamaEngine(spec, tmp_path / "log")) as engine:
        true = {part: sum(sizes.values()) if isinstance(sizes, dict) else sizes
                for part, sizes in engine.details["memory"].items()}  # fmt: skip
    weights = Weights.from_headers([header.read(spec.model)], header.read(spec.mmproj))
    made = plan(weights, ROOMY, Wishes(exact=spec.exact, n_ctx=spec.n_ctx))
    (ram,) = made.memory
    assert ram.weights == pytest.approx(true["weights"], rel=0.05)
    assert ram.cache == pytest.approx(true["cache"], rel=0.05)
    assert ram.compute == pytest.approx(true["compute"] + true["output"], rel=0.15)
    assert ram.projector == pytest.approx(true["projector"], rel=0.05)
    assert tower_bytes(weights.tower or Tower(), 0) == pytest.approx(
        true["projector_compute"], rel=0.15
    )


@pytest.mark.model
def test_smollm2() -> None:
    check(smollm2_path())
