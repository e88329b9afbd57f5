"""Which files make up a model, on listings as publishers make them."""

import pytest

from glmdesk.errors import FileMissing
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs.selection import choose, nearest, projector_for, quant_of, weights_in

GGML = (
    ".gitattributes", "README.md", "GLM-4.6V-Flash-Q4_K_M.gguf", "GLM-4.6V-Flash-Q8_0.gguf",
    "GLM-4.6V-Flash-F16.gguf", "mmproj-GLM-4.6V-Flash-F16.gguf", "mmproj-GLM-4.6V-Flash-Q8_0.gguf",
)  # fmt: skip
UNSLOTH = (
    "GLM-4.5-Air-UD-Q2_K_XL.gguf", "Q4_K_M/GLM-4.5-Air-Q4_K_M-00001-of-00002.gguf",
    "Q4_K_M/GLM-4.5-Air-Q4_K_M-00002-of-00002.gguf", "README.md", "GLM-4.5-Air-UD-IQ2_M.gguf",
    "UD-Q4_K_XL/GLM-4.5-Air-UD-Q4_K_XL-00002-of-00002.gguf", "Q4_K_S/GLM-4.5-Air-Q4_K_S-00001-of-00002.gguf",
    "UD-Q4_K_XL/GLM-4.5-Air-UD-Q4_K_XL-00001-of-00002.gguf", "imatrix_unsloth.gguf",
    "BF16/GLM-4.5-Air-BF16-00001-of-00005.gguf",
)  # fmt: skip


def files(*paths: str) -> tuple[RemoteFile, ...]:
    return tuple(RemoteFile(path=path, size=1000 + number) for number, path in enumerate(paths))


def chosen(paths: tuple[str, ...], select: str = "", repository: str = "o/r") -> list[str]:
    return [file.path for file in choose(files(*paths), repository, select).files]


@pytest.mark.parametrize(
    ("path", "quant"),
    [
        ("GLM-4.6V-Flash-Q4_K_M.gguf", "Q4_K_M"),
        ("Q4_K_M/GLM-4.5-Air-Q4_K_M-00001-of-00002.gguf", "Q4_K_M"),
        ("GLM-4.5-Air-UD-Q2_K_XL.gguf", "UD-Q2_K_XL"),
        ("GLM-4.5-Air-UD-IQ2_M.gguf", "UD-IQ2_M"),
        ("GLM-4.7-Flash-Q4_K.gguf", "Q4_K"),
        ("zai-org_GLM-4.6V-Flash-bf16.gguf", "bf16"),
        ("mmproj-GLM-4.5V-Q8_0.gguf", "Q8_0"),
        ("GLM-4.6V-Flash.Q4_P_H.gguf", "Q4_P_H"),
        ("glm.i1-IQ4_XS.gguf", "i1-IQ4_XS"),
        ("glm-MXFP4_MOE.gguf", "MXFP4_MOE"),
        ("UD-Q3_K_XL/model-00001-of-00003.gguf", "UD-Q3_K_XL"),
        ("model.gguf", ""),
        ("Q4Ever.gguf", ""),
    ],
)
def test_quant_of(path: str, quant: str) -> None:
    assert quant_of(path) == quant


def test_a_quant_is_taken_whatever_its_case() -> None:
    assert chosen(GGML, "q4_k_m") == ["GLM-4.6V-Flash-Q4_K_M.gguf"]
    assert chosen(GGML, "f16") == ["GLM-4.6V-Flash-F16.gguf"]


def test_only_the_very_quant_is_taken() -> None:
    with pytest.raises(FileMissing, match="Did you mean Q4_K_M"):
        chosen(GGML, "Q4_K")
    with pytest.raises(FileMissing, match="UD-Q4_K_XL"):
        chosen(UNSLOTH, "Q4_K_XL")
    assert chosen(("m-Q4_K.gguf", "m-Q4_K_M.gguf"), "Q4_K") == ["m-Q4_K.gguf"]


def test_all_shards_in_order() -> None:
    assert chosen(UNSLOTH, "UD-Q4_K_XL") == [
        "UD-Q4_K_XL/GLM-4.5-Air-UD-Q4_K_XL-00001-of-00002.gguf",
        "UD-Q4_K_XL/GLM-4.5-Air-UD-Q4_K_XL-00002-of-00002.gguf",
    ]


@pytest.mark.parametrize(
    "select",
    [
        "Q4_K_M/GLM-4.5-Air-Q4_K_M-00001-of-00002.gguf",
        "GLM-4.5-Air-Q4_K_M-00002-of-00002.gguf",
        "glm-4.5-air-q4_k_m-00001-of-00002.GGUF",
    ],
)
def test_a_shard_by_name_brings_the_others(select: str) -> None:
    assert len(chosen(UNSLOTH, select)) == 2


@pytest.mark.parametrize(("select", "part"), [("Q4_K_S", "2"), ("bf16", "2, 3, 4, 5")])
def test_incomplete_shards_are_refused(select: str, part: str) -> None:
    with pytest.raises(FileMissing, match=f"part {part} is missing"):
        chosen(UNSLOTH, select)


