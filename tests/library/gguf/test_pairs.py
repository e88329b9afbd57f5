"""Models and projectors: which belong together, and what is said of those that do not."""

from pathlib import Path
from typing import Any

import pytest

from glmdesk.errors import ModelUnsupported
from glmdesk.library.gguf import header
from glmdesk.library.gguf.header import Header
from glmdesk.library.gguf.pairs import check_pair
from glmdesk.paths import shipped
from tests.library.gguf_editor import GgufFile

PICO = shipped("models") / "pico"
FLASH, BIG, OLD_BIG = "GLM 4.6V Flash", "GLM 4.6V", "GLM 4.5V"


def made(path: str, **metadata: Any) -> Header:
    values = {key.replace("__", "."): value for key, value in metadata.items()}
    return Header(path=Path(path), metadata=values, tensors=(), data_start=0, file_size=0)


def model(name: str, architecture: str = "glm4", path: str = "model.gguf", **more: Any) -> Header:
    own = {
        f"{architecture}__embedding_length": 4096,
        f"{architecture}__rope__dimension_sections": (8, 12, 12, 0),
    }
    return made(path, general__architecture=architecture, general__name=name, **(own | more))


def projector(name: str, path: str = "mmproj-F16.gguf", **more: Any) -> Header:
    own = {
        "general__architecture": "clip",
        "clip__has_vision_encoder": True,
        "clip__projector_type": "glm4v",
        "clip__vision__projection_dim": 4096,
    }
    return made(path, general__name=name, **(own | more))


def test_pico_and_its_own() -> None:
    own = header.read(PICO / "pico-f16.gguf")
    check_pair(own, header.read(PICO / "mmproj-pico-f16.gguf"))


@pytest.mark.parametrize(
    ("name", "architecture", "of"),
    [
        (FLASH, "glm4", FLASH),
        ("Glm-4.6V-Flash", "glm4", FLASH),
        (f"{FLASH} Heretic", "glm4", FLASH),
        (FLASH, "glm4", "Glm-4.6V-Flash"),
        (BIG, "glm4moe", BIG),
        ("GLM 4.6V Abliterated", "glm4moe", BIG),
        (OLD_BIG, "glm4moe", OLD_BIG),
        ("GLM 4.1V 9B Thinking", "glm4", "GLM 4.1V 9B Thinking"),
        (FLASH, "glm4", ""),
        ("A model of mine", "glm4", FLASH),
        ("A model of mine", "glm4", "A tower of mine"),
        (BIG, "glm4", FLASH),  # the header of a Flash whose name was cut
    ],
)
def test_those_that_belong_together(name: str, architecture: str, of: str) -> None:
    check_pair(model(name, architecture), projector(of))


@pytest.mark.parametrize(
    ("name", "architecture", "of", "told"),
    [
        (FLASH, "glm4", BIG, "projector of GLM-4.6V, and this model is GLM-4.6V-Flash"),
        (BIG, "glm4moe", FLASH, "projector of GLM-4.6V-Flash, and this model is GLM-4.6V"),
        (BIG, "glm4moe", OLD_BIG, "projector of GLM-4.5V, and this model is GLM-4.6V"),
        (FLASH, "glm4", "GLM 4.1V 9B Thinking", "projector of GLM-4.1V"),
        ("A model of mine", "glm4moe", FLASH, "this model is A model of mine"),
        ("", "glm4moe", FLASH, "this model is model"),
    ],
)
def test_one_width_and_two_models(name: str, architecture: str, of: str, told: str) -> None:
    """llama.cpp would load each of these without a word."""
    with pytest.raises(ModelUnsupported, match=told) as caught:
        check_pair(model(name, architecture), projector(of))
    assert "Text works" in caught.value.message


@pytest.mark.parametrize(
    "names",
    [
        {"general__basename": "GLM-4.6V", "general__finetune": "Flash"},
        {"general__base_model__0__name": FLASH},
        {"path": "mmproj-GLM-4.6V-Flash-Q8_0.gguf"},
    ],
)
def test_other_places_where_the_name_stands(names: dict[str, str]) -> None:
    """Converters split the name, finetunes only name what they were made from, some only the file."""
    check_pair(model(FLASH), projector("", **names))
    with pytest.raises(ModelUnsupported, match="projector of GLM-4.6V-Flash"):
        check_pair(model(BIG, "glm4moe"), projector("", **names))


def test_another_width() -> None:
    with pytest.raises(ModelUnsupported, match="makes 2,048 numbers .* this model takes 4,096"):
        check_pair(model(FLASH), projector(FLASH, clip__vision__projection_dim=2048))
    other = projector("LLaVA", clip__projector_type="mlp", clip__vision__projection_dim=768)
    check_pair(model("LLaVA", "llama"), other)  # of other towers the key says something else


@pytest.mark.parametrize("sections", [(), (0, 0, 0, 0), 3])
def test_a_model_from_before_pictures(sections: object) -> None:
    """llama.cpp ends the process when a picture is decoded."""
    old = model(FLASH, glm4__rope__dimension_sections=sections)
    with pytest.raises(ModelUnsupported, match="download it again"):
        check_pair(old, projector(FLASH))


def test_what_is_no_projector() -> None:
    with pytest.raises(ModelUnsupported, match="is not a vision projector"):
        check_pair(model(FLASH), model(FLASH, path="mmproj-really-a-model.gguf"))
    with pytest.raises(ModelUnsupported, match="reads sound"):
        check_pair(model(FLASH), projector("ears", clip__has_vision_encoder=False))


def test_the_trap_with_real_files(tmp_path: Path) -> None:
    own = GgufFile.read(PICO / "pico-f16.gguf").set("general.name", FLASH)
    other = GgufFile.read(PICO / "mmproj-pico-f16.gguf").set("general.name", BIG)
    pair = own.write(tmp_path / "model.gguf"), other.write(tmp_path / "mmproj.gguf")
    with pytest.raises(ModelUnsupported, match="projector of GLM-4.6V,"):
        check_pair(*map(header.read, pair))
