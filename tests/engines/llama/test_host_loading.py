"""Loading in the worker process: every way a file can be wrong ends in a sentence, and in no process."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.errors import (
    EngineError,
    GlmdeskError,
    ModelDamaged,
    ModelError,
    ModelMissing,
    ModelUnsupported,
)
from glmdesk.messages import Finished
from tests.engines.chats import answer_of, failed, plain_picture
from tests.engines.llama.requests import GREETING, HELLO, opened, request, run
from tests.library.gguf_editor import GgufFile


def load_error(spec: LoadSpec, folder: Path) -> GlmdeskError:
    with pytest.raises((ModelError, EngineError)) as caught, opened(spec, folder):
        pass
    return caught.value


def test_no_file(pico_spec: LoadSpec, tmp_path: Path) -> None:
    error = load_error(replace(pico_spec, model=tmp_path / "none.gguf"), tmp_path)
    assert isinstance(error, ModelMissing)


@pytest.mark.slow
@pytest.mark.parametrize("end", [0, 10, 5_000, 1_000_000])
def test_half_a_file(pico_spec: LoadSpec, tmp_path: Path, end: int) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(pico_spec.model.read_bytes()[:end])
    error = load_error(replace(pico_spec, model=path), tmp_path)
    assert isinstance(error, ModelDamaged)
    assert "half.gguf" in error.message


def test_a_diary(pico_spec: LoadSpec, tmp_path: Path) -> None:
    path = tmp_path / "diary.gguf"
    path.write_text("Dear diary,\n" * 1000)
    error = load_error(replace(pico_spec, model=path), tmp_path)
    assert isinstance(error, ModelDamaged)
    assert "not a GGUF model file" in error.message


@pytest.mark.parametrize(
    ("key", "value"),
    [("glm4.block_count", 0), ("glm4.attention.layer_norm_rms_epsilon", -1.0)],
)
def test_values_llama_cpp_would_abort_on(
    pico_spec: LoadSpec, tmp_path: Path, key: str, value: float
) -> None:
    path = GgufFile.read(pico_spec.model).set(key, value).write(tmp_path / "odd.gguf")
    error = load_error(replace(pico_spec, model=path), tmp_path)
    assert isinstance(error, ModelDamaged)
    assert (tmp_path / "log" / "engine.log").read_text() == ""  # llama.cpp never saw it


def test_an_architecture_that_nobody_knows(pico_spec: LoadSpec, tmp_path: Path) -> None:
    file = GgufFile.read(pico_spec.model).set("general.architecture", "glm99")
    error = load_error(replace(pico_spec, model=file.write(tmp_path / "new.gguf")), tmp_path)
    assert isinstance(error, ModelUnsupported)
    assert "glm99" in error.message


@pytest.mark.slow
def test_what_only_llama_cpp_knows_to_refuse(pico_spec: LoadSpec, tmp_path: Path) -> None:
    file = GgufFile.read(pico_spec.model).set("tokenizer.ggml.pre", "odd")
    error = load_error(replace(pico_spec, model=file.write(tmp_path / "new.gguf")), tmp_path)
    assert isinstance(error, ModelUnsupported)
    assert "unknown pre-tokenizer type: 'odd'" in error.message


@pytest.mark.slow
@pytest.mark.parametrize(
    "template", ["{% for %}", "{{ 1 / 0 }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}"]
)
def test_a_hostile_template(pico_spec: LoadSpec, tmp_path: Path, template: str) -> None:
    file = GgufFile.read(pico_spec.model).set("tokenizer.chat_template", template)
    spec = replace(pico_spec, model=file.write(tmp_path / "odd.gguf"), mmproj=None)
    try:
        with opened(spec, tmp_path) as engine:
            assert failed(run(engine, HELLO)).code == EngineError.code
            assert psutil.pid_exists(engine.worker_pid)
    except ModelUnsupported as error:
        assert "chat template" in error.message  # noqa: PT017


@pytest.mark.slow
def test_no_template(pico_spec: LoadSpec, tmp_path: Path) -> None:
    file = GgufFile.read(pico_spec.model).drop("tokenizer.chat_template")
    error = load_error(replace(pico_spec, model=file.write(tmp_path / "base.gguf")), tmp_path)
    assert isinstance(error, ModelUnsupported)
    assert "no chat template" in error.message


def half(path: Path, folder: Path) -> Path:
    cut = folder / "mmproj-half.gguf"
    cut.write_bytes(path.read_bytes()[:100_000])
    return cut


def not_there(path: Path, folder: Path) -> Path:
    return path.with_suffix(".none")


def the_model_itself(path: Path, folder: Path) -> Path:
    return path.with_name("pico-f16.gguf")


def with_odd_heads(path: Path, folder: Path) -> Path:
    file = GgufFile.read(path).set("clip.vision.attention.head_count", 0)
    return file.write(folder / "mmproj-odd.gguf")


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [half, not_there, the_model_itself, with_odd_heads])
def test_a_projector_that_does_not_fit_costs_only_the_pictures(
    pico_spec: LoadSpec, tmp_path: Path, spoil: Callable[[Path, Path], Path]
) -> None:
    assert pico_spec.mmproj
    spec = replace(pico_spec, mmproj=spoil(pico_spec.mmproj, tmp_path))
    with opened(spec, tmp_path) as engine:
        assert not engine.info.vision
        assert engine.info.image_max_tokens == 0
        assert len(engine.info.notice) > 20
        assert answer_of(run(engine, HELLO)) == GREETING
        seen = failed(run(engine, request(plain_picture(tmp_path), "What do you see?")))
        assert "cannot see pictures" in seen.message


@pytest.mark.slow
def test_a_model_without_multimodal_positions_gets_no_pictures(
    pico_spec: LoadSpec, tmp_path: Path
) -> None:
    """llama.cpp would abort at the first picture."""
    file = GgufFile.read(pico_spec.model).drop("glm4.rope.dimension_sections")
    with opened(replace(pico_spec, model=file.write(tmp_path / "old.gguf")), tmp_path) as engine:
        assert not engine.info.vision
        assert "download it again" in engine.info.notice
        assert isinstance(run(engine, HELLO)[-1], Finished)


@pytest.mark.slow
def test_loading_tells_how_far_it_is(pico_spec: LoadSpec, tmp_path: Path) -> None:
    told: list[float] = []
    with closing(LlamaEngine(pico_spec, tmp_path / "log", told.append)):
        assert all(0 <= one <= 1 for one in told)
        assert told == sorted(told)
