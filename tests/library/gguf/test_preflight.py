"""What is refused before llama.cpp sees it. Each case was seen to end llama.cpp's process, or to fail in it."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.errors import ModelDamaged, ModelError, ModelUnsupported
from glmdesk.library.gguf import bundled, preflight
from glmdesk.library.gguf.header import BLOCKS
from glmdesk.paths import shipped
from tests import tiny_models
from tests.library.gguf_editor import Described, GgufFile, entry

MODEL = shipped("models") / "pico" / "pico-f16.gguf"
PROJECTOR = shipped("models") / "pico" / "mmproj-pico-f16.gguf"
U16, U32, I32, F32, BOOL, TEXT, U64 = 2, 4, 5, 6, 7, 8, 10


def examine(path: Path) -> preflight.Header:
    header = preflight.read(path)
    preflight.check(header)
    return header


def described(path: Path) -> list[Described]:
    return [
        Described(one.name, one.shape, one.type, one.offset) for one in preflight.read(path).tensors
    ]


def put(file: GgufFile, key: str, kind: int, value: object) -> GgufFile:
    file.entries = [one for one in file.entries if one.key != key] + [entry(key, kind, value)]
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(scope="module")
def tiny(folder: Path) -> dict[str, Path]:
    return {
        "glm4": MODEL,
        "glm4moe": tiny_models.write_glm4moe(folder, nextn=True),
        "deepseek2": tiny_models.write_deepseek2(folder, nextn=True),
        "llama": tiny_models.write_llama(folder),
    }


def test_the_sound_ones_pass(tiny: dict[str, Path]) -> None:
    for architecture, path in tiny.items():
        header = examine(path)
        assert header.architecture == architecture
        assert not header.is_projector
        assert preflight.notice(header) == ""
    assert examine(PROJECTOR).is_projector


ABORTS = [
    ("glm4", "attention.head_count", U32, 7),
    ("glm4", "attention.head_count", U32, [6, 6, 6, 5]),
    ("glm4", "attention.head_count_kv", U32, 4),
    ("glm4", "attention.head_count_kv", U32, 2**31),
    ("glm4", "attention.key_length", U32, 0),
    ("glm4", "attention.value_length", U32, 16),
    ("glm4", "rope.dimension_sections", I32, [9, 9, 9, 9]),
    ("glm4", "rope.dimension_sections", I32, [-1, 3, 3, 0]),
    ("glm4", "rope.dimension_sections", I32, [2, 2, 2, 2, 2]),
    ("glm4", "rope.scaling.type", TEXT, "sideways"),
    ("glm4", "nextn_predict_layers", U32, 4),
    ("glm4", "expert_count", U32, 3),
    ("glm4", "expert_used_count", U32, 3),
    ("glm4", "expert_group_count", U32, 1),
    ("glm4moe", "expert_count", U32, 0),
    ("glm4moe", "expert_count", U32, 2**31),
    ("glm4moe", "expert_used_count", U32, 0),
    ("glm4moe", "expert_used_count", U32, 9),
    ("glm4moe", "expert_used_count", F32, 0.5),
    ("glm4moe", "expert_group_count", U32, 3),
    ("glm4moe", "expert_group_count", U32, 8),
    ("glm4moe", "expert_gating_func", U32, 7),
    ("deepseek2", "attention.head_count_kv", U32, 2),
    ("deepseek2", "attention.key_length", U32, 33),
    ("deepseek2", "attention.key_length_mla", U32, 3),
    ("deepseek2", "rope.dimension_count", U32, 0),
    ("llama", "attention.head_count", U32, 7),
]  # fmt: skip


@pytest.mark.parametrize(("architecture", "key", "kind", "value"), ABORTS)
def test_numbers_that_end_the_process(
    architecture: str, key: str, kind: int, value: object, tiny: dict[str, Path], tmp_path: Path
) -> None:
    file = put(GgufFile.read(tiny[architecture]), f"{architecture}.{key}", kind, value)
    with pytest.raises(ModelDamaged, match="is not a usable model file") as caught:
        examine(file.write(tmp_path / "odd.gguf"))
    assert len(caught.value.message) < 300


def test_groups_of_experts_that_are_right(tiny: dict[str, Path], tmp_path: Path) -> None:
    file = put(GgufFile.read(tiny["glm4moe"]), "glm4moe.expert_group_count", U32, 4)
    examine(put(file, "glm4moe.expert_group_used_count", U32, 2).write(tmp_path / "ok.gguf"))


def test_heads_of_each_layer_that_are_right(tmp_path: Path) -> None:
    file = put(GgufFile.read(MODEL), "glm4.attention.head_count_kv", U32, [2, 6, 3, 1])
    examine(file.write(tmp_path / "ok.gguf"))


@pytest.mark.parametrize("tokens", [[], ["a", "b", "a"], [3]])
def test_vocabularies(tokens: list[object], tmp_path: Path) -> None:
    kind = U32 if tokens == [3] else TEXT
    file = put(GgufFile.read(MODEL), "tokenizer.ggml.tokens", kind, tokens)
    with pytest.raises(ModelDamaged, match="no vocabulary|tokens are the same"):
        examine(file.write(tmp_path / "odd.gguf"))


def test_empty_tokens_are_given_names_by_llama_cpp(tmp_path: Path) -> None:
    file = put(GgufFile.read(MODEL), "tokenizer.ggml.tokens", TEXT, ["a", "", ""])
    examine(file.write(tmp_path / "ok.gguf"))


def test_a_template_without_end(tmp_path: Path) -> None:
    file = GgufFile.read(MODEL).set("tokenizer.chat_template", "x" * (1 << 20 | 1))
    with pytest.raises(ModelDamaged, match="chat template has 1,048,577 characters"):
        examine(file.write(tmp_path / "odd.gguf"))


@pytest.mark.parametrize(
    ("key", "kind", "value"),
    [
        ("general.name", U32, 3),
        ("clip.projector_type", U32, 3),
        ("clip.has_vision_encoder", U32, 1),
        ("clip.use_silu", TEXT, "yes"),
        ("clip.vision.feed_forward_length", F32, 2.0),
        ("clip.vision.image_size", BOOL, True),
        ("clip.vision.block_count", U32, [1, 2]),
        ("clip.vision.attention.layer_norm_epsilon", U32, 0),
        ("clip.vision.spatial_merge_size", U32, 0),
        ("clip.vision.image_size", U32, 0),
        ("clip.vision.patch_size", U32, 13),
        ("clip.vision.projection_dim", U32, 191),
    ],
)
def test_projectors_that_end_the_process(
    key: str, kind: int, value: object, tmp_path: Path
) -> None:
    file = put(GgufFile.read(PROJECTOR), key, kind, value)
    with pytest.raises(ModelDamaged, match="is not a usable model file"):
        examine(file.write(tmp_path / "odd.gguf"))


@pytest.mark.parametrize(
    "name",
    [
        "v.blk.1.attn_qkv.weight", "v.blk.2.ffn_gate.weight", "v.blk.0.ln2.weight",
        "v.position_embd.weight", "v.patch_embd.weight.1", "mm.patch_merger.weight", "mm.down.weight",
    ],
)  # fmt: skip
def test_a_tower_whose_shapes_do_not_fit(name: str, tmp_path: Path) -> None:
    """llama.cpp compares no shapes of a projector, and ends the process at the first picture."""
    tensors, shift = [], 0
    for tensor in described(PROJECTOR):
        shape = (2 * tensor.shape[0], *tensor.shape[1:]) if tensor.name == name else tensor.shape
        tensors.append(replace(tensor, shape=shape, offset=tensor.offset + shift))
        if tensor.name == name:
            per_block, block = BLOCKS[tensor.type]
            shift = math.prod(tensor.shape) // per_block * block
    assert shift
    file = GgufFile.read(PROJECTOR).describe(tensors)
    file.data += bytes(shift)
    with pytest.raises(ModelDamaged, match="has the shape"):
        examine(file.write(tmp_path / "odd.gguf"))


@pytest.mark.parametrize("path", [MODEL, PROJECTOR])
@pytest.mark.parametrize("kind", [26, 25])
def test_weights_that_are_no_floats(path: Path, kind: int, tmp_path: Path) -> None:
    """The sizes are right, so only the type can tell."""
    width = {26: 0, 25: 1}[kind]
    tensors = described(path)
    place = next(number for number, one in enumerate(tensors) if one.type == width)
    tensors[place] = replace(tensors[place], type=kind)
    with pytest.raises(ModelDamaged, match=f"is of type {kind}"):
        examine(GgufFile.read(path).describe(tensors).write(tmp_path / "odd.gguf"))


def test_types_that_are_not_known(tmp_path: Path) -> None:
    tensors = described(MODEL)
    tensors[3] = replace(tensors[3], type=139)
    with pytest.raises(ModelUnsupported, match=r"cannot read \(139\)"):
        examine(GgufFile.read(MODEL).describe(tensors).write(tmp_path / "odd.gguf"))


def overlap(tensors: list[Described]) -> None:
    tensors[2] = replace(tensors[2], offset=tensors[1].offset)


def gap(tensors: list[Described]) -> None:
    tensors[2] = replace(tensors[2], offset=tensors[2].offset + 32)


def swap(tensors: list[Described]) -> None:
    tensors[1], tensors[2] = tensors[2], tensors[1]


def not_aligned(tensors: list[Described]) -> None:
    tensors[1] = replace(tensors[1], offset=tensors[1].offset + 1)


def same_name(tensors: list[Described]) -> None:
    tensors[1] = replace(tensors[1], name=tensors[2].name)


def far_away(tensors: list[Described]) -> None:
    tensors[-1] = replace(tensors[-1], offset=2**63)


@pytest.mark.parametrize("spoil", [overlap, gap, swap, not_aligned, same_name, far_away])
def test_tensors_that_lie_wrong(spoil: Callable[[list[Described]], None], tmp_path: Path) -> None:
    tensors = described(MODEL)
    spoil(tensors)
    with pytest.raises(ModelDamaged, match="does not lie|have one name"):
        examine(GgufFile.read(MODEL).describe(tensors).write(tmp_path / "odd.gguf"))


@pytest.mark.parametrize(
    "entries",
    [
        [entry("", U32, 1)],
        [entry("a", U32, 1), entry("a", U32, 1)],
        [entry("general.alignment", U64, 32)],
        [entry("general.alignment", F32, 32.0)],
    ],
    ids=["empty key", "key twice", "alignment of 64 bits", "alignment of a fraction"],
)
def test_keys_that_llama_cpp_does_not_take(entries: list[object], tmp_path: Path) -> None:
    file = GgufFile.read(MODEL)
    file.entries = [*file.entries, *entries]  # type: ignore[list-item]
    with pytest.raises(ModelDamaged, match="twice|alignment"):
        examine(file.write(tmp_path / "odd.gguf"))


def test_an_architecture_of_tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = GgufFile.read(MODEL).set("general.architecture", "glm9")
    path = put(file, "glm9.block_count", U32, 4).write(tmp_path / "new.gguf")
    with pytest.raises(ModelUnsupported, match="'glm9', which this version"):
        examine(path)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.3.40")
    examine(path)  # a newer llama.cpp may know it


def test_the_other_converters_name(tmp_path: Path) -> None:
    file = GgufFile.read(MODEL).set("general.architecture", "glm5next")
    with pytest.raises(ModelUnsupported, match="llama.cpp knows as glm5-next"):
        examine(file.write(tmp_path / "new.gguf"))


@pytest.mark.parametrize(
    ("version", "newer"), [("0.3.36", False), ("0.3.36+cu124", False), ("0.4.0", True)]
)
def test_which_version_is_newer(version: str, newer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    assert bundled.knows_type(139) is newer
    assert bundled.knows_architecture("glm4")


def split(path: Path, count: int, folder: Path) -> list[Path]:
    """`path` in `count` parts, as llama.cpp's own gguf-split makes them."""
    file, header = GgufFile.read(path), preflight.read(path)
    tensors = described(path)
    bounds = [len(tensors) * number // count for number in range(count + 1)]
    paths = []
    for number in range(count):
        own = tensors[bounds[number] : bounds[number + 1]]
        start = own[0].offset
        end = tensors[bounds[number + 1]].offset if number + 1 < count else len(file.data)
        moved = [replace(tensor, offset=tensor.offset - start) for tensor in own]
        part = GgufFile(3, list(file.entries) if number == 0 else [], 0, b"", file.data[start:end])
        put(part, "split.no", U16, number)
        put(part, "split.count", U16, count)
        put(part, "split.tensors.count", I32, len(header.tensors))
        name = f"big-{number + 1:05}-of-{count:05}.gguf"
        paths.append(part.describe(moved).write(folder / name))
    return paths


def test_parts(tmp_path: Path) -> None:
    paths = split(MODEL, 3, tmp_path)
    assert preflight.shards(paths[0]) == preflight.shards(paths[2]) == paths
    assert examine(paths[0]).architecture == "glm4"
    assert preflight.shards(MODEL) == [MODEL]
    assert preflight.shards(tmp_path / "x-00001-of-99999.gguf") == [
        tmp_path / "x-00001-of-99999.gguf"
    ]


def test_a_part_that_is_missing(tmp_path: Path) -> None:
    paths = split(MODEL, 3, tmp_path)
    paths[1].unlink()
    with pytest.raises(ModelDamaged, match="big-00002-of-00003.gguf is not beside it"):
        examine(paths[0])


def test_a_part_that_is_cut(tmp_path: Path) -> None:
    paths = split(MODEL, 3, tmp_path)
    paths[2].write_bytes(paths[2].read_bytes()[:-5000])
    with pytest.raises(ModelDamaged, match="big-00003-of-00003.gguf is incomplete"):
        examine(paths[0])


def test_parts_in_the_wrong_order(tmp_path: Path) -> None:
    paths = split(MODEL, 3, tmp_path)
    second = paths[1].read_bytes()
    paths[1].write_bytes(paths[2].read_bytes())
    paths[2].write_bytes(second)
    with pytest.raises(ModelDamaged, match="is not part 2 of"):
        examine(paths[0])


def test_a_part_of_another_version(tmp_path: Path) -> None:
    paths = split(MODEL, 3, tmp_path)
    file = GgufFile.read(paths[2])
    file.describe(described(paths[2])[:-1]).write(paths[2])
    with pytest.raises(ModelDamaged, match="do not belong together"):
        examine(paths[0])


def test_a_part_number_of_another_size(tmp_path: Path) -> None:
    """llama.cpp ends the process on it."""
    paths = split(MODEL, 2, tmp_path)
    put(GgufFile.read(paths[1]), "split.no", U32, 1).write(paths[1])
    with pytest.raises(ModelDamaged, match="is not part 2 of"):
        examine(paths[0])


@pytest.mark.parametrize("number", [1, 2])
def test_a_part_that_was_renamed_or_is_not_the_first(number: int, tmp_path: Path) -> None:
    paths = split(MODEL, 2, tmp_path)
    path = paths[0].rename(tmp_path / "mine.gguf") if number == 1 else paths[1]
    with pytest.raises(ModelError, match="Open the first part"):
        examine(put(GgufFile.read(path), "general.architecture", TEXT, "glm4").write(path))


@pytest.mark.parametrize(
    ("name", "layers", "gating", "told"),
    [
        ("GLM 4.7 Flash", 47, 1, True),
        ("GLM 4.7 Flash", 47, 2, False),
        ("GLM 4.7 Flash", 47, None, False),
        ("DeepSeek V2 Lite", 47, 1, False),
        ("GLM of someone", 27, 1, False),
    ],
)
def test_the_flash_that_was_made_too_early(
    name: str, layers: int, gating: int | None, told: bool, tmp_path: Path
) -> None:
    file = put(GgufFile.read(MODEL), "general.name", TEXT, name)
    put(put(file, "general.architecture", TEXT, "deepseek2"), "deepseek2.block_count", U32, layers)
    if gating is not None:
        put(file, "deepseek2.expert_gating_func", U32, gating)
    notice = preflight.notice(preflight.read(file.write(tmp_path / "flash.gguf")))
    assert ("Download it again" in notice) is told
