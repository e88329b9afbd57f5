"""A load that runs out of memory goes down the ladder, leaves alone what was set, and says what it gave up."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glmdesk.app import load_spec
from glmdesk.engines.base import Engine
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.errors import EngineOutOfMemory, ModelDamaged
from glmdesk.library.fitting.hardware import Gpu
from glmdesk.library.local.installed import Installed
from glmdesk.settings import Settings
from glmdesk.supply import loading
from tests.supply import stock
from tests.supply.stock import GB, SupplyOf

FULL = "There is not enough memory to load it."
CUDA = Gpu(name="CUDA0", free=24 * GB, total=24 * GB)


class Starts:
    """Runs out of memory `failures` times; keeps what it was asked for."""

    def __init__(self, failures: int, words: str = FULL) -> None:
        self.specs: list[LoadSpec] = []
        self._failures, self._words = failures, words

    def __call__(self, spec: LoadSpec) -> Engine:
        self.specs.append(spec)
        if len(self.specs) <= self._failures:
            raise EngineOutOfMemory(self._words)
        return ScriptedEngine()


Make = Callable[..., SupplyOf]


@pytest.fixture
def make(settings: Settings, tmp_path: Path) -> Make:
    def made(gpus: tuple[Gpu, ...] = (), **values: Any) -> SupplyOf:
        environment = stock.environment(None, tmp_path / "person")
        return SupplyOf(replace(settings, **values), environment, gpus)

    return made


def own(supply: SupplyOf) -> Installed:
    """pico without its card: nothing is said about how to load it."""
    stock.put(supply.settings.paths.models, "own", stem="own")
    return supply.library.find("own")


def load(supply: SupplyOf, model: Installed, starts: Starts) -> LoadSpec:
    """The spec that worked."""
    engine = supply.load(model, load_spec(model, supply.settings), starts)
    assert isinstance(engine, ScriptedEngine)
    return starts.specs[-1]


def test_at_the_first_try_nothing_is_said(make: Make) -> None:
    supply = make()
    spec = load(supply, own(supply), Starts(0))
    assert (spec.n_ctx, spec.n_gpu_layers, spec.notice) == (8192, 0, "")


def test_a_smaller_context_comes_first(make: Make) -> None:
    supply, starts = make(), Starts(2)
    spec = load(supply, own(supply), starts)
    assert [one.n_ctx for one in starts.specs] == [8192, 6144, 4096]
    assert "There was not enough memory to load it as planned." in spec.notice
    assert "The context is now 4,096 tokens" in spec.notice


def test_the_ladder_ends_and_says_what_the_engine_said(make: Make) -> None:
    supply, starts = make(), Starts(1000)
    with pytest.raises(EngineOutOfMemory, match=FULL):
        load(supply, own(supply), starts)
    assert [one.n_ctx for one in starts.specs] == [8192, 6144, 4096]


def test_every_step_on_a_gpu_gives_up_something_else(make: Make) -> None:
    supply, starts = make((CUDA,)), Starts(1000)
    with pytest.raises(EngineOutOfMemory):
        load(supply, own(supply), starts)
    asked = [(one.n_ctx, one.mmproj_offload, one.n_gpu_layers) for one in starts.specs]
    assert asked[:4] == [
        (8192, True, -1), (6144, True, -1), (4096, True, -1), (4096, False, -1),
    ]  # fmt: skip
    assert asked[-1] == (4096, False, 0)
    assert len(asked) == len(set(asked))
    assert [bool(one.notice) for one in starts.specs] == [False] + [True] * (len(asked) - 1)
    assert starts.specs[3].notice == (
        "There was not enough memory to load it as planned. The context is now 4,096 tokens instead of "
        "8,192. Pictures are now looked at by the CPU, which takes longer."
    )
    assert "on the processor alone" in starts.specs[-1].notice
    assert [one.devices for one in starts.specs[-2:]] == [(), ("none",)]


def test_a_context_that_was_set_stays(make: Make) -> None:
    supply, starts = make((CUDA,), n_ctx=8192), Starts(1000)
    with pytest.raises(EngineOutOfMemory):
        load(supply, own(supply), starts)
    assert {one.n_ctx for one in starts.specs} == {8192}
    assert len(starts.specs) > 1


def test_what_was_set_stays(make: Make) -> None:
    supply, starts = make((CUDA,), n_gpu_layers=3, mmproj_offload=False), Starts(1000)
    with pytest.raises(EngineOutOfMemory):
        load(supply, own(supply), starts)
    assert {(one.n_gpu_layers, one.mmproj_offload) for one in starts.specs} == {(3, False)}
    assert [one.n_ctx for one in starts.specs] == [8192, 6144, 4096]


def test_when_all_is_set_there_is_one_try(make: Make) -> None:
    supply, starts = make(n_ctx=4096, n_gpu_layers=0), Starts(1)
    with pytest.raises(EngineOutOfMemory):
        load(supply, own(supply), starts)
    assert len(starts.specs) == 1


def test_another_error_ends_it(make: Make) -> None:
    supply = make()
    model = own(supply)

    def start(spec: LoadSpec) -> Engine:
        raise ModelDamaged("It is cut short.")

    with pytest.raises(ModelDamaged, match="cut short"):
        supply.load(model, load_spec(model, supply.settings), start)


def test_the_notice_of_the_model_comes_first(make: Make) -> None:
    supply = make()
    pico = supply.library.find("pico")
    spec = load(supply, pico, Starts(1))
    before = load_spec(pico, supply.settings).notice
    assert before
    assert spec.notice.startswith(f"{before} There was not enough memory")


def test_what_does_not_fit_is_tried_and_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    supply = make()
    model = own(supply)
    machine = supply.machine()
    tight = replace(machine, memory_total=2 * GB, memory_free=1_000_000)
    monkeypatch.setattr(supply._fitting, "machine", lambda now=False: tight)
    plan = supply.plan_of(model)
    assert plan
    assert not plan.fits
    spec = load(supply, model, Starts(0))
    assert spec.n_ctx == plan.n_ctx
    assert spec.notice == plan.sentence
    assert "more than there is" in spec.notice


def test_without_a_plan_it_is_loaded_as_it_was_asked_for() -> None:
    starts = Starts(0)
    spec = LoadSpec(id="a", name="A", model=Path("a.gguf"), n_ctx=777, notice="Hm.")
    loading.load(spec, None, lambda plan, failure: None, starts)
    assert starts.specs == [spec]
    with pytest.raises(EngineOutOfMemory):
        loading.load(spec, None, lambda plan, failure: None, Starts(1))


def test_a_device_that_cannot_be_asked_is_no_obstacle(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    supply = make()
    model = own(supply)

    def broken(*, now: bool = False) -> Any:
        raise EngineOutOfMemory("llama.cpp could not be asked for its devices.")

    monkeypatch.setattr(supply._fitting, "machine", broken)
    assert supply.plan_of(model) is None
    assert load(supply, model, Starts(0)).n_ctx == load_spec(model, supply.settings).n_ctx


def test_a_real_engine_after_two_failures(make: Make, tmp_path: Path) -> None:
    supply, starts = make(), Starts(2)
    model = supply.library.find("pico")

    def start(spec: LoadSpec) -> Engine:
        starts(spec)
        return LlamaEngine(spec, tmp_path / "log")

    engine = supply.load(model, load_spec(model, supply.settings), start)
    try:
        assert (engine.info.id, engine.info.n_ctx) == ("pico", 4096)
        assert "The context is now 4,096 tokens" in engine.info.notice
    finally:
        engine.close()


def test_other_processes_see_what_is_loaded(make: Make) -> None:
    supply = make()
    model = own(supply)
    marks = supply.settings.paths.models / ".loaded"
    spec = load_spec(model, supply.settings)
    with pytest.raises(EngineOutOfMemory):
        supply.load(model, spec, Starts(100))
    assert not list(marks.iterdir())
    supply.load(model, spec, Starts(0))
    assert len(list(marks.iterdir())) == 1
    supply.close()
    assert not list(marks.iterdir())
