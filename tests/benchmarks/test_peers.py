"""The peers are found, run and asked as they expect it."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import peers
from benchmarks.hearing import assistant, user
from benchmarks.said import say
from benchmarks.server_peer import HOST, LlamaServer
from benchmarks.turns import rates, take_turns
from glmdesk.messages import Picture

PROGRAM = """#!/bin/sh
case "$*" in
  --version) echo "version: 7 (build 9)" >&2 ;;
  *"-p 512 -n 0 "*) echo '[{"avg_ts": 512.5}]' ;;
  *"-p 0 -n 128 -d 40 "*) echo '[{"avg_ts": 12.25}]' ;;
  *) exit 1 ;;
esac
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "llama-bench"
    path.write_text(PROGRAM)
    path.chmod(0o755)
    return path


def test_a_program_is_found_in_the_named_folder_or_on_the_path(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(peers.FOLDER, raising=False)
    assert peers.find("llama-bench") is None
    monkeypatch.setenv(peers.FOLDER, str(program.parent))
    assert peers.find("llama-bench") == program
    assert peers.find("llama-server") is None
    monkeypatch.delenv(peers.FOLDER)
    monkeypatch.setenv("PATH", str(program.parent))
    assert peers.find("llama-bench") == program


def test_what_is_missing_is_said() -> None:
    figure = peers.not_measured("four-chats.x", "llama-server", ">= 1.00")
    assert figure.value is None
    assert figure.met is None
    assert "llama-server was not found" in figure.note
    assert peers.FOLDER in figure.note


def test_llama_bench_is_asked_for_one_thing_at_a_time(program: Path) -> None:
    bench = peers.LlamaBench(program=program, model=Path("x.gguf"), threads=2)
    assert bench.reading(512) == 512.5
    assert bench.writing(128, 40) == 12.25
    assert peers.version(program) == "llama-bench 7 (build 9)"


class _Streaming(BaseHTTPRequestHandler):
    """Answers as llama-server does, and remembers what it was asked."""

    asked: list[object] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked.append(json.loads(body))
        self.send_response(500 if self.path == "/completion" else 200)
        self.end_headers()
        for event in (
            {"choices": [{"delta": {"role": "assistant", "content": None}}]},
            {"choices": [{"delta": {"reasoning_content": "Hm."}}]},
            {"choices": [{"delta": {"content": "Yes"}}]},
            {"choices": [], "timings": {"predicted_n": 2, "prompt_n": 11}},
        ):
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[LlamaServer]:
    listening = ThreadingHTTPServer((HOST, 0), _Streaming)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield LlamaServer(listening.server_address[1])
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_a_stream_is_heard_piece_by_piece(server: LlamaServer) -> None:
    told = server.chat([user("Well?")], max_tokens=2)
    assert told.text == "Hm.Yes"
    assert (told.tokens, told.prompt_tokens, len(told.arrivals)) == (2, 11, 2)
    assert told.begun <= told.arrivals[0] <= told.arrivals[1] <= told.ended
    asked = _Streaming.asked[-1]
    assert isinstance(asked, dict)
    assert asked["messages"] == [{"role": "user", "content": "Well?"}]
    assert asked["temperature"] == 0
    assert asked["chat_template_kwargs"] == {"enable_thinking": False}


def test_an_error_of_the_server_is_not_an_answer(server: LlamaServer) -> None:
    with pytest.raises(RuntimeError, match="500"):
        server.complete("x", 1)


def test_a_picture_is_said_pixel_by_pixel(tmp_path: Path) -> None:
    image = Image.effect_mandelbrot((28, 56), (-2, -1, 1, 1), 20).convert("RGB")
    path = tmp_path / "pixels"
    path.write_bytes(image.tobytes())
    picture = Picture(id="x", width=28, height=56, path=path)
    question, answer = say([user("Look: ", picture, "Well?"), assistant("A set.")])
    first, shown, last = question["content"]
    assert (first["text"], last["text"]) == ("Look: ", "Well?")
    data = shown["image_url"]["url"].removeprefix("data:image/png;base64,")
    again = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (again.size, again.tobytes()) == (image.size, image.tobytes())
    assert answer == {"role": "assistant", "content": "A set."}


def test_turns_are_taken_in_both_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.turns.wait_for_quiet", lambda: True)
    order: list[str] = []
    values = {"ours": iter([9.0, 3.0, 2.0, 8.0]), "theirs": iter([1.0, 2.0, 2.0, 2.0])}

    def run(side: str) -> float:
        order.append(side)
        return next(values[side])

    pairs = take_turns(lambda: run("ours"), lambda: run("theirs"), 3)
    assert order == ["ours", "theirs", "theirs", "ours"] * 2
    assert pairs.ours == (3.0, 2.0, 8.0)
    assert pairs.ratio == 1.5
    assert pairs.middle == (3.0, 2.0)
    figure = rates("x", pairs, 1.6, "note")
    assert (figure.value, figure.met, figure.peer) == (1.5, False, "2.0 tokens/s")
