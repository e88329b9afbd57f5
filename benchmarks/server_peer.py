"""llama-server as a peer: started on a free port, asked as a chat page would, by streaming HTTP."""

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.said import say
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Message

HOST = "127.0.0.1"
START_S, ANSWER_S = 120.0, 900.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer of the server. Times are seconds of a steady clock, as a client sees them."""

    text: str
    tokens: int
    prompt_tokens: int
    """Those that were read anew."""
    begun: float
    arrivals: tuple[float, ...]
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.begun

    @property
    def first_s(self) -> float:
        return (self.arrivals[0] if self.arrivals else self.ended) - self.begun

    @property
    def tokens_per_s(self) -> float:
        """From the first piece of text to the last."""
        count = min(len(self.arrivals), self.tokens)
        return (count - 1) / (self.arrivals[-1] - self.arrivals[0]) if count > 1 else 0.0


class LlamaServer:
    """A running server. Safe to use from several threads."""

    def __init__(self, port: int) -> None:
        self._port = port

    def chat(self, messages: Sequence[Message], max_tokens: int, *, thinking: bool = False) -> Told:
        """Ask /v1/chat/completions: greedy, with the cache in use."""
        body = {
            "messages": say(messages),
            "max_tokens": max_tokens,
            "chat_template_kwargs": {"enable_thinking": thinking},
            **_GREEDY,
        }
        return self._ask("/v1/chat/completions", body)

    def complete(self, prompt: str, max_tokens: int) -> Told:
        """Ask /completion, which knows no chat template."""
        return self._ask("/completion", {"prompt": prompt, "n_predict": max_tokens, **_GREEDY})

    def _ask(self, path: str, body: Mapping[str, Any]) -> Told:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=ANSWER_S)
        begun = time.perf_counter()
        text = ""
        arrivals: list[float] = []
        timings: Mapping[str, int] = {}
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            for chunk in _chunks(connection.getresponse()):
                if piece := _piece(chunk):
                    arrivals.append(time.perf_counter())
                    text += piece
                timings = chunk.get("timings") or timings
        finally:
            connection.close()
        return Told(
            text=text,
            tokens=timings.get("predicted_n", 0),
            prompt_tokens=timings.get("prompt_n", 0),
            begun=begun,
            arrivals=tuple(arrivals),
            ended=time.perf_counter(),
        )

    def wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        """Raises RuntimeError when it ends or takes too long."""
        until = time.monotonic() + START_S
        while not self._is_healthy():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"llama-server did not start (exit code {process.poll()})")
            time.sleep(0.1)

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()


_GREEDY = {
    "stream": True,
    "temperature": 0.0,
    "top_k": 1,
    "samplers": ["top_k"],
    "cache_prompt": True,
    "timings_per_token": False,
}
"""The shortest way to a greedy choice that the server has."""


def _chunks(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """The events of a stream, each as it arrives."""
    if response.status != http.client.OK:
        told = response.read(500).decode(errors="replace")
        raise RuntimeError(f"llama-server answered {response.status}: {told}")
    for line in response:
        data = line.removeprefix(b"data: ").strip()
        if data and data != b"[DONE]":
            yield json.loads(data)


def _piece(chunk: Mapping[str, Any]) -> str:
    """The text of an event: of a completion, or of a chat, thinking included."""
    if "content" in chunk:
        return str(chunk["content"])
    delta = chunk["choices"][0]["delta"] if chunk.get("choices") else {}
    return str(delta.get("content") or delta.get("reasoning_content") or "")


@contextmanager
def serving(program: Path, spec: LoadSpec, log: Path, slots: int = 1) -> Iterator[LlamaServer]:
    """A server with the files, the context and the threads of `spec`; each slot has all of the context."""
    port = _free_port()
    command = [str(part) for part in (program, *_options(spec, port, slots))]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as process,
    ):
        try:
            server = LlamaServer(port)
            server.wait_until_ready(process)
            yield server
        finally:
            process.terminate()


def _options(spec: LoadSpec, port: int, slots: int) -> Iterator[object]:
    yield from ("-m", spec.model, "--host", HOST, "--port", port, "--no-webui", "--offline")
    yield from ("-t", spec.n_threads, "-np", slots, "-c", slots * spec.n_ctx)
    if spec.mmproj is not None:
        yield from ("--mmproj", spec.mmproj)
        yield from ("--image-min-tokens", spec.image_min_tokens)
        yield from ("--image-max-tokens", spec.image_max_tokens)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
