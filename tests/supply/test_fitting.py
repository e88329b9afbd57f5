"""A plan from the best source at hand, for this machine or one that is described."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk import paths
from glmdesk.errors import UnreachableError
from glmdesk.library.cards import catalogue
from glmdesk.library.cards.card import Card
from glmdesk.library.fitting import fit
from glmdesk.library.fitting.hardware import Gpu, Machine
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.gguf.header import Header
from glmdesk.library.local.installed import Library
from glmdesk.library.local.verdicts import weigh
from glmdesk.settings import Settings
from glmdesk.supply.choice import Choice, choose
from glmdesk.supply.fitting import Fitting, imagine
from tests.supply.stock import GB, SupplyOf

CARDS = catalogue.read(paths.shipped("models"))
MACHINE = Machine(memory_total=32 * GB, memory_free=30 * GB, cores=8, disk_free=500 * GB)
CUDA = Gpu(name="CUDA0", free=23 * GB, total=24 * GB)


def no_gpu() -> tuple[Gpu, ...]:
    return ()


def unreachable(choice: Choice) -> Weights:
    raise UnreachableError("The hub could not be reached.")


@pytest.fixture
def fitting(settings: Settings) -> Fitting:
    return Fitting(settings, no_gpu, unreachable)


def pico(settings: Settings) -> Choice:
    here = Library(paths.shipped("models"), settings.paths.models).models()
    return choose("pico", CARDS, here)


def test_devices_and_headers_are_read_at_the_same_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits until the other one has begun."""
    both = threading.Barrier(2, timeout=20)

    def probe() -> tuple[Gpu, ...]:
        both.wait()
        return (CUDA,)

    def slow(header: Header, mmproj: Path | None) -> Weights | None:
        both.wait()
        return weigh(header, mmproj)

    monkeypatch.setattr("glmdesk.supply.fitting.weigh", slow)
    plan = Fitting(settings, probe, unreachable).plan_now(pico(settings))
    assert plan
    assert plan.kind == "gpu"
    assert plan.search.machine.gpus == (CUDA,)


def test_a_plan_is_made_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Machine] = []
    plan = fit.plan

    def count(weights: Weights, machine: Machine, wishes: fit.Wishes) -> fit.Plan:
        made.append(machine)
        return plan(weights, machine, wishes)

    monkeypatch.setattr(fit, "plan", count)
    fitting, choice = Fitting(settings, no_gpu, unreachable), pico(settings)
    first = fitting.plan(choice, MACHINE)
    assert fitting.plan(choice, replace(MACHINE, disk_free=7)) is first
    assert len(made) == 1
    fitting.plan(choice, replace(MACHINE, memory_free=7))
    fitting.plan(choice, MACHINE, 512)
    assert len(made) == 3


def test_only_the_devices_that_are_set(settings: Settings) -> None:
    other = Gpu(name="CUDA1", total=8 * GB)
    chosen = replace(settings, devices=("CUDA1",))
    assert Fitting(chosen, lambda: (CUDA, other), unreachable).machine().gpus == (other,)
    nothing = replace(settings, devices=("none",))
    assert Fitting(nothing, lambda: (CUDA, other), unreachable).machine().gpus == ()


def test_a_file_that_is_here_is_exact(fitting: Fitting, settings: Settings) -> None:
    plan = fitting.plan(pico(settings), MACHINE)
    assert plan
    assert plan.exact
    assert plan.fits
    ram = plan.memory[0]
    assert ram.weights == pytest.approx(2_900_000, rel=0.05)
    assert ram.projector == pytest.approx(1_740_000, rel=0.05)


def test_a_card_is_an_estimate(fitting: Fitting) -> None:
    plan = fitting.plan(choose("glm-4.6v-flash", CARDS, []), MACHINE)
    assert plan
    assert not plan.exact
    assert plan.n_ctx == 32_768
    assert plan.kind in ("cpu", "slow")


def test_the_hub_is_asked_once_for_what_is_not_here(settings: Settings) -> None:
    card = next(card for card in CARDS if card.id == "glm-4.6v-flash")
    variant = card.variant()
    assert variant
    estimate = Weights.from_card(card, variant)
    assert estimate
    exact = replace(estimate, exact=True)
    asked: list[str] = []

    def remote(choice: Choice) -> Weights:
        asked.append(choice.id)
        return exact

    fitting = Fitting(settings, no_gpu, remote)
    choice = choose("glm-4.6v-flash", CARDS, [])
    before = fitting.plan(choice, MACHINE)
    assert before
    assert not before.exact
    assert asked == []
    for ask in (True, True, False):
        plan = fitting.plan(choice, MACHINE, ask=ask)
        assert plan
        assert plan.exact
    assert asked == ["glm-4.6v-flash"]


