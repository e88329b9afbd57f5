"""Import by move, copy and link: all of a model or nothing, and never without the original."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from glmdesk.errors import (
    GlmdeskError,
    ModelDamaged,
    ModelError,
    ModelMissing,
    ModelUnsupported,
    StorageError,
    UsageError,
)
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.local import candidate, importing, placing
from glmdesk.library.local.candidate import Candidate
from glmdesk.library.local.importing import Imported, Progress, Way
from glmdesk.library.local.installed import Library
from glmdesk.library.transfers import manifest
from glmdesk.library.transfers.verify import Damage, verify
from glmdesk.paths import shipped
from tests.library.elsewhere.places_for_tests import PICO, cached, model, pulled, tower
from tests.library.gguf.test_preflight import split

WAYS: tuple[Way, ...] = ("move", "copy", "link")


def put(one: Candidate, way: Way, report: Callable[[Progress], None] | None = None) -> Imported:
    return importing.run(one, way, threading.Event(), report or (lambda progress: None))


def tree_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".import.lock", ".glmdesk.json")
    }


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


@pytest.fixture
def flash(downloads: Path) -> Path:
    """A model and its projector, and things that are not theirs."""
    tower(downloads / "mmproj-GLM-4.6V-Flash-F16.gguf", "GLM 4.6V Flash")
    tower(downloads / "mmproj-GLM-4.6V-F16.gguf", "GLM 4.6V")
    (downloads / "notes.txt").write_text("mine")
    return model(downloads / "GLM-4.6V-Flash-Q4_K_M.gguf", "GLM 4.6V Flash")


@pytest.mark.parametrize("way", WAYS)
def test_a_model_and_its_projector(way: Way, flash: Path, models: Path) -> None:
    before = tree_of(flash.parent)
    one = candidate.examine(flash, models)
    assert one.id == "glm-4.6v-flash-q4_k_m"
    assert one.mmproj == "mmproj-GLM-4.6V-Flash-F16.gguf"
    assert one.size == sum(len(before[piece.name]) for piece in one.pieces)
    assert not models.exists(), "nothing is written before"
    seen: list[Progress] = []
    done = put(one, way, seen.append)
    assert done == Imported(folder=models / one.id)
    names = {flash.name, one.mmproj}
    assert tree_of(models) == {f"{one.id}/{name}": before[name] for name in names}
    left = before if way != "move" else {name: before[name] for name in before.keys() - names}
    assert tree_of(flash.parent) == left
    assert seen[-1].done == seen[-1].total == one.size
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    library = Library(shipped("models"), models)
    assert library.find().id == one.id
    assert library.find().mmproj == models / one.id / one.mmproj
    assert library.find().problem == ""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("hard_links", [True, False])
def test_what_was_imported_is_written_down(
    way: Way, hard_links: bool, flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not hard_links:
        monkeypatch.setattr(os, "link", no_link)
    one = candidate.examine(flash, models)
    folder = put(one, way).folder
    record = manifest.read(folder)
    assert record
    assert (record.id, record.source, record.repository) == (one.id, "", "")
    assert [(file.name, file.mmproj) for file in record.files] == [
        (flash.name, False), (one.mmproj, True),
    ]  # fmt: skip
    for file in record.files:
        data = (folder / file.name).read_bytes()
        assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert verify(folder) == ()
    with (folder / flash.name).open("r+b") as handle:
        handle.seek(1_000_000)
        handle.write(b"\1\2\3\4")
    assert verify(folder) == (Damage(name=flash.name, blocks=(0,)),)
    with pytest.raises(ModelMissing, match="there is no hub to fetch it from again"):
        record.item()


@pytest.mark.parametrize("way", WAYS)
def test_an_import_is_stopped_while_its_files_are_read(way: Way, flash: Path, models: Path) -> None:
    before, stop = tree_of(flash.parent), threading.Event()
    with pytest.raises(ModelError, match="was stopped. Nothing was changed"):
        importing.run(candidate.examine(flash, models), way, stop, lambda progress: stop.set())
    assert tree_of(flash.parent) == before
    assert tree_of(models) == {}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_onto_another_disk(
    way: Way, flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(source: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    before = tree_of(flash.parent)
    one = candidate.examine(flash, models)
    monkeypatch.setattr(importing._Fill, "rename_is_needed", lambda self: False)
    monkeypatch.setattr(os, "link", no_link)
    put(one, way)
    placed = models / one.id / flash.name
    assert placed.read_bytes() == before[flash.name]
    assert placed.is_symlink() == (way == "link")
    assert flash.exists() == (way != "move")


def test_a_disk_without_hard_links(
    flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    before, inode = tree_of(flash.parent), flash.stat().st_ino
    monkeypatch.setattr(os, "link", no_link)
    one = candidate.examine(flash, models)
    put(one, "move")
    placed = models / one.id / flash.name
    assert placed.stat().st_ino == inode, "renamed, and not copied"
    assert tree_of(models).keys() == {f"{one.id}/{flash.name}", f"{one.id}/{one.mmproj}"}
    assert placed.read_bytes() == before[flash.name]


def test_a_rename_that_fails_half_way(
    flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, one = tree_of(flash.parent), candidate.examine(flash, models)
    rename, calls = Path.rename, []

    def fail(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(importing._Fill, "rename_is_needed", lambda self: True)
    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(StorageError, match="The original is safe"):
        put(one, "move")
    assert tree_of(flash.parent) == before
    assert tree_of(models) == {}


def test_shards(downloads: Path, models: Path) -> None:
    paths = split(PICO, 3, downloads)
    before = tree_of(downloads)
    one = candidate.examine(paths[1], models, "air")
    assert [piece.name for piece in one.pieces] == [path.name for path in paths]
    put(one, "copy")
    assert tree_of(models) == {f"air/{name}": data for name, data in before.items()}
    assert Library(shipped("models"), models).find("air").problem == ""


def test_a_shard_that_is_missing(downloads: Path, models: Path) -> None:
    split(PICO, 3, downloads)[1].unlink()
    with pytest.raises(ModelDamaged, match="is not beside it"):
        candidate.examine(downloads / "big-00001-of-00003.gguf", models)


def test_a_folder(flash: Path, models: Path) -> None:
    assert candidate.examine(flash.parent, models).pieces[0].source == flash
    model(flash.parent / "other.gguf")
    with pytest.raises(ModelMissing, match="has 2 .*Name the file"):
        candidate.examine(flash.parent, models)


@pytest.mark.parametrize("width", [0, 5])
def test_the_projector_of_another_model_is_not_taken(
    width: int, downloads: Path, models: Path
) -> None:
    """It is named for this model, and its header says that it is not."""
    path = model(downloads / "GLM-4.6V-Q4_K_M.gguf", "GLM 4.6V Flash")
    tower(downloads / "mmproj-GLM-4.6V-F16.gguf", "GLM 4.5V")
    one = candidate.examine(path, models)
    assert one.mmproj == ""
    assert "Pictures are off" in one.notice


def test_a_projector_with_any_name_is_known_by_its_header(downloads: Path, models: Path) -> None:
    path = model(downloads / "a-Q4_K_M.gguf", "Some Vision Model")
    model(downloads / "b-Q4_K_M.gguf", "Other")
    tower(downloads / "tower.gguf", "Some Vision Model")
    tower(downloads / "other.gguf", "Other")
    one = candidate.examine(path, models)
    assert one.mmproj == "mmproj-tower.gguf"
    put(one, "copy")
    assert (
        Library(shipped("models"), models).find(one.id).mmproj == one.folder / "mmproj-tower.gguf"
    )


def test_a_stranger_beside_it(downloads: Path, models: Path) -> None:
    path = model(downloads / "Llama-Q4_K_M.gguf", "Llama")
    tower(downloads / "mmproj-Other-F16.gguf", "Other")
    one = candidate.examine(path, models)
    assert (one.mmproj, len(one.pieces)) == ("", 1)
    assert "another name" in one.notice


def test_a_damaged_projector_is_left(downloads: Path, models: Path) -> None:
    path = model(downloads / "x-Q4_K_M.gguf", "X")
    eye = tower(downloads / "mmproj-x.gguf", "X")
    eye.write_bytes(eye.read_bytes()[:-1000])
    assert candidate.examine(path, models).mmproj == ""


def test_the_snapshot_of_a_repository(tmp_path: Path, models: Path) -> None:
    hub = tmp_path / "hub"
    name = "UD-Q4_K_XL/GLM-4.6V-Flash-UD-Q4_K_XL.gguf"
    link = cached(hub, "unsloth/F", "a" * 40, name, model(tmp_path / "x.gguf", "GLM 4.6V Flash"))
    eye = tower(tmp_path / "y.gguf", "GLM 4.6V Flash")
    cached(hub, "unsloth/F", "a" * 40, "mmproj-F16.gguf", eye)
    where = Places(hub=(hub,))
    one = candidate.examine(link, models, places=where)
    assert (one.owner, one.mmproj) == ("Hugging Face", "mmproj-F16.gguf")
    with pytest.raises(ModelError, match="belongs to Hugging Face, which would miss it"):
        put(one, "move")
    with pytest.raises(ModelError, match="only a link"):
        put(candidate.examine(link, models), "move")
    assert not (models / one.id).exists()
    put(one, "link")
    placed = models / one.id / link.name
    assert placed.samefile(link)
    assert not placed.is_symlink()
    shutil.rmtree(hub)
    assert Library(shipped("models"), models).find(one.id).problem == ""


def test_a_blob_of_ollama_gets_a_name(tmp_path: Path, models: Path) -> None:
    root = tmp_path / "ollama"
    pulled(root, "registry.ollama.ai/library/glm4/9b", {"model": model(tmp_path / "x", "GLM 4 9B")})
    (blob,) = (root / "blobs").iterdir()
    one = candidate.examine(blob, models)
    assert (one.id, one.pieces[0].name) == ("glm-4-9b", "glm-4-9b.gguf")
    put(one, "copy")
    assert Library(shipped("models"), models).find().id == "glm-4-9b"


@pytest.mark.parametrize("name", ["x", "X", "Other"])
def test_a_name_that_is_taken(name: str, downloads: Path, models: Path) -> None:
    path = model(downloads / "x.gguf")
    put(candidate.examine(path, models), "copy")
    model(models / "other.gguf")
    before = tree_of(models)
    with pytest.raises(ModelError, match="There is a model .* already. Nothing was changed"):
        candidate.examine(path, models, name)
    with pytest.raises(ModelError, match="already"):
        candidate.examine(path, models, "lmstudio-x", taken=["LMStudio-X"])
    one = candidate.examine(path, models, "new")
    (models / "new").mkdir()
    model(models / "new" / "y.gguf")
    with pytest.raises(ModelError, match="already"):
        put(one, "copy")
    assert before.items() < tree_of(models).items()
    assert tree_of(models).keys() - before.keys() == {"new/y.gguf"}


def test_an_empty_folder_is_not_taken(downloads: Path, models: Path) -> None:
    (models / "x").mkdir(parents=True)
    put(candidate.examine(model(downloads / "x.gguf"), models), "copy")
    assert list(tree_of(models)) == ["x/x.gguf"]


@pytest.mark.parametrize(
    "id", ["..", "a/b", "/x", "a\\b", "con", "x.", ".x", "-x", "a\0b", "a\nb", "x" * 300]
)
def test_ids_that_are_no_names(id: str, downloads: Path, models: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name") as caught:
        candidate.examine(model(downloads / "x.gguf"), models, id)
    assert len(caught.value.message) < 500


def test_what_cannot_be_imported(downloads: Path, models: Path) -> None:
    (downloads / "text.gguf").write_text("text" * 100)
    eye = tower(downloads / "mmproj-x.gguf")
    odd = model(downloads / "odd.gguf", general__architecture="unheard-of")
    with pytest.raises(ModelDamaged):
        candidate.examine(downloads / "text.gguf", models)
    with pytest.raises(ModelUnsupported, match="is a vision projector"):
        candidate.examine(eye, models)
    with pytest.raises(ModelUnsupported, match="architecture"):
        candidate.examine(odd, models)
    with pytest.raises(ModelMissing):
        candidate.examine(downloads / "gone.gguf", models)
    inside = model(models / "here" / "x.gguf")
    with pytest.raises(ModelError, match="in the models folder already"):
        candidate.examine(inside, models)
    assert list(tree_of(models)) == ["here/x.gguf"]


def test_a_disk_that_is_too_small(
    flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = candidate.examine(flash, models)
    usage = shutil._ntuple_diskusage(10**9, 10**9, one.size)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(StorageError, match="MB free. Nothing was changed"):
        put(one, "copy")
    assert tree_of(models) == {}
    put(one, "link")
    assert len(tree_of(models)) == 2


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_stop(at: int, flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "_CHUNK", 64 * 1024)
    before, stop, seen = tree_of(flash.parent), threading.Event(), []

    def count(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == at:
            stop.set()

    one = candidate.examine(flash, models)
    if at == 0:
        stop.set()
    with pytest.raises(ModelError, match="was stopped. Nothing was changed"):
        importing.run(one, "copy", stop, count)
    assert tree_of(flash.parent) == before
    assert tree_of(models) == {}
    assert len(seen) <= at + 1


@pytest.mark.parametrize("call", range(1, 5))
def test_a_disk_that_fails(
    call: int, flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, calls, sync = tree_of(flash.parent), [], os.fsync

    def fail(handle: int) -> None:
        calls.append(handle)
        if len(calls) == call:
            raise OSError(errno.EIO, "Input/output error")
        sync(handle)

    monkeypatch.setattr(os, "fsync", fail)
    one = candidate.examine(flash, models)
    with pytest.raises(StorageError, match="The original is safe"):
        put(one, "copy")
    assert len(calls) == call
    assert tree_of(flash.parent) == before
    there = tree_of(models)
    assert not there or set(there.values()) <= set(before.values()), "all of it or nothing"
    assert len(there) in (0, 2)


def test_a_copy_that_comes_out_wrong(
    flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, write = tree_of(flash.parent), placing._write

    def flip(file: object, piece: bytes) -> None:
        write(file, bytes([piece[0] ^ 1]) + piece[1:])  # type: ignore[arg-type]

    monkeypatch.setattr(placing, "_write", flip)
    monkeypatch.setattr(importing._Fill, "rename_is_needed", lambda self: False)
    monkeypatch.setattr(placing, "link_hard", lambda source, target: False)
    one = candidate.examine(flash, models)
    with pytest.raises(StorageError, match="not the same as the original"):
        put(one, "move")
    assert tree_of(flash.parent) == before
    assert tree_of(models) == {}


def test_a_source_that_changes(flash: Path, models: Path) -> None:
    one = candidate.examine(flash, models)
    flash.write_bytes(flash.read_bytes() + b"more")
    with pytest.raises(StorageError, match="was changed while"):
        put(one, "copy")
    flash.unlink()
    with pytest.raises(StorageError, match="could not be imported"):
        put(one, "copy")
    assert tree_of(models) == {}


def test_an_original_that_was_replaced_stays(
    flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    appear = importing._appear

    def replace(one: Candidate, staging: Path) -> None:
        appear(one, staging)
        flash.unlink()
        flash.write_text("another file of the same name")

    monkeypatch.setattr(importing, "_appear", replace)
    done = put(candidate.examine(flash, models), "move")
    assert done.kept == (flash,)
    assert flash.read_text() == "another file of the same name"


def test_one_import_at_a_time(flash: Path, models: Path) -> None:
    one, messages = candidate.examine(flash, models), []

    def second(progress: Progress) -> None:
        with pytest.raises(ModelError, match="Another import") as caught:
            put(one, "copy")
        messages.append(caught.value.message)
        assert not importing.clear(models)

    put(one, "copy", second)
    assert messages
    assert importing.clear(models)


KILLED = """
import os, signal, sys, threading
from pathlib import Path
from glmdesk.library.local import candidate, importing, placing
source, models, way, at = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
calls = []
def die(name, original):
    def call(*values, **named):
        calls.append(name)
        if len(calls) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*values, **named)
    return call
