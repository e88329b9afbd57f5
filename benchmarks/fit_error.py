"""How far the predicted memory of a model is from what llama.cpp logs when it opens it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, Options
from benchmarks.stage import Stage
from glmdesk.library.fitting import buffers
from glmdesk.library.fitting.hardware import Machine
from glmdesk.library.fitting.placement import Placement, memory
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.fitting.wishes import Wishes
from glmdesk.library.gguf import header, preflight
from tests.tiny_models import true_shapes

TARGETS = {"weights": 0.05, "cache": 0.05, "compute": 0.15}
"""The largest error that is promised, as a part of what is logged."""
CASES: tuple[Mapping[str, Any], ...] = (
    {"n_ctx": 4_096},
    {"n_ctx": 16_384},
    {"n_ctx": 65_536},
    {"n_ctx": 16_384, "cache_type_k": "q8_0", "cache_type_v": "q8_0"},
    {"n_ctx": 16_384, "cache_type_k": "q8_0", "cache_type_v": "q4_0"},
    {"n_ctx": 4_096, "flash_attn": "off"},
    {"n_ctx": 16_384, "flash_attn": "off"},
    {"n_ctx": 4_096, "exact": True},
)
"""Fields of LoadSpec."""
_MACHINE = Machine(memory_total=1 << 50, memory_free=1 << 50)
_DEADLINE_S = 300


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """The largest error of each part, over all cases of a model. No weights are read."""
    for name, model in _models(stage):
        pairs = list(zip(predicted(model, CASES), logged(model, CASES), strict=True))
        for part, target in TARGETS.items():
            error, worst = max(
                (abs(guess[part] / true[part] - 1), f"{guess[part]:,} for {true[part]:,} bytes")
                for guess, true in pairs
            )
            yield Figure(
                name=f"fit-error.{name}.{part}",
                value=round(100 * error, 2),
                unit="%",
                target=f"<= {100 * target:.0f}",
                met=error <= target,
                note=f"{len(pairs)} contexts and kinds of cache, no_alloc; at worst {worst}",
            )


def _models(stage: Stage) -> Iterator[tuple[str, Path]]:
    yield "pico", stage.pico().model
    if spec := stage.smollm2():
        yield "smollm2", spec.model
    for name, form in (
        ("glm-4.6v-flash", true_shapes.FLASH),
        ("glm-4.5-air", true_shapes.AIR),
        ("glm-4.7-flash", true_shapes.FLASH_47),
    ):
        yield name, true_shapes.write(form, stage.folder / f"{name}.gguf")


def predicted(model: Path, cases: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
    """What `placement` says of the RAM, with no GPU, in bytes by part; without the output buffer, which
    llama.cpp lets grow when it is needed."""
    weights = Weights.from_headers([header.read(path) for path in preflight.shards(model)])
    found = []
    for case in cases:
        wishes = Wishes(**case)
        (n_ctx,) = wishes.contexts(weights.dimensions)
        placement = Placement(n_ctx=n_ctx, n_gpu_layers=0)
        (ram,) = memory(weights, _MACHINE, placement, wishes.options(weights.dimensions))
        output = buffers.output_bytes(weights.dimensions)
        found.append({
            "weights": ram.weights, "cache": ram.cache, "compute": ram.compute - output,
        })  # fmt: skip
    return found


def logged(model: Path, cases: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
    """What llama.cpp says of the same, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.dry_load", str(model), json.dumps(cases)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_DEADLINE_S,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    if run.returncode:
        raise RuntimeError(f"llama.cpp did not open {model.name}: {run.stderr[-2000:]}")
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