def test_nothing_is_known_of_a_repository(fitting: Fitting) -> None:
    choice = choose("hf:owner/Small-GGUF", CARDS, [])
    assert fitting.plan(choice, MACHINE) is None
    with pytest.raises(UnreachableError):
        fitting.plan(choice, MACHINE, ask=True)


def test_a_file_that_changes_is_read_again(
    fitting: Fitting, settings: Settings, tmp_path: Path
) -> None:
    model = tmp_path / "own.gguf"
    model.write_bytes((paths.shipped("models") / "pico/pico-f16.gguf").read_bytes())
    found = Library(paths.shipped("models"), settings.paths.models).from_file(model)
    choice = Choice(id="own", name="own", installed=found)
    assert fitting.plan(choice, MACHINE)
    model.write_bytes(b"nothing that could be read")
    found = Library(paths.shipped("models"), settings.paths.models).from_file(model)
    assert fitting.plan(Choice(id="own", name="own", installed=found), MACHINE) is None


def test_what_the_settings_say_comes_before_the_card(settings: Settings) -> None:
    card = Card(id="c", name="C", n_ctx=8192, n_cpu_moe=3, cache_type_k="q8_0", flash_attn="off")
    plain = Fitting(settings, no_gpu, unreachable).wishes(card)
    assert (plain.n_ctx, plain.preferred_ctx, plain.n_cpu_moe) == (0, 8192, 3)
    assert (plain.n_gpu_layers, plain.mmproj_offload) == (None, None)
    assert (plain.cache_type_k, plain.flash_attn, plain.n_slots) == ("q8_0", "off", 4)
    said = replace(
        settings, n_ctx=2048, n_gpu_layers=0, n_cpu_moe=-1, mmproj_offload=False,
        cache_type_k="f16", flash_attn="on", n_slots=2,
    )  # fmt: skip
    own = Fitting(said, no_gpu, unreachable).wishes(card)
    assert (own.n_ctx, own.n_gpu_layers, own.n_cpu_moe) == (2048, 0, -1)
    assert (own.mmproj_offload, own.cache_type_k) == (False, "f16")
    assert (own.flash_attn, own.n_slots) == ("on", 2)
    assert Fitting(said, no_gpu, unreachable).wishes(card, 512).n_ctx == 512


def test_an_imagined_machine() -> None:
    here = replace(MACHINE, gpus=(CUDA,))
    assert imagine(here, None, None, unified=False) == here
    more = imagine(here, 64 * GB, None, unified=False)
    assert (more.memory_total, more.memory_free, more.gpus) == (64 * GB, 64 * GB, (CUDA,))
    assert imagine(here, None, 0, unified=False).gpus == ()
    (gpu,) = imagine(here, None, 8 * GB, unified=False).gpus
    assert (gpu.free, gpu.total, gpu.kind) == (8 * GB, 8 * GB, "gpu")


def test_an_imagined_mac() -> None:
    mac = imagine(MACHINE, 64 * GB, None, unified=True)
    assert mac.unified
    assert mac.working_set == mac.gpus[0].total == 48 * GB
    assert (mac.memory_total, mac.memory_free) == (64 * GB, 64 * GB)


def test_a_larger_machine_is_never_worse(fitting: Fitting) -> None:
    order = ("lacks", "slow", "cpu", "experts", "gpu")
    choice, kinds = choose("glm-4.5-air", CARDS, []), []
    for memory, gpu in ((16, 0), (128, 0), (128, 24), (128, 96)):
        plan = fitting.plan(choice, imagine(MACHINE, memory * GB, gpu * GB, unified=False))
        assert plan
        kinds.append(order.index(plan.kind))
    assert kinds == sorted(kinds)
    assert (order[kinds[0]], order[kinds[2]], order[kinds[-1]]) == ("lacks", "experts", "gpu")


def test_an_estimate_says_why_it_is_one(alone: SupplyOf) -> None:
    found = alone.fit(
        "glm-4.6v-flash", machine=imagine(alone.machine(), 64 * 10**9, 0, unified=False), ask=True
    )
    assert not found.exact
    assert "HF_HUB_OFFLINE is set" in found.reason


def test_an_exact_plan_needs_no_reason(supply: SupplyOf) -> None:
    machine = imagine(supply.machine(), 64 * 10**9, 0, unified=False)
    found = supply.fit("glm-4.6v-flash", machine=machine, ask=True)
    assert (found.exact, found.reason) == (True, "")
