"""Models in the folders of other programs: found where they are, whatever those folders hold."""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from glmdesk.library.elsewhere import foreign, hub_cache, lm_studio, ollama, places
from glmdesk.library.elsewhere.foreign import Elsewhere
from glmdesk.library.elsewhere.found import Found
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.gguf import peek, preflight, tree
from tests.library.elsewhere.places_for_tests import PICO, TOWER, cached, model, pulled, tower
from tests.library.gguf.test_preflight import split
from tests.library.gguf_editor import GgufFile

AIR = "glm-4.5-air"
USUAL = "registry.ollama.ai/library"


def found(folder: Path) -> list[Found]:
    where = Places(hub=(folder / "hub",), lm_studio=(folder / "lms",), ollama=(folder / "ollama",))
    return list(foreign.find(where))


def labels(folder: Path) -> list[str]:
    return [one.label for one in found(folder)]


def test_nothing_there(tmp_path: Path) -> None:
    assert found(tmp_path) == []


# Hugging Face


def test_a_file_of_the_hugging_face_cache(tmp_path: Path) -> None:
    name = "GLM-4.6V-Flash-Q4_K_M.gguf"
    link = cached(tmp_path / "hub", "ggml-org/F-GGUF", "a" * 40, name, model(tmp_path / name))
    mmproj = "mmproj-GLM-4.6V-Flash-Q8_0.gguf"
    cached(tmp_path / "hub", "ggml-org/F-GGUF", "a" * 40, mmproj, tower(tmp_path / mmproj))
    (one,) = found(tmp_path)
    assert one == Found(
        owner="Hugging Face cache", publisher="ggml-org", label="ggml-org/F-GGUF",
        stem="GLM-4.6V-Flash-Q4_K_M", model=link, mmproj=link.with_name(mmproj), architecture="glm4",
    )  # fmt: skip
    preflight.check(preflight.read(one.model))


def test_an_unfinished_download_is_not_there(tmp_path: Path) -> None:
    link = cached(tmp_path / "hub", "a/b", "a" * 40, "x.gguf", model(tmp_path / "x.gguf"))
    blob = link.resolve()
    blob.rename(f"{blob}.incomplete")
    assert found(tmp_path) == []


