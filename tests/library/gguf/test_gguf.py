"""GGUF headers: the real ones pass, and whatever is wrong ends in a sentence, quickly."""

import math
import struct
import time
from pathlib import Path
from random import Random

import pytest

from glmdesk.errors import ModelDamaged, ModelError, ModelMissing, ModelUnsupported
from glmdesk.library.gguf import preflight
from glmdesk.paths import shipped
from tests.library.gguf_editor import Entry, GgufFile, entry

MODEL = shipped("models") / "pico" / "pico-f16.gguf"
PROJECTOR = shipped("models") / "pico" / "mmproj-pico-f16.gguf"


def examine(path: Path) -> preflight.Header:
    header = preflight.read(path)
    preflight.check(header)
    return header


def test_pico() -> None:
    header = examine(MODEL)
    assert header.architecture == "glm4"
    assert header.value("block_count") == 4
    assert header.value("no_such_key", 7) == 7
    assert sum(tensor.size for tensor in header.tensors) <= header.file_size
    assert header.metadata["tokenizer.chat_template"].startswith("[gMASK]<sop>")


def test_projector() -> None:
    assert examine(PROJECTOR).metadata["clip.projector_type"] == "glm4v"


def test_smollm2(smollm2_path: Path) -> None:
    assert examine(smollm2_path).architecture == "llama"


@pytest.mark.parametrize("path", [MODEL, PROJECTOR])
def test_the_editor_writes_what_it_read(path: Path, tmp_path: Path) -> None:
    assert GgufFile.read(path).write(tmp_path / "copy.gguf").read_bytes() == path.read_bytes()


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(ModelMissing, match="no model file"):
            preflight.read(path)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"Dear diary,\n" * 9, b"PK\x03\x04" + bytes(99)])
