"""Files that are named by their hash: damage is found without having fetched them."""

import threading
from pathlib import Path

import pytest

from glmdesk.errors import ModelDamaged, ModelMissing
from glmdesk.library.local import candidate, digests, importing
from tests.library.elsewhere.places_for_tests import PICO, cached, model, pulled, tower


def blob(folder: Path) -> Path:
    pulled(folder, "registry.ollama.ai/library/x/1", {"model": model(folder.parent / "x", "X")})
    return next((folder / "blobs").iterdir())


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def check(*files: Path) -> tuple[Path, ...]:
    return digests.verify(files, lambda done, total: None, threading.Event())


def test_names_that_promise(tmp_path: Path) -> None:
    digest = "ab" * 32
    for name in (digest, f"sha256-{digest}", f"sha256:{digest}"):
        assert digests.promised(tmp_path / name) == digest
    for name in ("x.gguf", digest[1:], f"{digest}.gguf", digest.upper(), f"md5-{digest}", "٣" * 64):
        assert digests.promised(tmp_path / name) == ""


@pytest.mark.parametrize("at", [5000, -1])
def test_damage_is_found(at: int, tmp_path: Path) -> None:
    theirs = blob(tmp_path / "ollama")
    link = cached(tmp_path / "hub", "a/b", "a" * 40, "x.gguf", model(tmp_path / "y.gguf"))
    seen: list[tuple[int, int]] = []
    total = theirs.stat().st_size + link.stat().st_size
    files = (theirs, link, PICO)
    assert digests.verify(files, lambda *now: seen.append(now), threading.Event()) == ()
    assert seen[-1] == (total, total)
    flip(link.resolve(), at)
    assert check(theirs, link) == (link,)
    flip(theirs, at)
    assert check(theirs, link) == (theirs, link)


def test_a_stop(tmp_path: Path) -> None:
    theirs, stop = blob(tmp_path / "ollama"), threading.Event()
    flip(theirs, -1)
    stop.set()
    assert digests.verify([theirs], lambda done, total: None, stop) == ()


def test_nothing_is_known(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="Nothing is known"):
        check(PICO)
    theirs = blob(tmp_path / "ollama")
    theirs.unlink()
    with pytest.raises(ModelMissing, match="cannot be read"):
        check(theirs)


def test_a_damaged_blob_is_not_copied(tmp_path: Path) -> None:
    theirs, models = blob(tmp_path / "ollama"), tmp_path / "models"
    flip(theirs, -1)
    one = candidate.examine(theirs, models)
    with pytest.raises(ModelDamaged, match="not what it was when it was fetched"):
        importing.run(one, "copy", threading.Event(), lambda progress: None)
    assert [path.name for path in models.iterdir()] == [".import.lock"]
    assert theirs.exists()


def test_a_projector_has_no_promise_of_its_own(tmp_path: Path) -> None:
    eye = tower(tmp_path / "mmproj-x.gguf")
    theirs = blob(tmp_path / "ollama")
    assert check(theirs, eye) == ()
