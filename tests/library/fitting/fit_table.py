"""The verdicts on GLM-4.6V-Flash and GLM-4.5-Air, machine by machine, as a text to read.

python -m tests.library.fitting.fit_table > tests/data/fit_table.txt
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from glmdesk.library.fitting.fit import Plan, Wishes, plan
from glmdesk.library.fitting.hardware import Gpu, Machine
from glmdesk.library.fitting.weights import Tower, Weights
from glmdesk.library.gguf import header
from tests.tiny_models import true_shapes

GB = 1_000_000_000
GIB = 1 << 30
PROJECTOR = 980_055_680
"""Bytes of mmproj-GLM-4.6V-Flash-Q8_0.gguf."""
WISHES = {
    "GLM-4.6V-Flash": Wishes(preferred_ctx=32_768, picture_tokens=4096),
    "GLM-4.5-Air": Wishes(),
}
HEADLINE = (
    f"{'model, in Q4_K_M':<20} {'machine':<24} {'verdict':<47} {'context':>8} {'largest':>8}"
    f" {'GPU GB':>7} {'RAM GB':>7}  speed"
)


def models(folder: Path) -> dict[str, Weights]:
    """The two models with their true shapes; the projector as large as published."""
    flash = header.read(true_shapes.write(true_shapes.FLASH, folder / "flash.gguf"))
    air = header.read(true_shapes.write(true_shapes.AIR, folder / "air.gguf"))
    seeing = replace(Weights.from_headers([flash]), projector=PROJECTOR, tower=Tower())
    return {"GLM-4.6V-Flash": seeing, "GLM-4.5-Air": Weights.from_headers([air])}


def card(gpu: int, ram: int) -> Machine:
    """GiB of each, with nothing running."""
    gpus = (Gpu(name="CUDA0", free=gpu * GIB, total=gpu * GIB),) if gpu else ()
    return Machine(memory_total=ram * GIB, memory_free=ram * GIB, gpus=gpus, cores=8)


def mac(memory: int) -> Machine:
    """Metal lets the GPU use three quarters of a large memory."""
    share = memory * GIB * 3 // 4
    metal = Gpu(name="Metal", free=share, total=share)
    return replace(card(0, memory), gpus=(metal,), unified=True, working_set=share)


def machines() -> dict[str, Machine]:
    cards = {
        f"{gpu} GB GPU, {ram} GB RAM": card(gpu, ram)
        for gpu in (8, 12, 16, 24)
        for ram in (32, 64, 128)
    }
    macs = {f"Mac, {memory} GB": mac(memory) for memory in (36, 64, 128)}
    return cards | macs | {f"no GPU, {ram} GB RAM": card(0, ram) for ram in (16, 32, 64, 128)}


def plans(found: Mapping[str, Weights]) -> Iterator[tuple[str, str, Plan]]:
    for name, weights in found.items():
        for machine, values in machines().items():
            yield name, machine, plan(weights, values, WISHES[name])


def table(found: Mapping[str, Weights]) -> str:
    return "\n".join([HEADLINE, *(_line(*one) for one in plans(found)), ""])


def _line(name: str, machine: str, made: Plan) -> str:
    ram, *gpus = (share.used / GB for share in made.memory)
    context = f"{made.n_ctx:>8,} {made.n_ctx_largest:>8,}"
    sizes = f"{sum(gpus):>7.1f} {ram:>7.1f}"
    speed = made.speed if made.fits else "-"
    return f"{name:<20} {machine:<24} {made.verdict:<47} {context} {sizes}  {speed}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(table(models(Path(folder))))
