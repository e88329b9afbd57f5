"""The one object: what there is, whether it runs, and getting it, from a hub that is really asked."""

import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.errors import (
    DownloadError,
    EngineError,
    FileMissing,
    GlmdeskError,
    ModelDamaged,
    OfflineError,
    UnreachableError,
    UsageError,
)
from glmdesk.library.fitting.hardware import Gpu
from glmdesk.library.transfers.progress import Progress
from glmdesk.settings import Settings
from glmdesk.supply import Row, Supply
from tests.hub.server import HubServer
from tests.supply import stock
from tests.supply.stock import GB, SupplyOf

CUDA = Gpu(name="CUDA0", description="A Card", free=20 * GB, total=24 * GB)
LARGER = "unsloth/GLM-4.6V-Flash-GGUF"


def quiet(progress: Progress) -> None:
    pass


def wait(supply: Supply, id: str) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        status = supply.downloads.find(id)
        if status is None or status.state in ("finished", "failed", "paused"):
            return
        time.sleep(0.02)
    pytest.fail(f"{id} did not come")


def add_larger(hub: HubServer) -> None:
    weights, tower = stock.WEIGHTS.read_bytes(), stock.TOWER.read_bytes()
    larger = weights + bytes(1024)  # not the same file as the usual size
    hub.add(LARGER, {"GLM-4.6V-Flash-Q5_K_M.gguf": larger, "mmproj-F16.gguf": tower})


# what there is


def test_at_first_there_is_the_catalogue(alone: SupplyOf) -> None:
    rows = alone.rows()
    assert [row.id for row in rows if row.installed] == ["pico"]
    assert {row.id for row in rows} == {"pico", *alone.catalogue_names()}
    assert "pico" not in alone.catalogue_names()
    assert all(row.verdict for row in rows)


def test_without_llama_cpp_the_list_has_no_verdicts(
    alone: SupplyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> tuple[Gpu, ...]:
        raise EngineError("llama.cpp did not say which devices are here.")

    monkeypatch.setattr(alone._fitting._probing, "_probe", broken)
    rows = alone.rows()
    assert rows
    assert not any(row.verdict for row in rows)
    assert alone.machine_line() == "llama.cpp did not say which devices are here."


def test_the_machine_in_a_line(settings: Settings, tmp_path: Path) -> None:
    environment = stock.environment(None, tmp_path / "person")
    assert ", no GPU, " in SupplyOf(settings, environment).machine_line()
    line = SupplyOf(settings, environment, (CUDA,)).machine_line()
    assert ", A Card with 24.0 GB, " in line
    assert line.endswith(" free on the disk")


def test_details(supply: SupplyOf) -> None:
    shown = supply.show("glm-4.6v-flash")
    assert shown.name == "GLM-4.6V-Flash"
    text = "\n".join(shown.lines)
    assert "Q4_K_M       7.1 GB (the usual choice): " in text
    assert "Here: " not in text
    here = "\n".join(supply.show("pico").lines)
    assert "Here: " in here
    assert "On this machine: " in here


# whether it runs


def test_fit_from_the_card_and_from_the_hub(supply: SupplyOf, hub: HubServer) -> None:
    card = supply.fit("glm-4.6v-flash")
    assert (card.exact, card.variant, card.size) == (False, "Q4_K_M", 7_146_633_568)
    assert hub.requests == []
    assert supply.fit("glm-4.6v-flash", ask=True).exact
    assert hub.requests


def test_fit_of_a_repository_asks_its_hub(supply: SupplyOf) -> None:
    fit = supply.fit(stock.NAME)
    assert (fit.exact, fit.name, fit.variant) == (True, "Small-GGUF", "F16")
    assert fit.size == stock.SIZE


def test_fit_without_the_hub(alone: SupplyOf) -> None:
    assert not alone.fit("glm-4.6v-flash", ask=True).exact
    with pytest.raises(OfflineError):
        alone.fit(stock.NAME)
    with pytest.raises(UsageError):
        alone.fit("nothing")


def test_fit_of_a_file_that_cannot_be_read(alone: SupplyOf) -> None:
    model = stock.put(alone.settings.paths.models, "broken")
    model.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelDamaged, match="broken cannot be loaded: small-F16.gguf "):
        alone.fit("broken")
    (row, *_) = alone.rows()
    assert row.id == "broken"
    assert row.problem
    assert row.verdict == ""


def test_fit_on_a_described_machine(alone: SupplyOf) -> None:
    def tone(memory: int, gpu: int | None = None, *, unified: bool = False) -> str:
        total = None if gpu is None else gpu * GB
        machine = alone.machine_like(memory=memory * GB, gpu=total, unified=unified)
        return alone.fit("glm-4.6v-flash", machine=machine).tone

    assert tone(4) == "lacks"
    assert tone(32, 0) in ("cpu", "slow")
    assert tone(32, 12) == "gpu"
    assert tone(36, unified=True) == "gpu"