def test_shards_of_two_counts_are_two_models() -> None:
    paths = ("a-Q4_0-00001-of-00002.gguf", "a-Q4_0-00002-of-00003.gguf")
    with pytest.raises(FileMissing):
        chosen(paths, "Q4_0")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (GGML, "GLM-4.6V-Flash-Q4_K_M.gguf"),
        (UNSLOTH, "Q4_K_M/GLM-4.5-Air-Q4_K_M-00001-of-00002.gguf"),
        (("m-Q8_0.gguf", "m-Q4_K.gguf", "m-F16.gguf"), "m-Q4_K.gguf"),
        (("m-Q8_0.gguf", "m-F16.gguf", "m-Q2_K.gguf"), "m-Q8_0.gguf"),
        (("model.gguf",), "model.gguf"),
        (("m-IQ1_S.gguf", "m-F32.gguf"), "m-IQ1_S.gguf"),
    ],
)
def test_the_usual_choice(paths: tuple[str, ...], expected: str) -> None:
    assert chosen(paths)[0] == expected


def test_two_models_in_one_repository() -> None:
    paths = ("GLM-4.6V-Q4_K_M.gguf", "GLM-4.6V-Flash-Q4_K_M.gguf")
    assert chosen(paths, "", "o/GLM-4.6V-Flash-GGUF") == ["GLM-4.6V-Flash-Q4_K_M.gguf"]
    assert chosen(paths, "", "o/GLM-4.6V-GGUF") == ["GLM-4.6V-Q4_K_M.gguf"]
    with pytest.raises(FileMissing, match="several models"):
        chosen(paths, "Q4_K_M", "o/collection")


@pytest.mark.parametrize(
    ("paths", "holds"),
    [
        (("model-00001-of-00009.safetensors", "config.json"), "safetensors"),
        (("mmproj-F16.gguf",), "vision projector"),
        (("README.md", "a.onnx"), "md, onnx"),
        ((), "no files"),
        (("imatrix.gguf",), "gguf"),
    ],
)
def test_a_repository_without_models_is_told(paths: tuple[str, ...], holds: str) -> None:
    with pytest.raises(FileMissing, match="no GGUF model") as caught:
        chosen(paths)
    assert holds in caught.value.message


def projector(paths: tuple[str, ...], select: str = "") -> str | None:
    found = projector_for(files(*paths), choose(files(*paths), "o/r", select))
    return found.path if found else None


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (GGML, "mmproj-GLM-4.6V-Flash-Q8_0.gguf"),
        (UNSLOTH, None),
        (("m-Q4_K_M.gguf", "mmproj-F32.gguf", "mmproj-BF16.gguf", "mmproj-F16.gguf"), "mmproj-F16.gguf"),
        (("zai-org_GLM-4.6V-Flash-Q8_0.gguf", "mmproj-zai-org_GLM-4.6V-Flash-f16.gguf"),
         "mmproj-zai-org_GLM-4.6V-Flash-f16.gguf"),
        (("zai-org_GLM-4.6V-Flash-Q8_0.gguf", "mmproj-GLM-4.6V-Flash-f16.gguf"),
         "mmproj-GLM-4.6V-Flash-f16.gguf"),
        (("GLM-4.6V-Flash.Q4_P_H.gguf", "GLM-4.6V-Flash.mmproj.gguf"), "GLM-4.6V-Flash.mmproj.gguf"),
        (("GLM-4.6V-Flash-Q4_0.gguf", "mmproj-GLM-4.6V-F16.gguf"), None),
        (("GLM-4.6V-Q4_0.gguf", "mmproj-GLM-4.6V-Flash-Q8_0.gguf"), None),
        (("GLM-4.6V-Q4_0.gguf", "mmproj-GLM-4.6V-Flash-Q8_0.gguf", "mmproj-GLM-4.6V-F16.gguf"),
         "mmproj-GLM-4.6V-F16.gguf"),
        (("GLM-4.6V-Flash-Q4_0.gguf", "mmproj-GLM-4.6V-Q8_0.gguf", "mmproj-GLM-4.6V-Flash-F16.gguf"),
         "mmproj-GLM-4.6V-Flash-F16.gguf"),
        (("Q4_0/GLM-4.5V-Q4_0-00001-of-00001.gguf", "mmproj/mmproj-GLM-4.5V-Q8_0.gguf"),
         "mmproj/mmproj-GLM-4.5V-Q8_0.gguf"),
    ],
)  # fmt: skip
def test_the_projector_of_the_model(paths: tuple[str, ...], expected: str | None) -> None:
    assert projector(paths) == expected


def test_a_nameless_projector_belongs_to_nobody_of_two() -> None:
    paths = ("a-Q4_0.gguf", "b-Q4_0.gguf", "mmproj-F16.gguf")
    assert projector(paths, "a-Q4_0.gguf") is None


def test_a_projector_of_one_of_two_models() -> None:
    paths = ("GLM-4.6V-Q4_0.gguf", "GLM-4.6V-Flash-Q4_0.gguf", "mmproj-GLM-4.6V-Q8_0.gguf")
    assert projector(paths, "GLM-4.6V-Flash-Q4_0.gguf") is None
    assert projector(paths, "GLM-4.6V-Q4_0.gguf") == "mmproj-GLM-4.6V-Q8_0.gguf"


def test_weights_are_found_in_any_order() -> None:
    found = weights_in(files(*reversed(UNSLOTH)))
    assert [one.missing for one in found if one.quant == "UD-Q4_K_XL"] == [()]
    assert all("imatrix" not in one.path for one in found)


def test_nearest() -> None:
    assert (
        nearest("m-Q4_K_M.gguf", ["README.md", "m-Q4_K_M-v2.gguf", "m-Q8_0.gguf"])
        == "m-Q4_K_M-v2.gguf"
    )
    assert nearest("xyz", ["abc"]) == ""
