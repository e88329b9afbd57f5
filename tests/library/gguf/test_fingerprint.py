"""Fingerprints of models: the same for a copy, another for whatever else."""

from pathlib import Path

import pytest

from glmdesk.errors import ModelMissing
from glmdesk.library.gguf.fingerprint import fingerprint
from glmdesk.paths import shipped

MODEL = shipped("models") / "pico" / "pico-f16.gguf"
MIB = 1024 * 1024


def changed(path: Path, at: int) -> str:
    """The fingerprint once the byte at `at` is another one; the file is mended again."""
    with path.open("r+b") as file:
        file.seek(at)
        before = file.read(1)
        file.seek(at)
        file.write(bytes([before[0] ^ 1]))
        file.flush()
        result = fingerprint([path])
        file.seek(at)
        file.write(before)
    return result


def big(path: Path, size: int) -> Path:
    """A file of `size` bytes that takes hardly any room on disk."""
    with path.open("wb") as file:
        file.write(MODEL.read_bytes())
        file.truncate(size)
    return path


def test_a_copy_is_the_same_model(tmp_path: Path) -> None:
    copy = tmp_path / "another name.gguf"
    copy.write_bytes(MODEL.read_bytes())
    assert fingerprint([copy]) == fingerprint([MODEL])
    assert len(fingerprint([copy])) == 64


def test_every_byte_of_a_small_file_counts(tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(MODEL.read_bytes())
    size = copy.stat().st_size
    places = [0, 1000, size // 3, size // 2, size - 1]
    prints = {changed(copy, at) for at in places}
    assert len(prints) == len(places)
    assert fingerprint([MODEL]) not in prints


def test_the_header_and_the_end_of_a_large_file_count(tmp_path: Path) -> None:
    path = big(tmp_path / "big.gguf", 40_000 * MIB)
    original = fingerprint([path])
    for at in (0, 5 * MIB, 16 * MIB - 1, 16 * MIB, 40_000 * MIB - 65536, 40_000 * MIB - 1):
        assert changed(path, at) != original, at
    assert fingerprint([path]) == original


def test_other_weights_behind_the_same_header(tmp_path: Path) -> None:
    """A finetune of the same size: all weights differ, so every sample does."""
    one, other = (big(tmp_path / name, 30 * MIB) for name in ("one", "other"))
    with other.open("r+b") as file:
        file.seek(17 * MIB)
        file.write(b"\x01" * MIB)
    assert fingerprint([one]) != fingerprint([other])


def test_size_order_and_number_of_shards_count(tmp_path: Path) -> None:
    one, two = big(tmp_path / "1", 30 * MIB), big(tmp_path / "2", 30 * MIB + 1)
    prints = [fingerprint(shards) for shards in ([one], [two], [one, two], [two, one], [one, one])]
    assert len(set(prints)) == len(prints)


def test_only_a_little_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    original = Path.open

    def counting(self: Path, *args: object, **kwargs: object) -> object:
        file = original(self, *args, **kwargs)  # type: ignore[call-overload]

        class Counting:
            def __enter__(self) -> "Counting":
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def readinto(self, buffer: memoryview) -> int:
                nonlocal read
                count = int(file.readinto(buffer))
                read += count
                return count

            def __getattr__(self, name: str) -> object:
                return getattr(file, name)

        return Counting()

    path = big(tmp_path / "big.gguf", 70_000 * MIB)
    monkeypatch.setattr(Path, "open", counting)
    fingerprint([path])
    assert 16 * MIB < read <= 20 * MIB


@pytest.mark.parametrize("name", ["missing.gguf", "."])
def test_what_cannot_be_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="cannot be read"):
        fingerprint([MODEL, tmp_path / name])