def test_a_described_machine_is_at_rest(settings: Settings, tmp_path: Path) -> None:
    supply = SupplyOf(settings, stock.environment(None, tmp_path / "person"), (CUDA,))
    machine = supply.machine_like(memory=None, gpu=None, unified=False)
    assert machine.memory_free == machine.memory_total
    assert machine.gpus == (replace(CUDA, free=24 * GB),)
    with_other = supply.machine_like(memory=None, gpu=8 * GB, unified=False)
    assert with_other.memory_free == with_other.memory_total
    assert [gpu.total for gpu in with_other.gpus] == [8 * GB]


def test_a_larger_context_needs_more(alone: SupplyOf) -> None:
    machine = alone.machine_like(memory=64 * GB, gpu=0, unified=False)
    small, large = (
        alone.fit("glm-4.6v-flash", n_ctx=n_ctx, machine=machine).plan for n_ctx in (4096, 65_536)
    )
    assert (small.n_ctx, large.n_ctx) == (4096, 65_536)
    assert small.memory[0].cache * 16 == pytest.approx(large.memory[0].cache, rel=0.01)


# getting it


def test_pull_now(supply: SupplyOf) -> None:
    path = supply.pull_now(stock.NAME, quiet)
    assert path == supply.settings.paths.models / stock.ID / "small-F16.gguf"
    model = supply.library.find(stock.ID)
    assert (model.source, model.managed, model.size) == ("download", True, stock.SIZE)
    assert model.mmproj
    assert not model.problem


def test_what_is_here_is_not_pulled(supply: SupplyOf) -> None:
    path = supply.pull_now("glm-4.6v-flash", quiet)
    for name in ("glm-4.6v-flash", "glm-4.6v-flash:Q4_K_M", "GLM-4.6V-Flash"):
        with pytest.raises(UsageError, match="GLM-4.6V-Flash Q4_K_M is here already: "):
            supply.pull(name)
        assert supply.pull_now(name, quiet) == path
    with pytest.raises(UsageError, match="pico F16 is here already"):
        supply.pull("pico")


def test_the_usual_size_is_pulled_though_another_one_is_here(
    supply: SupplyOf, hub: HubServer
) -> None:
    add_larger(hub)
    larger = supply.pull_now("glm-4.6v-flash:Q5_K_M", quiet)
    assert larger.parent.name == "glm-4.6v-flash"
    usual = supply.pull_now("glm-4.6v-flash", quiet)
    assert usual.name == "GLM-4.6V-Flash-Q4_K_M.gguf"
    assert larger.exists()
    for name in ("glm-4.6v-flash", "glm-4.6v-flash:Q5_K_M", "glm-4.6v-flash-q4_k_m"):
        with pytest.raises(UsageError, match="is here already"):
            supply.pull(name)


def test_what_is_here_and_damaged_says_so(supply: SupplyOf) -> None:
    path = supply.pull_now("glm-4.6v-flash", quiet)
    with path.open("r+b") as file:
        file.truncate(500_000)
    with pytest.raises(
        UsageError, match=r"is here already: .*, but cannot be loaded: .*incomplete"
    ):
        supply.pull("glm-4.6v-flash")


def test_what_was_imported_is_not_written_over(supply: SupplyOf, tmp_path: Path) -> None:
    own = stock.put(tmp_path / "disk", "mine", stem="small-F16")
    supply.keeping.take_in(own, "copy", stock.ID, threading.Event(), quiet)
    with pytest.raises(UsageError, match=f"called {stock.ID} here already, taken in from this"):
        supply.pull(stock.NAME)


def test_a_file_of_the_catalogue_that_has_changed_is_taken_as_it_is(supply: SupplyOf) -> None:
    path = supply.pull_now("glm-4.6v-flash", quiet)
    model = supply.library.find("glm-4.6v-flash")
    assert (model.model, model.name) == (path, "GLM-4.6V-Flash")
    assert model.card
    assert model.card.id == "glm-4.6v-flash"
    assert "glm-4.6v-flash" in [row.id for row in supply.rows() if row.installed]


def test_two_sizes_of_a_model_lie_side_by_side(supply: SupplyOf, hub: HubServer) -> None:
    add_larger(hub)
    first = supply.pull_now("glm-4.6v-flash", quiet)
    second = supply.pull_now("glm-4.6v-flash:Q5_K_M", quiet)
    assert first.name == "GLM-4.6V-Flash-Q4_K_M.gguf"
    assert second.name == "GLM-4.6V-Flash-Q5_K_M.gguf"
    assert first.parent != second.parent
    ids = [model.id for model in supply.library.models()]
    assert ids == ["glm-4.6v-flash", "glm-4.6v-flash-q5_k_m", "pico"]
    here = [(row.name, row.variant) for row in supply.rows() if row.installed]
    assert here == [
        ("GLM-4.6V-Flash Q4_K_M", "Q4_K_M"), ("GLM-4.6V-Flash Q5_K_M", "Q5_K_M"), ("pico", "F16"),
    ]  # fmt: skip
    assert supply.library.find("GLM-4.6V-Flash").model == first