def test_the_newest_snapshot_is_taken(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    links = [
        cached(hub, "a/b", commit * 40, "x.gguf", model(tmp_path / "x.gguf", name=commit))
        for commit in "abc"
    ]
    for age, link in enumerate(links):
        os.utime(link.parent, (1_000_000 - age, 1_000_000 - age))
    assert [one.model for one in found(tmp_path)] == [links[0]]
    refs = hub / "models--a--b" / "refs"
    refs.mkdir()
    (refs / "main").write_text("b" * 40)
    assert [one.model for one in found(tmp_path)] == [links[1]]


def test_an_older_snapshot_has_what_the_newest_lacks(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    old = cached(hub, "a/b", "a" * 40, "x-Q8_0.gguf", model(tmp_path / "x.gguf"))
    new = cached(hub, "a/b", "b" * 40, "x-Q4_0.gguf", model(tmp_path / "y.gguf"))
    eye = cached(hub, "a/b", "b" * 40, "mmproj-F16.gguf", tower(tmp_path / "z.gguf"))
    os.utime(old.parent, (1, 1))
    assert [(one.model, one.mmproj) for one in found(tmp_path)] == [(new, eye), (old, eye)]


def test_a_projector_above_the_folder_of_its_model(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    cached(hub, "a/b", "a" * 40, "Q4_0/x-Q4_0.gguf", model(tmp_path / "x.gguf"))
    eye = cached(hub, "a/b", "a" * 40, "mmproj-F16.gguf", tower(tmp_path / "z.gguf"))
    assert [one.mmproj for one in found(tmp_path)] == [eye]


def test_shards_of_which_one_is_missing(tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    paths = split(PICO, 3, parts)
    links = [cached(tmp_path / "hub", "a/b", "a" * 40, path.name, path) for path in paths]
    assert [one.model for one in found(tmp_path)] == links[:1]
    preflight.check(preflight.read(links[0]))
    links[2].unlink()
    assert found(tmp_path) == []


def test_data_sets_are_no_models(tmp_path: Path) -> None:
    model(tmp_path / "hub" / "datasets--a--b" / "snapshots" / "x" / "x.gguf")
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "home/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x", "HF_HOME": "/h"}, "/h/hub"),
        ({"HF_HOME": "~/h"}, "home/h/hub"),
        ({"HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/old"}, "/old"),
        ({"HF_HUB_CACHE": "/new", "HUGGINGFACE_HUB_CACHE": "/old"}, "/new"),
        ({"HF_HUB_CACHE": "$BIG/${SUB}", "BIG": "/mnt", "SUB": "hub"}, "/mnt/hub"),
        ({"HF_HUB_CACHE": "  "}, "home/.cache/huggingface/hub"),
    ],
)
def test_where_the_hugging_face_cache_is(
    environment: dict[str, str], expected: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    assert places.find(environment, home).hub == (tmp_path / expected,)


# LM Studio


def test_a_model_of_lm_studio(tmp_path: Path) -> None:
    folder = tmp_path / "lms" / "lmstudio-community" / "GLM-4.6V-Flash-GGUF"
    path = model(folder / "GLM-4.6V-Flash-Q4_K_M.gguf")
    eye = tower(folder / "mmproj-GLM-4.6V-Flash-F16.gguf")
    (folder / "GLM-4.6V-Flash-Q8_0.gguf.part").write_bytes(path.read_bytes())
    (one,) = found(tmp_path)
    assert (one.owner, one.publisher, one.model, one.mmproj) == (
        "LM Studio", "lmstudio-community", path, eye,
    )  # fmt: skip
    assert one.label == "lmstudio-community/GLM-4.6V-Flash-GGUF"


def test_a_file_linked_from_another_place_is_there_once(tmp_path: Path) -> None:
    """People link what Ollama has into LM Studio's folder."""
    pulled(tmp_path / "ollama", f"{USUAL}/glm4/9b", {"model": model(tmp_path / "x.gguf")})
    (blob,) = (tmp_path / "ollama" / "blobs").iterdir()
    link = tmp_path / "lms" / "me" / "glm4" / "glm4.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    assert [(one.owner, one.model) for one in found(tmp_path)] == [("LM Studio", link)]
    link.unlink()
    os.link(blob, link)
    assert [one.owner for one in found(tmp_path)] == ["LM Studio"]


def test_where_lm_studio_keeps_models(tmp_path: Path) -> None:
    usual = (tmp_path / ".lmstudio" / "models", tmp_path / ".cache" / "lm-studio" / "models")
    assert places.find({}, tmp_path).lm_studio == usual
    (tmp_path / ".lmstudio").mkdir()
    settings = tmp_path / ".lmstudio" / "settings.json"
    settings.write_text(json.dumps({"downloadsFolder": str(tmp_path / "big")}))
    assert places.find({}, tmp_path).lm_studio == (tmp_path / "big", *usual)
    moved = tmp_path / "moved"
    moved.mkdir()
    (tmp_path / ".lmstudio-home-pointer").write_text(f"{moved}\n")
    assert places.find({}, tmp_path).lm_studio == (tmp_path / "big", moved / "models", *usual)


def test_settings_of_lm_studio_on_windows(tmp_path: Path) -> None:
    (tmp_path / "Roaming" / "LM Studio").mkdir(parents=True)
    settings = tmp_path / "Roaming" / "LM Studio" / "settings.json"
    settings.write_text(json.dumps({"downloadsFolder": str(tmp_path / "big")}))
    found = places.find({"APPDATA": str(tmp_path / "Roaming")}, tmp_path)
    assert found.lm_studio[0] == tmp_path / "big"


@pytest.mark.parametrize(
    "settings",
    [
        "", "{", "[]", "null", '{"downloadsFolder": 3}', '{"downloadsFolder": "relative"}',
        '{"downloadsFolder": "/"}', '{"downloadsFolder": "/a\\u0000b"}', "[" * 200_000,
        '{"downloadsFolder": "/x", "y": "' + "z" * 1_100_000 + '"}', "\xff\xfe", "9" * 10_000,
    ],
)  # fmt: skip
def test_odd_settings_of_lm_studio(settings: str, tmp_path: Path) -> None:
    (tmp_path / ".lmstudio").mkdir()
    (tmp_path / ".lmstudio" / "settings.json").write_text(settings, encoding="latin-1")
    (tmp_path / ".lmstudio-home-pointer").write_bytes(b"\xff\0relative")
    assert len(places.find({}, tmp_path).lm_studio) == 2


# Ollama


def test_a_model_of_ollama(tmp_path: Path) -> None:
    layers = {
        "model": model(tmp_path / "x.gguf"),
        "projector": tower(tmp_path / "y.gguf"),
        "license": PICO,
    }
    pulled(tmp_path / "ollama", f"{USUAL}/glm4/9b", layers)
    pulled(
        tmp_path / "ollama",
        "hf.co/unsloth/GLM-4.6V-Flash-GGUF/Q4_K_M",
        {"model": model(tmp_path / "z.gguf")},
    )
    other, one = found(tmp_path)
    assert (one.label, one.stem, one.publisher) == ("glm4:9b", "glm4-9b", "")
    assert (other.label, other.publisher) == ("unsloth/GLM-4.6V-Flash-GGUF:Q4_K_M", "unsloth")
    assert one.mmproj
    assert one.mmproj.read_bytes() == layers["projector"].read_bytes()
    preflight.check(preflight.read(one.model))
    assert one.model.suffix == ""


def test_two_tags_of_one_model(tmp_path: Path) -> None:
    for tag in ("9b", "latest"):
        pulled(tmp_path / "ollama", f"{USUAL}/glm4/{tag}", {"model": model(tmp_path / "x.gguf")})
    assert labels(tmp_path) == ["glm4:9b"]


def test_an_older_name_of_a_blob(tmp_path: Path) -> None:
    pulled(tmp_path / "ollama", f"{USUAL}/glm4/9b", {"model": model(tmp_path / "x.gguf")})
    (blob,) = (tmp_path / "ollama" / "blobs").iterdir()
    blob.rename(blob.with_name(blob.name.replace("-", ":")))
    assert labels(tmp_path) == ["glm4:9b"]


def test_a_blob_that_is_cut(tmp_path: Path) -> None:
    pulled(tmp_path / "ollama", f"{USUAL}/glm4/9b", {"model": model(tmp_path / "x.gguf")})
    (blob,) = (tmp_path / "ollama" / "blobs").iterdir()
    blob.write_bytes(blob.read_bytes()[:-1])
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:../../../outside.gguf", "../../outside.gguf", "/etc/passwd", "sha256:/etc/passwd", "",
        "sha256:" + "a" * 63, "sha256:" + "A" * 64, "sha256:" + "a" * 64 + "\n", "sha256:" + "٣" * 64,
        "sha256:" + "a" * 64 + "/../../../outside.gguf", "..\\..\\outside.gguf", None, 3, ["sha256"],
        "sha256-..", "md5:" + "a" * 64,
    ],
)  # fmt: skip
def test_a_digest_is_never_a_path(digest: object, tmp_path: Path) -> None:
    root = tmp_path / "a" / "b" / "ollama"
    source = model(tmp_path / "x.gguf")
    pulled(root, f"{USUAL}/glm4/9b", {"model": source}, digest=digest)
    for place in (tmp_path, tmp_path / "a", tmp_path / "a" / "b", root):
        model(place / "outside.gguf")
    for length in (63, 64):
        (root / "blobs" / ("sha256-" + "a" * length)).write_bytes(source.read_bytes())
    assert list(ollama.find(root)) == []


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "[]", "3", '{"layers": {}}', '{"layers": [3, null, []]}', "[" * 100_000,
        '{"layers": [{"mediaType": "application/vnd.ollama.image.model"}]}',
        '{"layers": [' + ",".join(["{}"] * 300) + "]}", "{" + " " * 1_100_000 + "}", "9" * 5000,
        '{"layers": [{"mediaType": 3, "digest": {}}], "layers": 5}',
    ],
)  # fmt: skip
def test_odd_manifests(text: str, tmp_path: Path) -> None:
    root = tmp_path / "ollama"
    pulled(root, f"{USUAL}/glm4/9b", {"model": model(tmp_path / "x.gguf")}).write_text(text)
    pulled(root, f"{USUAL}/glm4/sound", {"model": model(tmp_path / "x.gguf")})
    assert labels(tmp_path) == ["glm4:sound"]


