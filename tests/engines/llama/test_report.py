"""llama.cpp's log lines, put together. The lines are real: of two GPUs, of one CPU, of loads that failed."""

import pytest

from glmdesk.engines.llama.report import CONTINUED, DEBUG, ERROR, INFO, WARNING, LoadReport

MIB = 1024 * 1024

TWO_GPUS = """\
llama_prepare_model_devices: using device CUDA0 (NVIDIA H100 80GB HBM3) (0000:1b:00.0) - 80497 MiB free
llama_prepare_model_devices: using device CUDA1 (NVIDIA H100 80GB HBM3) (0000:2c:00.0) - 80497 MiB free
load_tensors: loading model tensors, this can take a while... (load_mode = mmap)
load_tensors: offloading output layer to GPU
load_tensors: offloading 46 repeating layers to GPU
load_tensors: offloaded 47/48 layers to GPU
load_tensors:   CPU_Mapped model buffer size = 47614.50 MiB
load_tensors:   CPU_Mapped model buffer size = 20480.25 MiB
load_tensors:        CUDA0 model buffer size =  1024.50 MiB
load_tensors:        CUDA1 model buffer size =  2048.00 MiB
llama_context: constructing llama_context
llama_context: flash_attn            = auto
llama_context:  CUDA_Host  output buffer size =     2.00 MiB
llama_kv_cache:      CUDA0 KV buffer size =  1440.00 MiB
llama_kv_cache:      CUDA1 KV buffer size =  1504.00 MiB
llama_kv_cache: size = 2944.00 MiB ( 16384 cells,  46 layers,  4/1 seqs), K (q8_0): 1472.00 MiB, V (f16): 1472.00 MiB
resolve_fused_ops: Flash Attention enabled
sched_reserve:      CUDA0 compute buffer size =   400.00 MiB
sched_reserve:  CUDA_Host compute buffer size =    40.00 MiB
clip_ctx: CLIP using CUDA0 backend
load_hparams: model size:         934.50 MiB
reserve_compute_meta:      CUDA0 compute buffer size =   515.00 MiB
reserve_compute_meta:        CPU compute buffer size =    19.00 MiB
"""


def heard(text: str, level: int = INFO) -> LoadReport:
    report = LoadReport()
    for line in text.splitlines(keepends=True):
        report.add(level, line)
    return report


def test_two_gpus() -> None:
    found = heard(TWO_GPUS).report()
    assert found["weights"] == {
        "CPU_Mapped": round(68094.75 * MIB),
        "CUDA0": round(1024.5 * MIB),
        "CUDA1": 2048 * MIB,
    }
    assert found["cache"] == {"CUDA0": 1440 * MIB, "CUDA1": 1504 * MIB}
    assert found["compute"] == {"CUDA0": 400 * MIB, "CUDA_Host": 40 * MIB}
    assert found["output"] == {"CUDA_Host": 2 * MIB}
    assert found["projector"] == round(934.5 * MIB)
    assert found["projector_compute"] == {"CUDA0": 515 * MIB, "CPU": 19 * MIB}
    assert found["projector_device"] == "CUDA0"
    assert found["devices"] == ["CUDA0", "CUDA1"]
    assert (found["layers_on_gpu"], found["layers"]) == (47, 48)
    assert found["flash_attention"] is True
    assert (found["cache_type_k"], found["cache_type_v"]) == ("q8_0", "f16")
    assert found["load_mode"] == "mmap"
    assert "locked" not in found
    parts = 68094.75 + 1024.5 + 2048 + 1440 + 1504 + 400 + 40 + 2 + 934.5 + 515 + 19
    assert found["total"] == round(parts * MIB)


def test_nothing_yet() -> None:
    found = LoadReport().report()
    assert found["total"] == found["layers_on_gpu"] == 0
    assert found["weights"] == found["cache"] == {}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("llama_context: flash_attn            = disabled\n", False),
        ("llama_context: flash_attn            = enabled\n", True),
        ("resolve_fused_ops: Flash Attention not supported, set to disabled\n", False),
    ],
)
def test_flash_attention_as_decided(lines: str, expected: bool) -> None:
    assert heard(lines).report()["flash_attention"] is expected


def test_a_second_context_adds_and_a_new_reserve_replaces() -> None:
    one = "llama_context: constructing llama_context\n"
    cache = "llama_kv_cache:        CPU KV buffer size =     2.00 MiB\n"
    small, large = (
        f"sched_reserve:        CPU compute buffer size =     {size}.00 MiB\n" for size in (3, 5)
    )
    found = heard(one + cache + small + large + one + cache + cache + small).report()
    assert found["cache"] == {"CPU": 6 * MIB}
    assert found["compute"] == {"CPU": 8 * MIB}


def test_a_context_that_failed_does_not_count() -> None:
    report = heard(TWO_GPUS)
    total = report.report()["total"]
    report.add(INFO, "llama_context: constructing llama_context\n")
    report.add(INFO, "llama_kv_cache:        CPU KV buffer size =     2.00 MiB\n")
    report.add(ERROR, "llama_init_from_model: failed to initialize the context: std::bad_alloc\n")
    assert report.report()["total"] == total


def test_experts_that_were_moved() -> None:
    lines = "".join(
        f"tensor blk.{layer}.ffn_{part}_exps.weight (300 MiB q4_K) buffer type overridden to CPU\n"
        for layer in (1, 2, 10)
        for part in ("up", "down", "gate")
    )
    assert heard(lines, DEBUG).report()["expert_layers_on_cpu"] == 3


def test_a_system_that_locks_nothing() -> None:
    line = "warning: failed to mlock 3145728-byte buffer (after previously locking 0 bytes): ...\n"
    assert heard(line, WARNING).report()["locked"] is False


def test_lines_in_pieces() -> None:
    report = LoadReport()
    report.add(INFO, "load_tensors:          CPU model ")
    report.add(CONTINUED, "buffer size =     2.00 MiB\nload_tensors:  ")
    report.add(CONTINUED, ".")
    report.add(INFO, "load_tensors:        CUDA0 model buffer size =     1.00 MiB\n")
    assert report.report()["weights"] == {"CPU": 2 * MIB, "CUDA0": MIB}


@pytest.mark.parametrize(
    ("lines", "reason", "memory"),
    [
        (
            "llama_model_load: error loading model: unknown model architecture: 'glm5next'\n"
            "llama_model_load_from_file_impl: failed to load model\n",
            "unknown model architecture: 'glm5next'",
            False,
        ),
        (
            "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 16380.50 MiB on device 0: "
            "cudaMalloc failed: out of memory\n"
            "alloc_tensor_range: failed to allocate CUDA0 buffer of size 17176199168\n"
            "llama_model_load: error loading model: unable to allocate CUDA0 buffer\n"
            "llama_model_load_from_file_impl: failed to load model\n",
            "allocating 16380.50 MiB on device 0: cudaMalloc failed: out of memory",
            True,
        ),
        (
            "llama_init_from_model: failed to initialize the context: failed to allocate buffer for "
            "kv cache\n",
            "failed to allocate buffer for kv cache",
            True,
        ),
        (
            "llama_init_from_model: model does not support different K (q8_0) and V (f16) cache types\n",
            "model does not support different K (q8_0) and V (f16) cache types",
            False,
        ),
        ("llama_model_load_from_file_impl: failed to load model\n", "", False),
        ("", "", False),
    ],
)
def test_why_it_failed(lines: str, reason: str, memory: bool) -> None:
    report = heard(lines, ERROR)
    assert report.reason() == reason
    assert report.lacked_memory is memory