def test_other_files_are_no_models(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "diary.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelDamaged, match="is not a GGUF model file"):
        preflight.read(path)


def test_other_versions(tmp_path: Path) -> None:
    file = GgufFile.read(MODEL)
    for version in (1, 4, 1 << 24):
        file.version = version
        with pytest.raises(ModelUnsupported, match="reads 2 and 3"):
            preflight.read(file.write(tmp_path / "old.gguf"))


def test_truncated_anywhere(tmp_path: Path) -> None:
    raw, path = MODEL.read_bytes(), tmp_path / "half.gguf"
    for end in [*range(0, 200, 7), 5_000, 50_000, len(raw) // 2, len(raw) - 100_000]:
        path.write_bytes(raw[:end])
        with pytest.raises(ModelDamaged, match="incomplete|not a GGUF"):
            examine(path)


def test_a_half_download_says_how_much_is_there(tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(MODEL.read_bytes()[:1_500_000])
    with pytest.raises(ModelDamaged, match=r"incomplete \(1\.5 MB of 3\.0 MB\)"):
        examine(path)


BOUNDARIES = [
    ("glm4.block_count", 0), ("glm4.block_count", 2**32 - 1), ("glm4.embedding_length", 0),
    ("glm4.context_length", 0), ("glm4.attention.layer_norm_rms_epsilon", -1.0),
    ("glm4.attention.layer_norm_rms_epsilon", math.nan), ("glm4.attention.layer_norm_rms_epsilon", 1e30),
    ("glm4.rope.dimension_count", 0), ("glm4.rope.dimension_count", 7), ("glm4.rope.dimension_count", 1 << 16),
]  # fmt: skip
PROJECTOR_BOUNDARIES = [
    ("clip.vision.patch_size", 0), ("clip.vision.patch_size", 7), ("clip.vision.block_count", 0),
    ("clip.vision.embedding_length", 1), ("clip.vision.attention.head_count", 0),
    ("clip.vision.attention.head_count", 7), ("clip.vision.attention.layer_norm_epsilon", -1.0),
    ("clip.vision.attention.layer_norm_epsilon", math.nan),
]  # fmt: skip
CASES = [(MODEL, *case) for case in BOUNDARIES] + [
    (PROJECTOR, *case) for case in PROJECTOR_BOUNDARIES
]


@pytest.mark.parametrize(("path", "key", "value"), CASES)
def test_values_that_llama_cpp_would_abort_on(
    path: Path, key: str, value: float, tmp_path: Path
) -> None:
    with pytest.raises(ModelDamaged, match="is not a usable model file"):
        examine(GgufFile.read(path).set(key, value).write(tmp_path / "odd.gguf"))


def test_missing_keys(tmp_path: Path) -> None:
    file = GgufFile.read(MODEL).drop("glm4.block_count")
    with pytest.raises(ModelDamaged, match="how many layers"):
        examine(file.write(tmp_path / "odd.gguf"))
    with pytest.raises(ModelUnsupported, match="general.architecture"):
        examine(file.drop("general.architecture").write(tmp_path / "odd.gguf"))


def test_a_value_of_another_kind(tmp_path: Path) -> None:
    file = GgufFile.read(MODEL).set("glm4.block_count", "4" * 100_000, kind=8)
    with pytest.raises(ModelDamaged, match="block count is '444") as caught:
        examine(file.write(tmp_path / "odd.gguf"))
    assert len(caught.value.message) < 300


def test_no_tensors(tmp_path: Path) -> None:
    file = GgufFile.read(MODEL)
    file.n_tensors, file.tensors = 0, b""
    with pytest.raises(ModelDamaged, match="no weights"):
        examine(file.write(tmp_path / "odd.gguf"))


@pytest.mark.parametrize("alignment", [0, 3, 2**31])
def test_alignments(alignment: int, tmp_path: Path) -> None:
    file = GgufFile.read(MODEL).set("general.alignment", alignment, kind=4)
    with pytest.raises(ModelDamaged, match="alignment"):
        examine(file.write(tmp_path / "odd.gguf"))


def string(length: int) -> bytes:
    return struct.pack("<Q", length)


def tensor(name: bytes, *shape: int, kind: int = 0, dimensions: int | None = None) -> bytes:
    count = len(shape) if dimensions is None else dimensions
    return (
        string(len(name)) + name + struct.pack(f"<I{len(shape)}QIQ", count, *shape, kind, 0)
    )  # fmt: skip


HOSTILE_ENTRIES = [
    Entry("x", 8, string(2**63)),
    Entry("x", 8, string(2**64 - 1)),
    Entry("x", 9, struct.pack("<IQ", 4, 2**62)),
    Entry("x", 9, struct.pack("<IQ", 8, 2**40)),
    Entry("x", 9, struct.pack("<IQ", 8, 1_000_000)),
    Entry("x", 9, struct.pack("<IQ", 0, 6_000_000)),
    Entry("x", 9, struct.pack("<IQ", 77, 3)),
    Entry("x", 9, struct.pack("<IQIQIQ", 9, 1, 9, 1, 9, 1)),
    Entry("x", 77, b""),
]


@pytest.mark.parametrize("hostile", HOSTILE_ENTRIES, ids=range(len(HOSTILE_ENTRIES)))
def test_hostile_lengths_cost_nothing(hostile: Entry, tmp_path: Path) -> None:
    file = GgufFile.read(MODEL)
    file.entries = [*file.entries[:3], hostile]
    file.data = bytes(8_000_000)
    begun = time.perf_counter()
    with pytest.raises(ModelDamaged):
        examine(file.write(tmp_path / "hostile.gguf"))
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    "description",
    [
        tensor(b"x", 1, 1, 1, 1, 1),
        tensor(b"x", 2**62, 2**62),
        tensor(b"x", 2**63),
        tensor(b"x", 33, kind=2),
        tensor(b"x" * 10_000, 1),
        tensor(b"x", 1, dimensions=2**32 - 1),
    ],
    ids=range(6),
)
def test_hostile_tensors(description: bytes, tmp_path: Path) -> None:
    file = GgufFile.read(MODEL)
    file.n_tensors, file.tensors = 1, description
    with pytest.raises(ModelDamaged) as caught:
        examine(file.write(tmp_path / "hostile.gguf"))
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("claimed", [100_001, 3_000_000, 2**62, 2**64 - 1])
def test_hostile_counts(claimed: int, tmp_path: Path) -> None:
    raw = bytearray(MODEL.read_bytes())
    for place in (8, 16):
        changed = raw.copy()
        struct.pack_into("<Q", changed, place, claimed)
        path = tmp_path / "hostile.gguf"
        path.write_bytes(changed)
        with pytest.raises(ModelDamaged):
            preflight.read(path)


SCALAR_VALUES = (0, 1, -1, 2**31, 2**32 - 1, 2**63, 0.5, math.inf, "", "glm4", True)


def one_field(rng: Random, file: GgufFile) -> bytes:
    """One key gets another value, another type, or goes."""
    place = rng.randrange(len(file.entries))
    old, choice = file.entries[place], rng.random()
    if choice < 0.1:
        del file.entries[place]
    elif choice < 0.2:
        file.entries[place] = Entry(old.key, rng.randrange(14), old.body)
    else:
        kind, value = rng.choice((0, 4, 5, 6, 7, 8, 10, 11, 12)), rng.choice(SCALAR_VALUES)
        try:
            file.entries[place] = entry(old.key, kind, value)
        except (struct.error, AttributeError, OverflowError):
            file.entries[place] = entry(old.key, 8, "odd")
    return file.header()


def random_bytes(rng: Random, file: GgufFile) -> bytes:
    """Some bytes become others; most often near the beginning, where keys and lengths are."""
    header = bytearray(file.header())
    for _ in range(rng.choice((1, 1, 1, 8, 64))):
        end = rng.choice((64, 1500, len(header)))
        header[rng.randrange(end)] = rng.choice((0, 1, 8, 9, 0x7F, 0xFF, rng.randrange(256)))
    return bytes(header)


@pytest.mark.parametrize("mutate", [one_field, random_bytes])
def test_mutated_headers_end_in_a_sentence(mutate: object, tmp_path: Path) -> None:
    assert callable(mutate)
    path, original = tmp_path / "mutated.gguf", GgufFile.read(MODEL)
    size = MODEL.stat().st_size
    slowest = 0.0
    for seed in range(100):
        file = GgufFile(
            3, list(original.entries), original.n_tensors, original.tensors, original.data
        )
        path.write_bytes(mutate(Random(seed), file))
        with path.open("r+b") as sparse:
            sparse.truncate(size + 4096)
        begun = time.perf_counter()
        try:
            examine(path)
        except ModelError as error:
            assert 20 < len(error.message) < 400, f"seed {seed}"  # noqa: PT017
        slowest = max(slowest, time.perf_counter() - begun)
    assert slowest < 3
