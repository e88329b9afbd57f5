"""Removing a model: only ours, only its own files, and an honest word about the room it makes."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.errors import ModelError, StorageError
from glmdesk.library.elsewhere.foreign import Elsewhere
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.local import removing
from glmdesk.library.local.installed import Installed, Library
from glmdesk.library.local.removing import Removal
from glmdesk.library.transfers import manifest
from glmdesk.library.transfers.manifest import FileRecord, Manifest
from glmdesk.paths import shipped
from glmdesk.sizes import size
from tests.library.elsewhere.places_for_tests import PICO, model, pulled, tower
from tests.library.gguf.test_preflight import split


def free(name: str) -> bool:
    return False


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def examine(library: Library, id: str, models: Path) -> Removal:
    return removing.examine(library.find(id), models, library.models())


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def library(models: Path) -> Library:
    return Library(shipped("models"), models)


def on_disk(*paths: Path) -> int:
    return sum(min(path.stat().st_size, path.stat().st_blocks * 512) for path in paths)


def test_a_model_in_its_folder(models: Path, library: Library) -> None:
    paths = [model(models / "flash" / "x.gguf"), tower(models / "flash" / "mmproj-x.gguf")]
    (models / "flash" / ".glmdesk.json").write_text("{}")
    removal = examine(library, "flash", models)
    assert set(paths) < set(removal.files)
    assert removal.files[-1] == paths[0], "what makes it a model goes last"
    assert removal.frees >= on_disk(*paths) > 0
    assert removal.sentence == f"Removing flash frees {size(removal.frees)}."
    assert paths[0].exists(), "nothing is removed before"
    assert removing.run(removal, free) == removal.frees
    assert not (models / "flash").exists()
    assert models.exists()
    assert library.find().builtin


def test_shards(models: Path, library: Library) -> None:
    (models / "air").mkdir()
    paths = split(PICO, 3, models / "air")
    removal = examine(library, "air", models)
    assert set(removal.files) == set(paths)
    assert removal.files[-1] == paths[0]
    paths[1].unlink()
    removing.run(examine(library, "air", models), free)
    assert not (models / "air").exists(), "an incomplete one too"


def test_what_a_person_put_there_stays(models: Path, library: Library) -> None:
    model(models / "x" / "x.gguf")
    (models / "x" / "notes.txt").write_text("mine")
    removal = examine(library, "x", models)
    assert removal.others == (models / "x" / "notes.txt",)
    assert "These stay: notes.txt." in removal.sentence
    removing.run(removal, free)
    assert names(models / "x") == ["notes.txt"]


def test_a_projector_of_two_models_stays_for_the_other(models: Path, library: Library) -> None:
    for quant in ("Q4_0", "Q8_0"):
        model(models / "m" / f"GLM-4.6V-Flash-{quant}.gguf")
    eye = tower(models / "m" / "mmproj-F16.gguf")
    (models / "m" / ".glmdesk.json").write_text("{}")
    removal = examine(library, "GLM-4.6V-Flash-Q4_0", models)
    assert removal.shared == (eye,)
    removing.run(removal, free)
    assert library.find("m").mmproj == eye
    assert (models / "m" / ".glmdesk.json").exists()
    removing.run(examine(library, "m", models), free)
    assert names(models) == []


def test_a_file_right_in_the_models_folder(models: Path, library: Library) -> None:
    model(models / "x.gguf")
    model(models / "y.gguf")
    removing.run(examine(library, "x", models), free)
    assert names(models) == ["y.gguf"]


def test_room_is_counted_honestly(tmp_path: Path, models: Path, library: Library) -> None:
    real = model(tmp_path / "elsewhere" / "x.gguf")
    (models / "hard").mkdir()
    (models / "soft").mkdir()
    os.link(real, models / "hard" / "x.gguf")
    (models / "soft" / "x.gguf").symlink_to(real)
    for id in ("hard", "soft"):
        removal = examine(library, id, models)
        assert (removal.frees, removal.size) == (0, real.stat().st_size)
        assert "stays in use under another name" in removal.sentence
        assert removing.run(removal, free) == 0
    assert real.exists()


def test_two_names_in_one_removal_count_once(models: Path, library: Library) -> None:
    first = model(models / "x" / "x.gguf")
    assert removing._freed((first,)) == on_disk(first)
    second = models / "x" / "y.gguf"
    os.link(first, second)
    assert removing._freed((first,)) == 0
    assert removing._freed((first, second)) == on_disk(first)


def test_holes_take_no_room(models: Path) -> None:
    path = models / "sparse.gguf"
    with path.open("wb") as file:
        file.truncate(10**9)
    assert removing._freed((path,)) < 10**6


def test_the_built_in_model(models: Path, library: Library) -> None:
    with pytest.raises(ModelError, match="comes with glmdesk"):
        examine(library, "pico", models)


def test_models_of_other_programs(tmp_path: Path, models: Path) -> None:
    where = Places(lm_studio=(tmp_path / "lms",), ollama=(tmp_path / "ollama",))
    library = Library(shipped("models"), models, Elsewhere(where, patience=20, keep=0))
    theirs = model(tmp_path / "lms" / "a" / "b" / "x.gguf")
    pulled(
        tmp_path / "ollama", "registry.ollama.ai/library/glm4/9b", {"model": model(tmp_path / "y")}
    )
    for id, owner in (("lmstudio-a-x", "LM Studio"), ("ollama-glm4-9b", "Ollama")):
        with pytest.raises(ModelError, match=f"belongs to {owner}.*Remove it there"):
            examine(library, id, models)
    own = library.from_file(theirs)
    with pytest.raises(ModelError, match="belongs to LM Studio"):
        removing.examine(own, models, [], where)
    assert theirs.exists()


def test_what_lies_outside(tmp_path: Path, models: Path, library: Library) -> None:
    outside = model(tmp_path / "outside" / "x.gguf")
    with pytest.raises(ModelError, match="outside the models folder"):
        removing.examine(library.from_file(outside), models, [])
    (models / "way").symlink_to(outside.parent)
    with pytest.raises(ModelError, match="outside the models folder"):
        examine(library, "way", models)
    sly = Installed(
        id="x", name="x", model=models / ".." / "outside" / "x.gguf", source="models folder"
    )
    with pytest.raises(ModelError, match="outside the models folder"):
        removing.examine(sly, models, [])
    assert outside.exists()


def test_a_projector_outside_is_not_removed(tmp_path: Path, models: Path) -> None:
    eye = tower(tmp_path / "outside" / "mmproj-x.gguf")
    one = Installed(id="x", name="x", model=model(models / "x" / "x.gguf"), mmproj=eye)
    removal = removing.examine(one, models, [])
    assert eye not in removal.files
    removing.run(removal, free)
    assert eye.exists()


def test_a_model_in_use(models: Path, library: Library) -> None:
    path = model(models / "x" / "x.gguf")
    removal = examine(library, "x", models)
    with pytest.raises(ModelError, match="x is loaded. Nothing was removed"):
        removing.run(removal, lambda id: id == "x")
    assert path.exists()


def test_a_download_under_way(models: Path, library: Library) -> None:
    path = model(models / "x" / "x.gguf")
    (models / "x" / ".download").mkdir()
    (models / "x" / ".download" / "item.json").write_text("{}")
    with pytest.raises(ModelError, match="Cancel the download first"):
        examine(library, "x", models)
    shutil.rmtree(models / "x" / ".download")
    removing.run(examine(library, "x", models), free)
    assert not path.exists()


def test_a_file_that_cannot_be_removed(
    models: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(models / "x" / "x.gguf")
    removal = examine(library, "x", models)

    def held(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", held)
    with pytest.raises(StorageError, match="cannot be removed .*Close the program"):
        removing.run(removal, free)


def test_the_record_forgets_what_is_gone(models: Path, library: Library) -> None:
    """Two sizes of one model were downloaded into one folder."""
    paths = [model(models / "m" / f"x-{quant}.gguf") for quant in ("Q4_0", "Q8_0")]
    records = tuple(
        FileRecord(name=path.name, path=path.name, size=1, sha256="", blocks="", confirmed=False)
        for path in paths
    )
    record = Manifest(
        id="m", name="M", source="hf", repository="a/b", commit="c" * 40, files=records
    )
    manifest.write(models / "m", record)
    (models / "m" / ".download").mkdir()
    removing.run(examine(library, "x-Q4_0", models), free)
    assert manifest.read(models / "m") == replace(record, files=records[1:])
    removing.run(examine(library, "m", models), free)
    assert names(models) == []
