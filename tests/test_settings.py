"""Settings: defaults, file, environment, and a sentence for whatever is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk import settings
from glmdesk.errors import SettingsError
from glmdesk.paths import find


def read(home: Path, text: str | bytes | None = None, **environment: str) -> settings.Settings:
    if text is not None:
        data = text if isinstance(text, bytes) else text.encode()
        (home / "settings.toml").write_bytes(data)
    return settings.read({"GLMDESK_HOME": str(home), **environment})


def test_defaults(tmp_path: Path) -> None:
    assert read(tmp_path) == settings.Settings(paths=find(tmp_path))
    assert read(tmp_path, "") == settings.Settings(paths=find(tmp_path))


def test_file_then_environment(tmp_path: Path) -> None:
    text = 'model = "glm-4.6v-flash"\nport = 8000\nn_ctx = 4096\nn_threads = 2\nlog_level = "debug"'
    expected = settings.Settings(
        paths=find(tmp_path), model="glm-4.6v-flash", port=8000, n_ctx=4096, n_threads=2,
        log_level="debug",
    )  # fmt: skip
    assert read(tmp_path, text) == expected
    assert read(tmp_path, text, GLMDESK_LOG="ERROR") == replace(expected, log_level="error")


def test_where_weights_live(tmp_path: Path) -> None:
    text = """
n_slots = 2
n_cpu_moe = -1
devices = ["CUDA0", "CUDA1"]
tensor_split = [3, 1.5]
mmproj_offload = false
cache_type_k = "q8_0"
cache_type_v = "q4_0"
flash_attn = "on"
load_mode = "mlock"
mtp = true
"""
    assert read(tmp_path, text) == settings.Settings(
        paths=find(tmp_path), n_slots=2, n_cpu_moe=-1, devices=("CUDA0", "CUDA1"),
        tensor_split=(3, 1.5), mmproj_offload=False, cache_type_k="q8_0", cache_type_v="q4_0",
        flash_attn="on", load_mode="mlock", mtp=True,
    )  # fmt: skip


def test_how_answers_are_made(tmp_path: Path) -> None:
    text = """
prompt_lookup = false
state_cache_gb = 0
thinking_budget = 2000
keep_thinking = true
stock_history = true
"""
    assert read(tmp_path, text) == settings.Settings(
        paths=find(tmp_path), prompt_lookup=False, state_cache_gb=0, thinking_budget=2000,
        keep_thinking=True, stock_history=True,
    )  # fmt: skip


def test_empty_lists_and_names_are_the_defaults(tmp_path: Path) -> None:
    text = 'devices = []\ntensor_split = []\ncache_type_k = ""'
    assert read(tmp_path, text) == settings.Settings(paths=find(tmp_path))


def test_folders_from_the_environment(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    paths = read(tmp_path, GLMDESK_MODELS_DIR=str(elsewhere)).paths
    assert (paths.home, paths.models) == (tmp_path, elsewhere)


def test_the_real_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLMDESK_HOME", str(tmp_path))
    assert settings.read().paths.home == tmp_path


def test_a_file_from_windows(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfport = 8000\r\n").port == 8000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("port =", "not valid TOML"),
        (b"model = '\xff'", "not valid TOML"),
        ("colour = 'red'", "unknown key 'colour'"),
        ("paths = 'x'", "unknown key 'paths'"),
        ("port = '8000'", "port in .* must be a int"),
        ("port = true", "port in .* must be a int"),
        ("port = 1.5", "port in .* must be a int"),
        ("model = 3", "model in .* must be a str"),
        ("port = 65536", "port in .* must be 0 to 65,535"),
        ("port = -1", "port in .* must be"),
        ("n_ctx = -1", "n_ctx in .* must be"),
        ("n_threads = -4", "n_threads in .* must be"),
        ("n_gpu_layers = -2", "n_gpu_layers in .* must be"),
        ("n_slots = 5", "n_slots in .* must be 0 to 4"),
        ("n_slots = -1", "n_slots in .* must be 0 to 4"),
        ("n_cpu_moe = -2", "n_cpu_moe in .* must be -1 to"),
        ("n_cpu_moe = '3'", "n_cpu_moe in .* must be a int"),
        ("state_cache_gb = -1", "state_cache_gb in .* must be 0 to"),
        ("thinking_budget = -1", "thinking_budget in .* must be 0 to"),
        ("devices = 'CUDA0'", "devices in .* must be a list of names"),
        ("devices = ['CUDA0', 1]", "devices in .* must be a list of names"),
        ("tensor_split = 1", "tensor_split in .* must be a list of numbers"),
        ("tensor_split = [1, true]", "tensor_split in .* must be a list of numbers"),
        ("tensor_split = [1, -0.5]", "tensor_split in .* must hold numbers of 0 or more"),
        ("tensor_split = [1, nan]", "tensor_split in .* must hold numbers of 0 or more"),
        ("tensor_split = [inf]", "tensor_split in .* must hold numbers of 0 or more"),
        ("cache_type_k = 'q3'", "cache_type_k in .* must be one of f32, f16"),
        ("cache_type_v = 8", "cache_type_v in .* must be one of f32"),
        ("flash_attn = true", "flash_attn in .* must be one of auto, on, off"),
        ("load_mode = 'dio'", "load_mode in .* must be one of auto, mmap, none, mlock"),
        ("mtp = 1", "mtp in .* must be a bool"),
        ("log_level = 'loud'", "'loud' .log_level in .*settings.toml. is not one of debug"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read(tmp_path, text)


def test_a_wrong_level_in_the_environment(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'loud' \(GLMDESK_LOG\)"):
        read(tmp_path, GLMDESK_LOG="loud")


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "settings.toml").touch()
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(SettingsError, match="Permission denied"):
        read(tmp_path)
