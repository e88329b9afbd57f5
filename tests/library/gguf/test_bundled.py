"""The lists of what the bundled llama.cpp runs, held against llama.cpp itself."""

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pytest
from llama_cpp import llama_cpp as llama

from glmdesk.engines.llama import native
from glmdesk.engines.llama.report import LoadReport
from glmdesk.library.gguf import bundled
from glmdesk.library.gguf.header import BLOCKS
from tests.library.gguf_editor import STRING, GgufFile, entry


@pytest.fixture
def report() -> Iterator[LoadReport]:
    heard = LoadReport()
    native.start_library(heard)
    yield heard
    native.start_library()


def refusal(architecture: str, folder: Path, report: LoadReport) -> str:
    file = GgufFile(3, [entry("general.architecture", STRING, architecture)], 0, b"", b"")
    path = file.write(folder / "empty.gguf")
    params = llama.llama_model_default_params()
    assert not llama.llama_model_load_from_file(native.path_bytes(path), params)
    return report.reason()


@pytest.mark.parametrize("name", sorted(bundled.ARCHITECTURES))
def test_each_architecture_is_known(name: str, tmp_path: Path, report: LoadReport) -> None:
    reason = refusal(name, tmp_path, report)
    assert reason
    assert "unknown model architecture" not in reason


def test_one_that_is_not(tmp_path: Path, report: LoadReport) -> None:
    assert refusal("glm9", tmp_path, report) == "unknown model architecture: 'glm9'"
    assert "glm9" not in bundled.ARCHITECTURES


def test_the_sizes_of_types() -> None:
    block = native.symbol("ggml_blck_size", ctypes.c_int64, ctypes.c_int)
    size = native.symbol("ggml_type_size", ctypes.c_size_t, ctypes.c_int)
    known = {number: (block(number), size(number)) for number in range(llama.GGML_TYPE_COUNT)}
    assert {number: sizes for number, sizes in known.items() if sizes[0]} == BLOCKS
