"""Weights and contexts as the settings want them, in the test process, on the CPU."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from llama_cpp import llama_cpp as llama

from glmdesk.child import Child, Limits, Pipe
from glmdesk.engines.llama import native, weights
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.context import CachePlan, context_params, open_context, plan_cache
from glmdesk.engines.llama.devices import Device
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.report import LoadReport
from glmdesk.engines.llama.weights import LoadCancelled, Weights, check_placement, load_weights
from glmdesk.errors import EngineError, GlmdeskError, ModelUnsupported
from glmdesk.library.gguf import preflight
from tests import tiny_models
from tests.library.gguf_editor import GgufFile


@dataclass(frozen=True)
class Opened:
    weights: Weights
    plan: CachePlan
    found: dict[str, Any]
    next_token: int
    """What the model says after a few tokens, greedily."""


@pytest.fixture
def report() -> Iterator[LoadReport]:
    heard = LoadReport()
    native.start_library(heard)
    yield heard
    native.start_library()


@pytest.fixture
def spec(pico_spec: LoadSpec) -> LoadSpec:
    return replace(pico_spec, exact=False)


@pytest.fixture(scope="session")
def moe(tmp_path_factory: pytest.TempPathFactory) -> LoadSpec:
    path = tiny_models.write_glm4moe(tmp_path_factory.mktemp("moe"), nextn=True)
    return LoadSpec(id="moe", name="moe", model=path, n_ctx=512)


@contextmanager
def opened(spec: LoadSpec, report: LoadReport) -> Iterator[Opened]:
    flag = CancelFlag()
    loaded = load_weights(spec, flag, lambda done: None, report)
    try:
        plan = plan_cache(spec, preflight.read(spec.model))
        context = open_context(loaded.pointer, context_params(spec, plan, 8192, 1, flag), report)
        said = next_token(loaded.pointer, context)
        yield Opened(loaded, plan, dict(report.report()), said)
        llama.llama_free(context)
    finally:
        loaded.close()


def next_token(model: object, context: object) -> int:
    tokens = (llama.llama_token * 5)(901, 904, 907, 72, 105)
    assert llama.llama_decode(context, llama.llama_batch_get_one(tokens, 5)) == 0
    count = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    logits = llama.llama_get_logits_ith(context, -1)[:count]
    return int(max(range(count), key=logits.__getitem__))


@pytest.fixture
def usual(spec: LoadSpec, report: LoadReport) -> Opened:
    with opened(spec, report) as found:
        return found


def test_as_it_is_loaded_usually(usual: Opened, spec: LoadSpec) -> None:
    size = spec.model.stat().st_size
    assert abs(sum(usual.found["weights"].values()) - size) < 200_000
    assert usual.found["cache"] == {
        "CPU": 4 * 2 * 64 * 2 * 2048
    }  # layers, K and V, row, f16, cells
    assert usual.found["total"] > size
    assert usual.found["flash_attention"] is True
    assert usual.plan == CachePlan()


@pytest.mark.parametrize(
    ("mode", "told"),
    [("mmap", "mmap"), ("none", "none"), ("mlock", "mmap+mlock"), ("auto", "mmap")],
)
def test_load_modes(
    mode: Any, told: str, usual: Opened, spec: LoadSpec, report: LoadReport
) -> None:
    with opened(replace(spec, load_mode=mode), report) as found:
        assert found.found["load_mode"] == told
        assert found.next_token == usual.next_token


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"])
def test_types_of_the_cache(kind: Any, spec: LoadSpec, report: LoadReport) -> None:
    with opened(replace(spec, cache_type_k=kind, cache_type_v=kind), report) as found:
        assert (found.found["cache_type_k"], found.found["cache_type_v"]) == (kind, kind)
        assert found.plan.notice == ""


def test_an_exact_cache(spec: LoadSpec, report: LoadReport) -> None:
    """Whatever else is set: a model that needs it keeps it."""
    wanted = replace(spec, exact=True, cache_type_k="q8_0", cache_type_v="q8_0", flash_attn="on")
    with opened(wanted, report) as found:
        assert found.found["cache_type_k"] == found.found["cache_type_v"] == "f32"
        assert found.found["flash_attention"] is False


@pytest.mark.parametrize(("wanted", "decided"), [("on", True), ("off", False), ("auto", True)])
def test_flash_attention(
    wanted: Any, decided: bool, usual: Opened, spec: LoadSpec, report: LoadReport
) -> None:
    with opened(replace(spec, flash_attn=wanted), report) as found:
        assert found.found["flash_attention"] is decided
        assert found.next_token == usual.next_token


def test_a_small_cache_without_flash_attention(spec: LoadSpec, report: LoadReport) -> None:
    """llama.cpp makes no such context; the chat is worth more than the wish."""
    wanted = replace(spec, cache_type_k="q8_0", cache_type_v="q8_0", flash_attn="off")
    with opened(wanted, report) as found:
        assert (found.found["cache_type_k"], found.found["cache_type_v"]) == ("q8_0", "f16")
        assert "q8_0 needs flash attention, which is off" in found.plan.notice


def test_rows_that_a_small_type_cannot_hold(moe: LoadSpec, report: LoadReport) -> None:
    with opened(replace(moe, cache_type_k="q8_0", cache_type_v="q4_0"), report) as found:
        assert found.found["cache_type_k"] == found.found["cache_type_v"] == "f16"
        assert "keys of this model cannot be kept as q8_0" in found.plan.notice
        assert "values of this model cannot be kept as q4_0" in found.plan.notice


@pytest.mark.parametrize(
    ("key", "value", "told"), [("f32", "", False), ("f32", "bf16", True), ("", "q8_0", True)]
)
def test_one_cache_for_both(
    key: Any, value: Any, told: bool, tmp_path: Path, report: LoadReport
) -> None:
    """Latent attention (GLM-4.7-Flash) has no values of its own."""
    path = tiny_models.write_deepseek2(tmp_path)
    flash = LoadSpec(id="x", name="x", model=path, n_ctx=512, cache_type_k=key, cache_type_v=value)
    with opened(flash, report) as found:
        assert found.found["cache_type_k"] == (key or "f16")
        assert ("one cache for both" in found.plan.notice) is told


def test_slots_share_one_context(spec: LoadSpec, report: LoadReport) -> None:
    flag = CancelFlag()
    params = context_params(replace(spec, n_slots=3, n_ctx=0), CachePlan(), 8192, 2, flag)
    assert (params.n_seq_max, params.kv_unified, params.n_ctx) == (3, True, 8192)
    assert params.n_batch == params.n_ubatch == 512
    assert params.n_threads == params.n_threads_batch == 2
    assert context_params(replace(spec, n_ctx=0), CachePlan(), 131_072, 2, flag).n_ctx == 16_384


def test_no_more_context_than_the_model_can_use(spec: LoadSpec) -> None:
    params = context_params(replace(spec, n_ctx=1 << 30), CachePlan(), 8192, 2, CancelFlag())
    assert params.n_ctx == 4 * 8192


def test_patterns_of_experts() -> None:
    assert weights.expert_patterns(0) == []
    assert weights.expert_patterns(-1) == [r"\.ffn_(up|down|gate|gate_up)_(ch|)exps"]
    assert weights.expert_patterns(2) == [
        r"blk\.0\.ffn_(up|down|gate|gate_up)_(ch|)exps",
        r"blk\.1\.ffn_(up|down|gate|gate_up)_(ch|)exps",
    ]


@pytest.mark.parametrize(("layers", "moved"), [(0, 0), (1, 0), (2, 1), (3, 2), (-1, 2), (500, 2)])
def test_experts_on_the_cpu(layers: int, moved: int, moe: LoadSpec, report: LoadReport) -> None:
    """The first of its three layers has no experts."""
    with opened(moe, report) as before:
        said = before.next_token
    with opened(replace(moe, n_cpu_moe=layers), report) as found:
        assert found.found["expert_layers_on_cpu"] == moved
        assert found.next_token == said


def test_the_block_that_guesses_ahead(moe: LoadSpec, report: LoadReport) -> None:
    """It is only loaded when it is asked for."""
    with opened(moe, report) as without:
        small = sum(without.found["weights"].values())
    fresh = LoadReport()
    native.start_library(fresh)
    with opened(replace(moe, mtp=True), fresh) as found:
        assert found.weights.nextn_layers == 1
        assert sum(found.found["weights"].values()) > small


def test_the_cpu_alone(usual: Opened, spec: LoadSpec, report: LoadReport) -> None:
    with opened(replace(spec, devices=("none",)), report) as found:
        assert found.found["devices"] == []
        assert found.next_token == usual.next_token


def load_error(spec: LoadSpec, report: LoadReport) -> GlmdeskError:
    with pytest.raises(GlmdeskError) as caught, opened(spec, report):
        pass
    return caught.value


def test_a_device_that_is_not_here(spec: LoadSpec, report: LoadReport) -> None:
    error = load_error(replace(spec, devices=("CUDA7",)), report)
    assert isinstance(error, EngineError)
    assert "'CUDA7', which is not here" in error.message
    assert "settings.toml" in error.message


def device(name: str, kind: Any) -> Device:
    return Device(name=name, description="", kind=kind, memory_free=0, memory_total=0)


CPU, BLAS = device("CPU", "cpu"), device("BLAS", "accel")
TWO = (device("CUDA0", "gpu"), device("CUDA1", "gpu"), device("Vulkan0", "igpu"), BLAS, CPU)
INNER = (device("Vulkan0", "igpu"), CPU)


@pytest.mark.parametrize(
    ("here", "names", "split", "told"),
    [
        (TWO, ("CUDA1", "CUDA0"), (1.0, 2.0), ""),
        (TWO, (), (1.0, 2.0), ""),
        (TWO, (), (0.0, 1.0), ""),
        (TWO, ("Vulkan0",), (1.0,), ""),
        (INNER, (), (1.0,), ""),
        (TWO, ("CPU",), (), "'CPU', which is not here. There is: CUDA0, CUDA1, Vulkan0"),
        (TWO, ("BLAS",), (), "'BLAS', which is not here"),
        (TWO, ("none", "CUDA0"), (), "'none', which is not here"),
        ((CPU,), ("CUDA0",), (), "There is: none but the CPU"),
        (TWO, ("CUDA0", "CUDA0"), (), "names a device twice"),
        (TWO, (), (1.0, 1.0, 1.0), "has 3 shares, and the devices in use are 2"),
        (TWO, ("CUDA0",), (1.0, 1.0), "has 2 shares, and the devices in use are 1"),
        (TWO, ("none",), (1.0,), "the devices in use are 0"),
        (TWO, (), (0.0, 0.0), "not all 0"),
        (TWO, (), (-1.0, 2.0), "0 or more"),
    ],
)
def test_placements(
    here: tuple[Device, ...], names: tuple[str, ...], split: tuple[float, ...], told: str
) -> None:
    wanted = LoadSpec(id="x", name="x", model=Path("x"), devices=names, tensor_split=split)
    if not told:
        check_placement(wanted, here)
        return
    with pytest.raises(EngineError, match=told):
        check_placement(wanted, here)


def unknown(file: GgufFile) -> GgufFile:
    return file.set("general.architecture", "glm9")


def too_many_layers(file: GgufFile) -> GgufFile:
    return file.set("glm4.block_count", 5)


def odd_words(file: GgufFile) -> GgufFile:
    return file.set("tokenizer.ggml.pre", "odd")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (unknown, "unknown model architecture: 'glm9'"),
        (too_many_layers, "tensor 'blk.4.attn_norm.weight' not found"),
        (odd_words, "unknown pre-tokenizer type: 'odd'"),
    ],
)
def test_llama_cpps_own_reason(
    spoil: Callable[[GgufFile], GgufFile],
    told: str,
    spec: LoadSpec,
    tmp_path: Path,
    report: LoadReport,
) -> None:
    path = spoil(GgufFile.read(spec.model)).write(tmp_path / "odd.gguf")
    error = load_error(replace(spec, model=path), report)
    assert isinstance(error, ModelUnsupported)
    assert told in error.message
    assert "odd.gguf" in error.message


def test_a_projector_as_a_model(spec: LoadSpec, report: LoadReport) -> None:
    assert spec.mmproj
    error = load_error(replace(spec, model=spec.mmproj), report)
    assert "CLIP cannot be used as main model" in error.message


def open_with_little_memory(pipe: Pipe) -> None:
    spec: LoadSpec = pipe.receive()
    heard, flag = LoadReport(), CancelFlag()
    native.start_library(heard)
    loaded = load_weights(spec, flag, lambda done: None, heard)
    params = context_params(spec, CachePlan(type_k="f32", type_v="f32"), spec.n_ctx, 1, flag)
    try:
        open_context(loaded.pointer, params, heard)
    except GlmdeskError as error:
        pipe.send(f"{error.code}: {error.message}")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a child to its memory")
def test_a_context_that_does_not_fit(spec: LoadSpec, tmp_path: Path) -> None:
    child = Child(open_with_little_memory, "test", tmp_path / "log", Limits(memory=3 * 1024**3))
    try:
        child.pipe.send(replace(spec, n_ctx=2_000_000))
        told = child.pipe.receive()
    finally:
        child.kill()
    assert told.startswith(
        "engine_out_of_memory: There is not enough memory for a context of 2,000,000 tokens"
    )
    assert "n_ctx" in told


def test_a_load_that_is_cancelled(spec: LoadSpec, report: LoadReport) -> None:
    flag = CancelFlag()
    flag.set()
    with pytest.raises(LoadCancelled):
        load_weights(spec, flag, lambda done: None, report)


def test_progress(spec: LoadSpec, report: LoadReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_TELL_EVERY_S", -1.0)
    told: list[float] = []
    load_weights(replace(spec, load_mode="none"), CancelFlag(), told.append, report).close()
    assert len(told) > 10
    assert told == sorted(told)
    assert all(0 <= done <= 1 for done in told)
