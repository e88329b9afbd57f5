"""The commands as a person types them: real processes, the built-in model."""

import json
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pymupdf
import pytest

from glmdesk.app import App
from glmdesk.cli import chat
from glmdesk.errors import DocumentLocked
from glmdesk.paths import find
from glmdesk.settings import Settings
from tests.environment import clean_environment
from tools.pico.scenes import scene


def glmdesk(home: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "glmdesk", *map(str, arguments)],
        env=clean_environment(GLMDESK_HOME=home, BROWSER="true"),
        capture_output=True,
        text=True,
        timeout=60,
    )


def refused(run: "subprocess.CompletedProcess[str]", code: int = 1) -> str:
    """What was said, when it was one sentence and no traceback."""
    assert run.returncode == code, run
    assert "Traceback" not in run.stderr + run.stdout
    return run.stderr


@pytest.fixture
def shapes(tmp_path: Path) -> tuple[Path, str]:
    image, things = scene(random.Random(11), n=1, sizes=((112, 112),))
    path = tmp_path / "shapes.png"
    image.save(path)
    color, kind = things[0]
    return path, f"The {kind} is {color}."


def test_a_picture_with_thinking(tmp_path: Path, shapes: tuple[Path, str]) -> None:
    path, answer = shapes
    kind = answer.split()[1]
    run = glmdesk(tmp_path, "chat", f"What color is the {kind}?", "--image", path, "--think", "on")
    assert run.stdout == answer + "\n"
    assert "I see" in run.stderr


def test_detail_and_a_budget_that_suffices(tmp_path: Path, shapes: tuple[Path, str]) -> None:
    path, answer = shapes
    question = f"What color is the {answer.split()[1]}?"
    more = ("--think", "on", "--budget", "200", "--detail", "high", "--json")
    result = json.loads(glmdesk(tmp_path, "chat", question, "--image", path, *more).stdout)
    assert (result["answer"], result["usage"]["image_tokens"]) == (answer, 16)
    assert "I see" in result["thinking"]


def test_json(tmp_path: Path) -> None:
    run = glmdesk(tmp_path, "chat", "Hello", "--think", "off", "--json", "--seed", "1")
    result = json.loads(run.stdout)
    assert result["answer"] == "Hello! How can I help you?"
    assert result["thinking"] == ""
    assert result["finish_reason"] == "stop"
    assert set(result["usage"]) == {
        "prompt_tokens", "cached_tokens", "image_tokens", "completion_tokens", "thinking_tokens",
        "draft_tokens", "accepted_tokens",
    }  # fmt: skip
    assert set(result["timings"]) == {"first_token_s", "prompt_tokens_per_s", "tokens_per_s"}


def test_a_document(tmp_path: Path) -> None:
    path = tmp_path / "codes.txt"
    path.write_text("The code of lima is 4821.\nThe code of oslo is 77.")
    run = glmdesk(tmp_path, "chat", "What is the code of oslo?", "--file", path, "--think", "off")
    assert run.stdout == "The code of oslo is 77 [p. 1].\n"


def test_pages_of_a_document(tmp_path: Path) -> None:
    path = tmp_path / "codes.pdf"
    document = pymupdf.open()
    for number in (111, 222, 333):
        document.new_page().insert_text((72, 72), f"The code of oslo is {number}.")
    document.save(path)
    asked = ("chat", "What is the code of oslo?", "--file", str(path), "--think", "off", "--pages")
    assert glmdesk(tmp_path, *asked, "2").stdout.strip() == "The code of oslo is 222 [p. 2]."
    refused = glmdesk(tmp_path, *asked, "2, 9")
    assert refused.returncode == 1
    assert "There is no page 9; the document has 3 pages." in refused.stderr


def test_a_locked_document_asks_at_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "locked.pdf"
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "The code of oslo is 222.")
    document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="open", owner_pw="own")
    said = refused(glmdesk(tmp_path, "chat", "What?", "--file", path, "--think", "off"))
    assert "needs a password" in said
    answers = iter(("wrong", "open"))
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    app = App(Settings(paths=find(tmp_path / "home")))
    try:
        with pytest.raises(DocumentLocked):
            chat.unlocked(app, path, tmp_path)
        copy = chat.unlocked(app, path, tmp_path)
        assert app.reader.inspect(copy, "locked.pdf").pages == 1
    finally:
        app.close()