def test_too_many_layers(tmp_path: Path) -> None:
    path = pulled(tmp_path / "ollama", f"{USUAL}/glm4/9b", {"model": model(tmp_path / "x.gguf")})
    layers = json.loads(path.read_text())["layers"]
    for number, expected in ((200, ["glm4:9b"]), (300, [])):
        path.write_text(json.dumps({"layers": [*layers, *({},) * number]}))
        assert labels(tmp_path) == expected


def test_manifests_that_are_no_files(tmp_path: Path) -> None:
    folder = tmp_path / "ollama" / "manifests" / USUAL / "glm4"
    folder.mkdir(parents=True)
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "folder").mkdir()
    (tmp_path / "ollama" / "manifests" / "x").write_text("{}")
    assert found(tmp_path) == []


def test_a_model_in_several_layers_is_left_alone(tmp_path: Path) -> None:
    path = pulled(tmp_path / "ollama", f"{USUAL}/glm4/9b", {"model": model(tmp_path / "x.gguf")})
    values = json.loads(path.read_text())
    path.write_text(json.dumps({"layers": values["layers"] * 2}))
    assert found(tmp_path) == []


def test_where_ollama_keeps_models(tmp_path: Path) -> None:
    assert places.find({}, tmp_path).ollama[0] == tmp_path / ".ollama" / "models"
    assert places.find({"OLLAMA_MODELS": "/m"}, tmp_path).ollama == (Path("/m"),)


