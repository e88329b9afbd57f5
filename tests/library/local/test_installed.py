"""What is found in a models folder, however people put it there."""

from pathlib import Path

import pytest

from glmdesk.errors import ModelMissing
from glmdesk.library.local.installed import Installed, Library
from glmdesk.paths import shipped
from tests.library.gguf.test_preflight import split
from tests.library.gguf_editor import GgufFile
from tests.tiny_models import true_shapes

PICO = shipped("models") / "pico" / "pico-f16.gguf"
Q4, F16 = "Q4_K_M.gguf", "f16.gguf"


def library(folder: Path, *names: str) -> Library:
    """A library over files of these names; what is in them does not matter, as long as it is sound."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(shipped("models") / "pico" / "pico-f16.gguf")
    return Library(shipped("models"), folder)


def only(models: list[Installed]) -> Installed:
    own = [model for model in models if not model.builtin]
    assert len(own) == 1
    return own[0]


def pairs(folder: Path, *names: str) -> dict[str, str | None]:
    found = library(folder, *names).models()
    return {
        one.model.name: one.mmproj.name if one.mmproj else None for one in found if not one.builtin
    }


def test_pico_alone(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        (pico,) = library(folder).models()
        assert pico.builtin
        assert pico.model.is_file()
        assert pico.mmproj
        assert pico.mmproj.is_file()
        assert library(folder).find() == pico


def test_pico_is_last_and_no_longer_the_default(tmp_path: Path) -> None:
    models = library(tmp_path, "zebra.gguf", "alpha/model.gguf").models()
    assert [model.id for model in models] == ["alpha", "zebra", "pico"]
    assert library(tmp_path).find().id == "alpha"
    assert library(tmp_path).find("pico").builtin


def test_a_folder_names_its_model(tmp_path: Path) -> None:
    model = only(
        library(tmp_path, f"glm-4.6v-flash/x-{Q4}", "glm-4.6v-flash/mmproj-x.gguf").models()
    )
    assert (model.id, model.name, model.card) == ("glm-4.6v-flash", "glm-4.6v-flash", None)
    assert model.mmproj == tmp_path / "glm-4.6v-flash" / "mmproj-x.gguf"
    (tmp_path / "true" / "glm-4.6v-flash").mkdir(parents=True)
    true_shapes.write(true_shapes.FLASH, tmp_path / "true" / "glm-4.6v-flash" / f"x-{Q4}")
    model = only(library(tmp_path / "true").models())
    assert (model.id, model.name) == ("glm-4.6v-flash", "GLM-4.6V-Flash")
    assert model.card
    assert model.card.image_max_tokens == 2048


def test_a_file_alone_is_named_by_itself(tmp_path: Path) -> None:
    model = only(library(tmp_path, f"GLM-4.5-Air-{Q4}").models())
    assert (model.id, model.name, model.mmproj) == ("GLM-4.5-Air-Q4_K_M", "GLM-4.5-Air", None)
    unknown = only(library(tmp_path / "other", f"Mystery-7B-{Q4}").models())
    assert (unknown.name, unknown.card) == ("Mystery-7B-Q4_K_M", None)


def test_shards_are_one_model(tmp_path: Path) -> None:
    names = [f"air/GLM-4.5-Air-Q4-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    model = only(library(tmp_path, *names).models())
    assert model.id == "air"
    assert model.model.name.endswith("00001-of-00003.gguf")
    outside = library(tmp_path).from_file(model.model)
    assert (outside.id, outside.name) == (str(model.model), "GLM-4.5-Air")
    assert library(tmp_path).find(outside.id) == outside


def test_shards_without_the_first_are_no_model(tmp_path: Path) -> None:
    assert library(tmp_path, "air/x-00002-of-00003.gguf").find().builtin


def test_two_sizes_in_one_folder_are_two_models(tmp_path: Path) -> None:
    models = library(tmp_path, "flash/GLM-4.6V-Flash-Q4_K_M.gguf", "flash/GLM-4.6V-Flash-Q8_0.gguf")
    ids = [model.id for model in models.models()]
    assert ids == ["GLM-4.6V-Flash-Q4_K_M", "GLM-4.6V-Flash-Q8_0", "pico"]


def test_the_trap_of_two_names_with_one_beginning(tmp_path: Path) -> None:
    """GLM-4.6V and GLM-4.6V-Flash side by side, each with its projector."""
    assert pairs(
        tmp_path,
        f"GLM-4.6V-{Q4}", f"GLM-4.6V-Flash-{Q4}",
        f"mmproj-GLM-4.6V-{F16}", f"mmproj-GLM-4.6V-Flash-{F16}",
    ) == {
        f"GLM-4.6V-{Q4}": f"mmproj-GLM-4.6V-{F16}",
        f"GLM-4.6V-Flash-{Q4}": f"mmproj-GLM-4.6V-Flash-{F16}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("here", "other"), [("GLM-4.6V", "GLM-4.6V-Flash"), ("GLM-4.6V-Flash", "GLM-4.6V")]
)
def test_the_projector_of_a_neighbour_is_not_taken(tmp_path: Path, here: str, other: str) -> None:
    found = pairs(tmp_path, f"{here}-{Q4}", f"{other}-{Q4}", f"mmproj-{other}-{F16}")
    assert found == {f"{here}-{Q4}": None, f"{other}-{Q4}": f"mmproj-{other}-{F16}"}


@pytest.mark.parametrize(
    ("model", "projector"),
    [
        ("m/x.gguf", "m/mmproj-anything.gguf"),
        ("m/GLM-4.6V-Flash-Q4_K_M.gguf", "m/mmproj-F16.gguf"),
        ("m/GLM-4.6V-Flash-UD-Q4_K_XL.gguf", "m/mmproj-BF16.gguf"),
        ("m/GLM-4.6V-Flash-IQ4_XS.gguf", "m/mmproj-model-f16.gguf"),
        ("m/GLM-4.6V-Flash-Q8_0.gguf", "m/GLM-4.6V-Flash.mmproj-f16.gguf"),
        ("m/GLM-4.6V-Flash.i1-Q4_K_M.gguf", "m/GLM-4.6V-Flash.mmproj-Q8_0.gguf"),
        ("m/zai-GLM-4.6V-Flash-Q4_0.gguf", "m/mmproj-zai-GLM-4.6V-Flash-Q8_0.gguf"),
        ("m/GLM-4.6V-Flash-Q4_K_M-00001-of-00002.gguf", "m/mmproj-GLM-4.6V-Flash-f16.gguf"),
        ("m/GLM-4.6V-Flash-heretic-Q4_K_M.gguf", "m/mmproj-GLM-4.6V-Flash-f16.gguf"),
    ],
)
def test_names_of_projectors(tmp_path: Path, model: str, projector: str) -> None:
    found = only(library(tmp_path, model, projector).models())
    assert found.mmproj == tmp_path / projector


def test_of_several_precisions_one_is_taken(tmp_path: Path) -> None:
    found = pairs(tmp_path, f"m/GLM-4.6V-Flash-{Q4}", "m/mmproj-BF16.gguf", "m/mmproj-F16.gguf")
    assert found == {f"GLM-4.6V-Flash-{Q4}": "mmproj-BF16.gguf"}


def test_a_nameless_projector_among_several_models_is_nobodys(tmp_path: Path) -> None:
    found = pairs(tmp_path, f"GLM-4.6V-{Q4}", f"GLM-4.5-Air-{Q4}", "mmproj-F16.gguf")
    assert set(found.values()) == {None}


def test_two_sizes_share_a_projector(tmp_path: Path) -> None:
    names = ("m/GLM-4.6V-Flash-Q4_0.gguf", "m/GLM-4.6V-Flash-Q8_0.gguf", "m/mmproj-F16.gguf")
    assert set(pairs(tmp_path, *names).values()) == {"mmproj-F16.gguf"}


def test_what_only_looks_like_a_model(tmp_path: Path) -> None:
    (tmp_path / "folder.gguf").mkdir()
    (tmp_path / "dangling.gguf").symlink_to(tmp_path / "nowhere")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mmproj-dangling.gguf").symlink_to(tmp_path / "nowhere")
    names = ("x/real.gguf", "notes.txt", "x/real.gguf.part", "mmproj-alone.gguf")
    model = only(library(tmp_path, *names).models())
    assert (model.id, model.mmproj) == ("x", None)


def test_links_are_models(tmp_path: Path) -> None:
    (tmp_path / "blob").touch()
    (tmp_path / "linked.gguf").symlink_to(tmp_path / "blob")
    assert only(library(tmp_path).models()).id == "linked"


def test_a_file_dropped_in_is_there_at_once(tmp_path: Path) -> None:
    one = library(tmp_path)
    assert one.find().builtin
    library(tmp_path, "new.gguf")
    assert one.find().id == "new"


def test_find_by_id_name_and_path(tmp_path: Path) -> None:
    one = library(tmp_path / "models", f"glm-4.6v-flash/{Q4}")
    assert one.find("GLM-4.6V-FLASH") == one.find("glm-4.6v-flash") == one.find()
    outside = tmp_path / "outside.gguf"
    outside.touch()
    assert one.find(str(outside)).model == outside


@pytest.mark.parametrize("name", ["gone", "gone.gguf", "./gone", "/nowhere/gone.gguf"])
def test_what_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelMissing, match="There is no model"):
        library(tmp_path, "here.gguf").find(name)


def test_an_unknown_name_is_answered_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="There is: here, pico"):
        library(tmp_path, "here.gguf").find("gone")


def test_nothing_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="none"):
        Library(tmp_path / "none", tmp_path).find()


def test_what_is_damaged_is_marked_until_it_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF" + b"\0" * 100)
    one = library(tmp_path)
    assert one.models()[0].problem
    assert one.find().builtin
    path.write_bytes((shipped("models") / "pico" / "pico-f16.gguf").read_bytes())
    assert one.models()[0].problem == ""
    assert one.find().id == "a"


def test_parts_that_arrive_one_by_one(tmp_path: Path) -> None:
    """The first part does not change when a later one is there at last."""
    folder = tmp_path / "air"
    folder.mkdir()
    paths = split(PICO, 3, folder)
    late = paths[2].rename(tmp_path / "late.part")
    one = library(tmp_path)
    assert "big-00003-of-00003.gguf is not beside it" in only(one.models()).problem
    assert one.find().builtin
    late.rename(paths[2])
    assert only(one.models()).problem == ""
    assert one.find().id == "air"


def test_a_projector_that_is_named_like_a_model(tmp_path: Path) -> None:
    source = shipped("models") / "pico" / "mmproj-pico-f16.gguf"
    (tmp_path / "vision.gguf").symlink_to(source)
    assert "is a vision projector" in only(library(tmp_path).models()).problem


def test_a_file_with_a_known_mistake_says_so(tmp_path: Path) -> None:
    file = GgufFile.read(PICO).set("general.architecture", "deepseek2")
    for key, value in (("block_count", 47), ("expert_gating_func", 1)):
        file.set(f"deepseek2.{key}", value, kind=4)
    for key, value in (("rope.dimension_count", 16), ("attention.key_length", 32)):
        file.set(f"deepseek2.{key}", value, kind=4)
    file.set("general.name", "GLM 4.7 Flash").write(tmp_path / "GLM-4.7-Flash-Q4_K.gguf")
    model = only(library(tmp_path).models())
    assert model.problem == ""
    assert "Download it again" in model.notice