def test_max_tokens(tmp_path: Path) -> None:
    run = glmdesk(tmp_path, "chat", "Count to 50.", "--max-tokens", "4", "--think", "off", "--json")
    assert json.loads(run.stdout)["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chat", "x", "--image", "nowhere.png"], "There is no file nowhere.png"),
        (["chat", "x", "--think", "maybe"], "invalid choice"),
        (["chat", "x", "--max-tokens", "-1"], "not a number of tokens"),
        (["chat", "x", "--temperature", "nan"], "not a temperature"),
        (["chat", "x", "--temperature", "-5"], "not a temperature"),
        (["chat", "x", "--seed", "99999999999"], "not a seed"),
        (["chat", "x", "--budget", "0"], "not a number of tokens"),
        (["chat", "x", "--budget", "many"], "not a number of tokens"),
        (["chat", "x", "--detail", "sharp"], "not a detail"),
        (["chat", "x", "--detail", "0"], "not a detail"),
        (["chat", "x", "--detail", "-8"], "not a detail"),
        (["chat", "x", "--detail", ""], "not a detail"),
        (["bench", "pico"], "unrecognized arguments"),
        (["chat", "  "], "The prompt is empty"),
        (["serve", "--port", "99999"], "not a port"),
        (["dance"], "invalid choice"),
    ],
)
def test_what_is_not_understood_exits_with_2(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    assert said in refused(glmdesk(tmp_path, *arguments), 2)


@pytest.mark.parametrize("content", [b"# just some words\n" * 100, b"GGUF\x03\x00\x00\x00", b""])
def test_a_model_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    said = refused(glmdesk(tmp_path / "home", "chat", "Hello", "--model", path))
    assert "not a GGUF model file" in said


@pytest.mark.parametrize("command", [["chat", "Hello"], ["serve", "--no-browser"], ["bench"]])
def test_a_model_that_is_not_there(tmp_path: Path, command: list[str]) -> None:
    said = refused(glmdesk(tmp_path / "home", *command, "--model", tmp_path / "model.gguf"))
    assert "There is no model file" in said


def test_a_truncated_model(tmp_path: Path) -> None:
    from glmdesk.paths import shipped

    path = tmp_path / "half.gguf"
    path.write_bytes((shipped("models") / "pico" / "pico-f16.gguf").read_bytes()[:2_000_000])
    assert "is incomplete (2.0 MB of 3.0 MB)" in refused(
        glmdesk(tmp_path, "chat", "Hello", "--model", path)
    )


def test_an_unknown_model(tmp_path: Path) -> None:
    said = refused(glmdesk(tmp_path, "chat", "Hello", "--model", "glm-99"))
    assert "There is no model 'glm-99' here" in said
    assert "pico" in said


@pytest.mark.parametrize("command", [["chat", "Hello"], ["serve", "--no-browser"], []])
def test_a_data_folder_that_cannot_be_written(tmp_path: Path, command: list[str]) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    said = refused(glmdesk(blocker / "home", *command))
    assert "cannot write to its data folder" in said
    assert "GLMDESK_HOME" in said


def test_a_broken_settings_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("port = 'abc'")
    assert "port in" in refused(glmdesk(tmp_path, "chat", "Hello"))
    (tmp_path / "settings.toml").write_text("port = ")
    assert "not valid TOML" in refused(glmdesk(tmp_path, "chat", "Hello"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "glmdesk.db").write_bytes(b"hello" * 1000)
    assert "history file" in refused(glmdesk(tmp_path, "chat", "Hello"))
    assert (tmp_path / "glmdesk.db").read_bytes() == b"hello" * 1000


def test_serve_says_when_the_port_is_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(glmdesk(tmp_path, "serve", "--no-browser", "--port", str(port)))
    assert f"Port {port} is in use" in said


@pytest.mark.slow
def test_bench(tmp_path: Path) -> None:
    run = glmdesk(tmp_path, "bench", "--model", "pico", "--json")
    report = json.loads(run.stdout)
    assert {
        "model", "name", "version", "n_ctx", "load_s", "prompt", "decode", "picture", "memory",
        "details",
    } == set(report)  # fmt: skip
    assert [round(speed["tokens"], -2) for speed in report["prompt"]] == [500, 2000]
    assert report["decode"]["tokens_per_s"] > 0
    assert "Loading pico …\nReading 512 tokens, run 1 …" in run.stderr
    drawn = glmdesk(tmp_path, "bench").stdout
    for part in ("pico: ", "load ", "prompt, ", "decode, ", "picture, second turn", "peak"):
        assert part in drawn


@pytest.mark.slow
def test_bench_is_stopped_by_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    environment = clean_environment(GLMDESK_HOME=tmp_path / "home", TMPDIR=tmp_path / "tmp")
    with subprocess.Popen(
        [sys.executable, "-m", "glmdesk", "bench"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stderr is not None
        while "Reading" not in run.stderr.readline():
            pass
        family = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGINT)
        said, told = run.communicate(timeout=20)
    assert (run.returncode, said) == (130, "")
    assert "Traceback" not in told
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
def test_a_second_start_finds_the_first_and_a_crash_leaves_nothing(tmp_path: Path) -> None:
    environment = clean_environment(GLMDESK_HOME=tmp_path, BROWSER="true")
    command = [sys.executable, "-m", "glmdesk", "serve", "--no-browser"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as first:
        assert first.stdout is not None
        url = first.stdout.readline().split()[-1]
        assert glmdesk(tmp_path).stdout == f"glmdesk is already running at {url}\n"
        assert f"already running at {url}" in refused(glmdesk(tmp_path, "serve", "--no-browser"))
        family = psutil.Process(first.pid).children(recursive=True)
        assert family
        first.send_signal(signal.SIGKILL)
        first.wait()
        _, left = psutil.wait_procs(family, timeout=5)
        assert left == []
    assert (tmp_path / "lock").exists()
    run = glmdesk(tmp_path, "chat", "Hello", "--think", "off")
    assert run.stdout == "Hello! How can I help you?\n"
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as again:
        assert again.stdout is not None
        assert "ready at" in again.stdout.readline()
        again.terminate()
        assert again.wait(20) == 0
    assert not (tmp_path / "lock").exists()