for module, name in ((os, "link"), (os, "fsync"), (os, "unlink"), (os, "rename")):
    setattr(module, name, die(name, getattr(module, name)))
importing.run(candidate.examine(source, models), way, threading.Event(), lambda progress: None)
"""


@pytest.mark.parametrize("way", WAYS)
def test_killed_anywhere(way: Way, flash: Path, models: Path, tmp_path: Path) -> None:
    """Each time: the original or the whole import is there, and the next import works."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    before, names = tree_of(flash.parent), {flash.name, "mmproj-GLM-4.6V-Flash-F16.gguf"}
    root = Path(__file__).parents[3]
    for at in range(1, 12):
        arguments = [sys.executable, str(script), str(flash), str(models), way, str(at)]
        ended = subprocess.run(arguments, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
        assert ended.returncode in (0, -9)
        id = "glm-4.6v-flash-q4_k_m"
        whole = {f"{id}/{name}": before[name] for name in names}
        placed = {name: data for name, data in tree_of(models).items() if ".import" not in name}
        assert placed in ({}, whole), "all or nothing"
        left = tree_of(flash.parent)
        assert left == before or (way == "move" and placed == whole)
        if ended.returncode == 0:
            break
        assert importing.clear(models)
        assert not (models / ".import").exists()
        if not placed:
            assert left == before
            put(candidate.examine(flash, models), "copy")
        shutil.rmtree(models)
        for name, data in before.items():
            (flash.parent / name).write_bytes(data)
    assert at > 3
    assert ended.returncode == 0 or at == 11


def test_sentences_are_short(flash: Path, models: Path) -> None:
    one = candidate.examine(flash, models)
    put(one, "copy")
    with pytest.raises(GlmdeskError) as caught:
        put(one, "copy")
    assert len(caught.value.message) < 200


def test_what_a_killed_import_left_is_cleared(flash: Path, models: Path) -> None:
    one = candidate.examine(flash, models)
    left = models / ".import" / one.id / flash.name
    left.parent.mkdir(parents=True)
    os.link(flash, left)
    put(one, "copy")
    assert not (models / ".import").exists()
    assert flash.exists()
    assert len(tree_of(models)) == 2


def test_a_staging_folder_that_is_a_link(flash: Path, models: Path, tmp_path: Path) -> None:
    """Somebody put a link there: what it leads to is not ours to clear."""
    other = model(tmp_path / "other" / "x.gguf")
    models.mkdir()
    (models / ".import").symlink_to(other.parent)
    put(candidate.examine(flash, models), "copy")
    assert other.exists()
    assert [path.name for path in other.parent.iterdir()] == ["x.gguf"]


def test_nothing_is_overwritten(flash: Path, tmp_path: Path) -> None:
    target = tmp_path / "there.gguf"
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        placing.copy(flash, target, threading.Event(), lambda size: None)
    with pytest.raises(FileExistsError):
        placing.link(flash, target)
    with pytest.raises(FileExistsError):
        placing.link_hard(flash, target)
    assert target.read_text() == "mine"


def test_a_copy_leaves_as_much_free_as_a_download(
    flash: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = candidate.examine(flash, models)
    usage = shutil._ntuple_diskusage(10**10, 10**10, one.size + 10**9 - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(
        StorageError, match=r"and 1\.0 GB to spare; the disk of .* has 1\.0 GB free"
    ):
        put(one, "copy")
