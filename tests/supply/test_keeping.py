"""Files that are here: checked, mended, taken in and removed."""

import threading
from pathlib import Path

import pytest

from glmdesk.errors import DownloadError, GatedError, ModelDamaged, ModelError, ModelMissing
from glmdesk.library.local.importing import Way
from glmdesk.library.transfers import manifest, patience
from glmdesk.library.transfers.progress import Progress
from tests.hub.faults import Refuse
from tests.hub.server import HubServer
from tests.supply import stock
from tests.supply.stock import SupplyOf

NEVER = threading.Event()


def quiet(progress: Progress) -> None:
    pass


def flip(path: Path, place: int = 1_000_000) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.fixture
def pulled(supply: SupplyOf) -> Path:
    return supply.pull_now(stock.NAME, quiet)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return stock.put(tmp_path / "disk", "mine")


def test_as_it_was_downloaded(supply: SupplyOf, pulled: Path) -> None:
    seen: list[Progress] = []
    found = supply.keeping.verify(stock.ID, NEVER, seen.append)
    assert found.is_sound
    assert found.sentence == f"{stock.ID} is as it was downloaded, byte for byte."
    assert (seen[-1].done, seen[-1].total, seen[-1].state) == (stock.SIZE, stock.SIZE, "verifying")


def test_a_flipped_bit_is_found_and_mended(supply: SupplyOf, pulled: Path, hub: HubServer) -> None:
    flip(pulled)
    found = supply.keeping.verify(stock.ID, NEVER, quiet)
    assert not found.is_sound
    assert "small-F16.gguf, 1 block of 4 MiB" in found.sentence
    assert f"glmdesk models verify {stock.ID} --repair" in found.sentence
    sent = hub.sent["mmproj-small-F16.gguf"]
    assert supply.keeping.repair(stock.ID, NEVER, quiet).is_sound
    assert pulled.read_bytes() == stock.WEIGHTS.read_bytes()
    assert hub.sent["mmproj-small-F16.gguf"] == sent


def test_two_damaged_files(supply: SupplyOf, pulled: Path) -> None:
    flip(pulled)
    flip(pulled.with_name("mmproj-small-F16.gguf"))
    assert (
        "small-F16.gguf, 1 block of 4 MiB; mmproj-small-F16.gguf, 1 block of 4 MiB."
        in supply.keeping.verify(stock.ID, NEVER, quiet).sentence
    )


def test_mending_needs_the_hub(supply: SupplyOf, pulled: Path, hub: HubServer) -> None:
    flip(pulled)
    hub.gate(stock.REPOSITORY, "hf_secret")
    with pytest.raises(GatedError):
        supply.keeping.repair(stock.ID, NEVER, quiet)
    assert pulled.stat().st_size == stock.WEIGHTS.stat().st_size


def test_a_check_that_was_stopped_says_so(supply: SupplyOf, pulled: Path) -> None:
    stop = threading.Event()
    stop.set()
    found = supply.keeping.verify(stock.ID, stop, quiet)
    assert not found.is_sound
    assert found.sentence == f"{stock.ID} was not looked at to the end."


def test_a_file_of_which_nothing_is_recorded(alone: SupplyOf) -> None:
    model = stock.put(alone.settings.paths.models, "mine")
    found = alone.keeping.verify("mine", NEVER, quiet)
    assert found.is_sound
    assert "Where it came from, and so what it should hold, is not known" in found.sentence
    with model.open("r+b") as file:
        file.truncate(500_000)
    with pytest.raises(ModelDamaged):
        alone.keeping.verify("mine", NEVER, quiet)


def test_nothing_to_check(alone: SupplyOf) -> None:
    with pytest.raises(ModelMissing):
        alone.keeping.verify("nothing", NEVER, quiet)


@pytest.mark.parametrize("way", ["copy", "move", "link"])
def test_take_in(alone: SupplyOf, outside: Path, way: Way) -> None:
    seen: list[Progress] = []
    model = alone.keeping.take_in(outside, way, "new", NEVER, seen.append)
    assert (model.id, model.managed, model.size) == ("new", True, stock.SIZE)
    assert model.model.read_bytes() == stock.WEIGHTS.read_bytes()
    assert model.mmproj
    assert outside.exists() == (way != "move")
    assert (seen[-1].done, seen[-1].total) == (stock.SIZE, stock.SIZE)
    assert {progress.state for progress in seen} == {"importing"}
    assert not model.problem


@pytest.mark.parametrize("way", ["copy", "move", "link"])
def test_damage_after_an_import_is_told(alone: SupplyOf, outside: Path, way: Way) -> None:
    model = alone.keeping.take_in(outside, way, "new", NEVER, quiet)
    found = alone.keeping.verify("new", NEVER, quiet)
    assert (found.is_sound, found.sentence) == (True, "new is as it was imported, byte for byte.")
    flip(model.model)
    for look in (alone.keeping.verify, alone.keeping.repair):
        found = look("new", NEVER, quiet)
        assert not found.is_sound
        assert "new is damaged: small-F16.gguf, 1 block of 4 MiB" in found.sentence
        assert "remove it (glmdesk models remove new), then import or download it" in found.sentence
    assert model.mmproj
    model.mmproj.unlink()
    assert "mmproj-small-F16.gguf is missing" in alone.keeping.verify("new", NEVER, quiet).sentence


