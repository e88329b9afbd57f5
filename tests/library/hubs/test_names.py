"""Every hostile name through every door: it is refused, or lies in its folder."""

import os
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.errors import UnsafeName
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs import names
from glmdesk.library.hubs.sources import Item
from tests.library.hostile import COLLISIONS, HARMLESS, HOSTILE


def shown(name: str) -> str:
    return ascii(name)[:40]


def item(path: str, *, id: str = "m", mmproj: str = "") -> Item:
    return Item(
        id=id, name="M", source="hf", repository="o/r", files=(RemoteFile(path=path),),
        mmproj=RemoteFile(path=mmproj) if mmproj else None,
    )  # fmt: skip


def test_the_corpus_is_large_and_has_no_doubles() -> None:
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("name", sorted(set(HOSTILE)), ids=shown)
def test_hostile_is_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    for door in (
        lambda: names.safe_name(name),
        lambda: names.place(tmp_path, name),
        lambda: names.distinct(["a.gguf", name]),
        lambda: item(name),
        lambda: item("a.gguf", mmproj=name) if name else item(name),
    ):
        with pytest.raises(UnsafeName) as caught:
            door()
        message = caught.value.message
        assert message.isprintable()
        assert message.endswith(".")
        assert len(message) < 400
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(set(HOSTILE)), ids=shown)
def test_hostile_is_no_folder(name: str, tmp_path: Path) -> None:
    """An id is either refused or lies directly in the models folder."""
    assert not names.is_safe_id(name)
    with pytest.raises(UnsafeName):
        item("a.gguf", id=name)
    try:
        folder = names.folder_id(name)
    except UnsafeName:
        return
    assert names.is_safe_id(folder)
    assert folder.isascii()
    assert (tmp_path / folder).resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize("name", HARMLESS, ids=shown)
def test_harmless_keeps_its_name(name: str, tmp_path: Path) -> None:
    assert names.safe_name(name) == name.rsplit("/", 1)[-1]
    target = names.place(tmp_path, name)
    target.write_bytes(b"x")
    assert target.parent == tmp_path
    assert [one.name for one in tmp_path.iterdir()] == [name.rsplit("/", 1)[-1]]


@given(
    st.text(st.sampled_from("./\\\\:~-%2eAa \x00\u202e．ＣONnul¹"), max_size=12)
    | st.text(max_size=40)
)
def test_any_text_is_refused_or_a_plain_name_everywhere(text: str) -> None:
    try:
        name = names.safe_name(text)
    except UnsafeName:
        return
    assert PurePosixPath(name).parts == PureWindowsPath(name).parts == (name,)
    assert name.isprintable()
    assert names.safe_name(name) == name
    assert os.path.dirname(os.path.realpath(f"/models/{name}")) == "/models"  # noqa: PTH120


@pytest.mark.parametrize("pair", COLLISIONS, ids=shown)
def test_two_names_of_one_file_are_refused(pair: tuple[str, str]) -> None:
    for one in pair:
        names.safe_name(one)
    with pytest.raises(UnsafeName, match="both be saved"):
        names.distinct(pair)
    with pytest.raises(UnsafeName):
        item(pair[0], mmproj=pair[1])


def test_names_in_two_spellings_become_one() -> None:
    assert names.safe_name("e\u0301.gguf") == names.safe_name("\xe9.gguf")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("exists", [True, False])
def test_nothing_is_written_through_a_link(tmp_path: Path, exists: bool) -> None:
    models, outside = tmp_path / "models", tmp_path / "outside"
    models.mkdir()
    if exists:
        outside.write_text("precious")
    (models / "a.gguf").symlink_to(outside)
    with pytest.raises(UnsafeName, match="link"):
        names.place(models, "a.gguf")
    (models / "b.gguf").symlink_to("a.gguf")
    with pytest.raises(UnsafeName, match="link"):
        names.place(models, "b.gguf")
    assert outside.exists() == exists


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_models_folder_may_itself_be_a_link(tmp_path: Path) -> None:
    """People keep weights on another disk."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "models").symlink_to(tmp_path / "disk")
    target = names.place(tmp_path / "models", "a.gguf")
    target.write_bytes(b"x")
    assert os.listdir(tmp_path / "disk") == ["a.gguf"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("ggml-org/GLM-4.6V-Flash-GGUF", "glm-4.6v-flash"),
        ("GLM-4.5-Air-Q4_K_M", "glm-4.5-air-q4_k_m"),
        ("o/Ünï cöde", "uni-code"),
        ("o/GGUF", "gguf"),
        ("o/a..b", "a.b"),
    ],
)
def test_folder(name: str, slug: str) -> None:
    assert names.folder_id(name) == slug
