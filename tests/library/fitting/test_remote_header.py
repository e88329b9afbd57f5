"""The header of a file that is not here: how much is fetched, and what a bad server or file leads to."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glmdesk import paths
from glmdesk.errors import DownloadError, ModelDamaged, ModelUnsupported
from glmdesk.library.fitting.remote_header import FIRST_PIECE, MOST, read_remote_header
from glmdesk.library.gguf import header
from tests.tiny_models import true_shapes

PICO = paths.shipped("models") / "pico" / "pico-f16.gguf"


class Server:
    """Serves ranges of one file and counts."""

    def __init__(self, data: bytes) -> None:
        self.data, self.asked = data, [(0, 0)][:0]

    def __call__(self, offset: int, length: int) -> bytes:
        assert offset >= 0
        assert 0 < length <= MOST
        self.asked.append((offset, length))
        return self.data[offset : offset + length]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return true_shapes.write(true_shapes.AIR, tmp_path_factory.mktemp("air") / "air.gguf")


def test_the_same_as_from_disk() -> None:
    server = Server(PICO.read_bytes())
    found = read_remote_header(server, len(server.data), f"folder/{PICO.name}")
    local = header.read(PICO)
    assert (found.metadata, found.tensors, found.data_start, found.file_size) == (
        local.metadata, local.tensors, local.data_start, local.file_size,
    )  # fmt: skip
    assert found.path.name == PICO.name
    assert len(server.asked) == 1


def test_little_of_a_large_file_is_fetched(large: Path) -> None:
    """Each byte at most once, in pieces that grow, and not much behind the header's end."""
    with large.open("rb") as file:
        server = Server(file.read(16 * 1024 * 1024))
    found = read_remote_header(server, large.stat().st_size)
    assert found.tensors == header.read(large).tensors
    ends = [offset + length for offset, length in server.asked]
    assert [offset for offset, _ in server.asked] == [0, *ends[:-1]]
    assert server.asked[0][1] == FIRST_PIECE
    assert ends[-1] < 2 * found.data_start + FIRST_PIECE


@pytest.mark.parametrize("answer", [
    lambda data, offset, length: data,
    lambda data, offset, length: data[offset : offset + length - 1],
    lambda data, offset, length: b"",
])  # fmt: skip
def test_a_server_without_ranges(answer: Callable[[bytes, int, int], bytes], large: Path) -> None:
    with large.open("rb") as file:
        data = file.read(8 * 1024 * 1024)

    with pytest.raises(DownloadError, match="cannot send parts of files"):
        read_remote_header(lambda offset, length: answer(data, offset, length), 1 << 36, "a.gguf")


def test_no_model() -> None:
    page = b"<!doctype html>" * 100
    with pytest.raises(ModelDamaged, match=r"page.gguf is not a GGUF"):
        read_remote_header(Server(page), len(page), "page.gguf")


def test_a_header_without_an_end() -> None:
    """A server that goes on for ever is left after 64 MiB."""

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "little")

    data = b"GGUF" + number(3, 4) + number(0, 8) + number(99_000, 8)
    for count in range(66):
        key = b"%09d" % count + b"k" * (1 << 20)
        data += number(len(key), 8) + key + number(4, 4) + number(0, 4)
    server = Server(data)
    with pytest.raises(ModelDamaged, match="does not end"):
        read_remote_header(server, 1 << 40, "endless.gguf")
    assert sum(length for _, length in server.asked) <= MOST


def test_errors_of_the_fetch_come_through() -> None:
    def fails(_: int, __: int) -> bytes:
        raise DownloadError("gone")

    with pytest.raises(DownloadError, match="gone"):
        read_remote_header(fails, 1 << 30)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 60_000), st.binary(min_size=1, max_size=8))
def test_damage(place: int, bytes_: bytes) -> None:
    """Any few bytes overwritten: a header, or an error of ours."""
    data = bytearray(PICO.read_bytes()[:FIRST_PIECE])
    data[place : place + len(bytes_)] = bytes_
    with contextlib.suppress(ModelDamaged, ModelUnsupported):
        found = read_remote_header(Server(bytes(data)), len(data))
        assert found.file_size == len(data)