def test_a_repair_without_a_hub_says_what_it_waits_for_and_what_stays(
    supply: SupplyOf, pulled: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(pulled)
    before, seen = pulled.read_bytes(), list[Progress]()
    hub.always("small-F16.gguf", Refuse())
    monkeypatch.setattr(patience, "_FIRST_S", 0.01)
    with pytest.raises(DownloadError, match=f"Nothing of {stock.ID} was changed") as caught:
        supply.keeping.repair(stock.ID, NEVER, seen.append)
    assert "127.0.0.1" in caught.value.message
    notes = [progress.note for progress in seen if progress.note]
    assert notes == ["The connection was lost. Trying again in 1 s; what came is kept."] * 4
    assert pulled.read_bytes() == before
    assert not (pulled.parent / ".download").exists()
    assert supply.keeping.removal(stock.ID)


def test_take_in_under_a_name_that_is_taken(alone: SupplyOf, outside: Path) -> None:
    alone.keeping.take_in(outside, "copy", "", NEVER, quiet)
    with pytest.raises(ModelError, match="There is a model small-f16 already"):
        alone.keeping.take_in(outside, "copy", "", NEVER, quiet)
    with pytest.raises(ModelError, match="There is a model pico already"):
        alone.keeping.take_in(outside, "copy", "pico", NEVER, quiet)
    assert outside.exists()


def test_remove(supply: SupplyOf, pulled: Path) -> None:
    removal = supply.keeping.removal(stock.ID)
    assert removal.sentence.startswith(f"Removing {stock.ID} frees ")
    assert pulled.exists()
    asked: list[str] = []

    def is_used(id: str) -> bool:
        asked.append(id)
        return False

    said = supply.keeping.remove(stock.ID, is_used)
    assert said.startswith(f"{stock.ID} was removed; that freed 4.7 MB.")
    assert asked == [stock.ID]
    assert not pulled.parent.exists()
    with pytest.raises(ModelMissing):
        supply.library.find(stock.ID)


def test_what_is_loaded_stays(supply: SupplyOf, pulled: Path) -> None:
    with pytest.raises(ModelError, match="is loaded. Nothing was removed"):
        supply.keeping.remove(stock.ID, lambda id: True)
    assert pulled.exists()


def test_the_built_in_model_stays(alone: SupplyOf) -> None:
    with pytest.raises(ModelError, match="comes with glmdesk"):
        alone.keeping.removal("pico")
    assert stock.WEIGHTS.exists()


def test_a_link_leaves_its_original(alone: SupplyOf, outside: Path) -> None:
    alone.keeping.take_in(outside, "link", "linked", NEVER, quiet)
    alone.keeping.remove("linked", lambda id: False)
    assert outside.read_bytes() == stock.WEIGHTS.read_bytes()


def test_a_damaged_download_is_told_how_to_mend_it(supply: SupplyOf, pulled: Path) -> None:
    whole = pulled.read_bytes()
    for damage in (b"no model at all, " * 100, whole[: len(whole) // 2]):
        pulled.write_bytes(damage)
        problem = supply.library.find(stock.ID).problem
        assert f"glmdesk models verify {stock.ID} --repair" in problem
        assert "Choose a file" not in problem
        assert "copy" not in problem


def test_a_download_without_its_weights_is_listed_and_mended(
    supply: SupplyOf, pulled: Path, hub: HubServer
) -> None:
    pulled.unlink()
    model = supply.library.find(stock.ID)
    assert model.problem.startswith("small-F16.gguf is missing.")
    assert f"glmdesk models verify {stock.ID} --repair" in model.problem
    assert "small-F16.gguf is missing" in supply.keeping.verify(stock.ID, NEVER, quiet).sentence
    sent = hub.sent["mmproj-small-F16.gguf"]
    assert supply.keeping.repair(stock.ID, NEVER, quiet).is_sound
    assert pulled.read_bytes() == stock.WEIGHTS.read_bytes()
    assert hub.sent["mmproj-small-F16.gguf"] == sent
    assert not supply.library.find(stock.ID).problem


def test_a_download_without_its_weights_can_be_removed(supply: SupplyOf, pulled: Path) -> None:
    pulled.unlink()
    supply.keeping.remove(stock.ID, lambda id: False)
    assert not pulled.parent.exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 99}', "[" * 100_000])
def test_a_broken_record_is_told_and_fetching_again_mends_it(
    supply: SupplyOf, pulled: Path, text: str
) -> None:
    record = pulled.parent / ".glmdesk.json"
    record.write_text(text)
    model = supply.library.find(stock.ID)
    assert not model.problem
    assert "is not as glmdesk wrote it" in model.notice
    with pytest.raises(ModelDamaged, match=f"glmdesk models remove {stock.ID}") as caught:
        supply.keeping.verify(stock.ID, NEVER, quiet)
    assert "line 1" not in caught.value.message
    supply.pull_now(stock.NAME, quiet)
    assert supply.keeping.verify(stock.ID, NEVER, quiet).is_sound


def test_a_file_for_a_models_folder_has_no_record(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert manifest.read_strictly(blocked / "model") is None