# Whatever lies there


def test_what_cannot_chat_is_not_listed(tmp_path: Path) -> None:
    folder = tmp_path / "lms" / "a" / "b"
    for name in ("bert", "unheard-of", "clip"):
        model(folder / f"{name}.gguf", general__architecture=name)
    tower(folder / "vision.gguf")
    (folder / "text.gguf").write_text("no model" * 100)
    (folder / "empty.gguf").touch()
    assert found(tmp_path) == []


def test_loops_and_depths(tmp_path: Path) -> None:
    folder = tmp_path / "lms" / "a"
    path = model(folder / "b" / "x.gguf")
    (folder / "b" / "loop").symlink_to(folder)
    (folder / "b" / "self").symlink_to(folder / "b" / "self")
    (folder / "up").symlink_to(tmp_path)
    model(folder / "1" / "2" / "3" / "4" / "5" / "6" / "deep.gguf")
    model(folder / ".hidden" / "x.gguf")
    assert [one.model for one in found(tmp_path)] == [path]
    (folder / "up").unlink()
    files = tree.files(tmp_path / "lms")
    assert [file.name for file in files] == ["x.gguf"], "deeper than six folders, and loops once"


def test_small_files(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert tree.read_small(path, 5) == b"12345"
    assert tree.read_small(path, 4) == b"", "and not a part of it"
    assert tree.read_small(tmp_path, 5) == tree.read_small(tmp_path / "gone", 5) == b""


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "lms" / "a" / "b"
    model(folder / "x.gguf")
    for name in (b"a\xff.gguf", b"a\nb.gguf", "a\u202efugg.gguf".encode()):
        os.link(folder / "x.gguf", os.path.join(os.fsencode(folder), name))  # noqa: PTH118
    assert [path.name for path in tree.files(folder)] == ["x.gguf"]


def test_what_may_not_be_read(tmp_path: Path) -> None:
    path = model(tmp_path / "lms" / "a" / "b" / "x.gguf")
    other = model(tmp_path / "lms" / "c" / "d" / "y.gguf")
    path.parent.chmod(0)
    try:
        seen = [one.model for one in found(tmp_path)]
    finally:
        path.parent.chmod(0o700)
    assert seen == ([path, other] if os.geteuid() == 0 else [other])


def test_counts_are_limited(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.gguf").touch()
    assert len(tree.files(tmp_path, most=10)) == 10
    assert len(tree.files(tmp_path)) == 30


def test_a_folder_of_many_files_is_quick(tmp_path: Path) -> None:
    folder = tmp_path / "lms" / "a" / "b"
    source = model(folder / "m0-Q4_0.gguf").read_bytes()[: 64 * 1024]
    for number in range(1, 600):
        (folder / f"m{number}-Q4_0.gguf").write_bytes(source)
    began = time.monotonic()
    assert len(found(tmp_path)) == 500
    assert time.monotonic() - began < 10


def test_the_owner_of_a_path(tmp_path: Path) -> None:
    where = Places(hub=(tmp_path / "hub",), lm_studio=(tmp_path / "lms",), ollama=(tmp_path / "o",))
    blob = model(tmp_path / "o" / "blobs" / "x")
    link = tmp_path / "link.gguf"
    link.symlink_to(blob)
    assert where.owner(blob) == where.owner(link) == "Ollama"
    assert where.owner(tmp_path / "hub" / "x") == "Hugging Face"
    assert where.owner(tmp_path / "lms") == "LM Studio"
    assert where.owner(tmp_path / "lms2") == where.owner(tmp_path) == ""


# First bytes


def test_peek() -> None:
    assert peek.architecture(PICO) == "glm4"
    assert peek.architecture(TOWER) == "clip"


def test_peek_behind_other_keys(tmp_path: Path) -> None:
    """Ollama writes the keys in the order of the alphabet."""
    file = GgufFile.read(PICO)
    first = file.entries.pop(file.index("general.architecture"))
    small = [one for one in file.entries if len(one.body) < 1000]
    file.entries = [*small, first, *(one for one in file.entries if one not in small)]
    assert len(small) > 5
    assert peek.architecture(file.write(tmp_path / "x.gguf")) == "glm4"


@pytest.mark.parametrize("length", [0, 3, 4, 8, 23, 24, 30, 40, 60])
def test_peek_at_a_stump(length: int, tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(PICO.read_bytes()[:length])
    assert peek.architecture(path) in (None, "")


def test_peek_at_what_is_hostile(tmp_path: Path) -> None:
    path, source = tmp_path / "x.gguf", bytearray(PICO.read_bytes()[:4096])
    for at in range(24, 400):
        for value in (0xFF, 0x00, 0x09):
            changed = source.copy()
            changed[at : at + 8] = bytes([value]) * 8
            path.write_bytes(changed)
            assert peek.architecture(path) is not None
    assert peek.architecture(tmp_path / "gone") is None
    assert peek.architecture(tmp_path) is None


# In the background


def test_a_disk_that_does_not_answer_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()
    one = Found(owner="Ollama", publisher="", label="x", stem="x", model=tmp_path)

    def slow(places: Places) -> tuple[Found, ...]:
        answer.wait(30)
        return (one,)

    monkeypatch.setattr(foreign, "find", slow)
    elsewhere = Elsewhere(Places(), patience=0.05, keep=0.0)
    assert elsewhere.list() == elsewhere.list() == ()
    answer.set()
    end = time.monotonic() + 20
    while not elsewhere.list() and time.monotonic() < end:
        time.sleep(0.01)
    assert elsewhere.list() == (one,)


def test_a_list_is_kept_for_a_while(tmp_path: Path) -> None:
    elsewhere = Elsewhere(Places(lm_studio=(tmp_path,)), patience=20, keep=1000)
    assert elsewhere.list() == ()
    path = model(tmp_path / "a" / "b" / "x.gguf")
    assert elsewhere.list() == ()
    elsewhere.refresh()
    assert [one.model for one in elsewhere.list()] == [path]


@pytest.mark.parametrize("variant", [hub_cache.find, lm_studio.find, ollama.find])
def test_a_file_in_the_place_of_a_folder(variant: object, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    assert callable(variant)
    assert list(variant(path)) == []
