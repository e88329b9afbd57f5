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