def test_another_size_does_not_disturb_one_that_is_on_its_way(
    supply: SupplyOf, hub: HubServer
) -> None:
    add_larger(hub)
    hub.rate = 500_000
    supply.pull("glm-4.6v-flash")
    other = supply.pull("glm-4.6v-flash:Q5_K_M")
    assert other.id == "glm-4.6v-flash-q5_k_m"
    assert {status.id for status in supply.downloads.list()} == {"glm-4.6v-flash", other.id}


def test_pull_in_the_background(supply: SupplyOf) -> None:
    status = supply.pull(stock.NAME)
    assert status.id == stock.ID
    wait(supply, stock.ID)
    assert supply.library.find(stock.ID).size == stock.SIZE
    rows = [row for row in supply.rows() if row.id == stock.ID]
    assert [row.installed for row in rows] == [True]
    assert rows[0].progress is None


def test_what_is_on_its_way_is_in_the_list(supply: SupplyOf, hub: HubServer) -> None:
    hub.rate = 200_000
    supply.pull(stock.NAME)
    (row,) = [row for row in supply.rows() if row.id == stock.ID]
    assert not row.installed
    assert row.progress
    assert row.progress.total == stock.SIZE


def test_a_size_that_the_repository_lacks(supply: SupplyOf) -> None:
    with pytest.raises(FileMissing):
        supply.pull("hf:owner/Small-GGUF:Q2_K")


def test_what_came_earlier_is_told_when_the_hub_gives_nothing(
    supply: SupplyOf, hub: HubServer
) -> None:
    hub.rate, hub.send_buffer = 4_000_000, 64 * 1024
    supply.pull(stock.NAME)
    end = time.monotonic() + 10
    while supply.downloads.list()[0].progress.done < 1_000_000 and time.monotonic() < end:
        time.sleep(0.02)
    supply.downloads.pause(stock.ID)
    wait(supply, stock.ID)
    supply._items.clear()
    hub.gate(stock.REPOSITORY, "hf_secret", gated=False)
    with pytest.raises(GlmdeskError) as caught:
        supply.pull(stock.NAME)
    assert "Nothing was downloaded" not in caught.value.message
    assert re.search(r"What came so far \([1-4]\.\d MB of 4.7 MB\) is kept", caught.value.message)
    with pytest.raises(GlmdeskError, match="Nothing was downloaded"):
        supply.pull("hf:owner/Gone")


def test_models_of_other_programs_are_judged_once_they_were_read(
    settings: Settings, tmp_path: Path
) -> None:
    person = tmp_path / "person"
    theirs = person / ".lmstudio" / "models" / "someone" / "Small-GGUF"
    stock.put(theirs.parent, theirs.name)
    id = "lmstudio-someone-small-F16"

    def row(supply: SupplyOf) -> Row:
        return next(row for row in supply.rows() if row.id == id)

    first = SupplyOf(settings, stock.environment(None, person))
    first.library.settle(20)
    assert row(first).verdict == "runs on the CPU"
    first.close()
    second = SupplyOf(settings, stock.environment(None, person))
    assert row(second).verdict == "runs on the CPU", "the first list of the next start knows"
    second.close()


def test_a_hub_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    environment = stock.environment(None, tmp_path / "person")
    del environment["HF_HUB_OFFLINE"]
    nobody = "http://127.0.0.1:1"
    supply = SupplyOf(
        settings, environment | {"HF_ENDPOINT": nobody, "MODELSCOPE_ENDPOINT": nobody}
    )
    with pytest.raises(UnreachableError):
        supply.pull("glm-4.6v-flash")
    supply.close()


def test_the_devices_of_llama_cpp_itself(settings: Settings) -> None:
    supply = Supply.open(settings)
    try:
        assert all(gpu.kind in ("gpu", "igpu") for gpu in supply.machine().gpus)
        assert settings.paths.models.is_dir()
    finally:
        supply.close()


def test_a_wrong_address_of_a_hub_stops_nothing_else(settings: Settings, tmp_path: Path) -> None:
    wrong = stock.environment(None, tmp_path / "person") | {"HF_ENDPOINT": "hf-mirror.com"}
    del wrong["HF_HUB_OFFLINE"]
    stock.put(settings.paths.models, "mine")
    supply = SupplyOf(settings, wrong)
    assert supply.library.find("mine").model.is_file()
    assert "mine" in {row.id for row in supply.rows()}
    with pytest.raises(DownloadError, match="HF_ENDPOINT is not the address of a hub"):
        supply.pull_now("glm-4.6v-flash", lambda progress: None)
    supply.close()


def test_a_name_that_is_taken_says_from_which_hub(supply: SupplyOf, hub: HubServer) -> None:
    supply.pull_now(stock.NAME, lambda progress: None)
    longer = stock.WEIGHTS.read_bytes() + bytes(1024)  # not the same file
    hub.add(stock.REPOSITORY, {"small-F16.gguf": longer})
    with pytest.raises(UsageError, match=r"from owner/Small-GGUF at Hugging Face\. Nothing"):
        supply.pull_now(stock.NAME.replace("hf:", "ms:"), lambda progress: None)
