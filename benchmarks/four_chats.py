"""Four chats at once, beside llama-server with as many slots: tokens a second of all together."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.figure import Figure, Options
from benchmarks.hearing import greedy, hear, user
from benchmarks.server_peer import LlamaServer, serving
from benchmarks.stage import Stage
from benchmarks.turns import rates, take_turns
from glmdesk.engines.base import Engine
from glmdesk.engines.llama.protocol import LoadSpec

N = 5
LEAST = 1.0
CHATS = 4
TOKENS = 128
SUBJECTS = ("a river", "a town by the sea", "two brothers", "a long winter")
NAME = "four-chats"

Ask = Callable[[str], int]
"""A prompt in, the number of tokens of its answer out."""


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """One figure for each text model: from the first question to the last token of the last answer."""
    program = peers.find("llama-server")
    for spec in stage.text_models():
        name = f"{NAME}.{spec.id}"
        if program is None:
            yield peers.not_measured(name, "llama-server", f">= {LEAST:.2f}")
            continue
        yield _figure(stage, options, spec, program)


def _figure(stage: Stage, options: Options, spec: LoadSpec, program: Path) -> Figure:
    roomy = replace(spec, n_ctx=CHATS * spec.n_ctx, n_slots=CHATS)
    with (
        stage.engine(roomy) as engine,
        serving(program, spec, stage.folder / "server.log", CHATS) as server,
    ):
        ours, theirs = _Crowd(ask=ask_engine(engine)), _Crowd(ask=ask_server(server))
        pairs = take_turns(ours.all_at_once, theirs.all_at_once, options.count(N))
        alone = [median(crowd.one() for _ in range(3)) for crowd in (ours, theirs)]
    gains = [rate / single for rate, single in zip(pairs.middle, alone, strict=True)]
    note = (
        f"{CHATS} × {TOKENS} tokens, {spec.model.name}, {spec.n_threads} threads; "
        f"ours is {gains[0]:.2f} × our one stream, theirs {gains[1]:.2f} × theirs; "
        f"{peers.version(program)}"
    )
    return rates(f"{NAME}.{spec.id}", pairs, LEAST, note)


@dataclass(frozen=True, kw_only=True)
class _Crowd:
    """Four people with one engine. Each round asks for new stories."""

    ask: Ask
    rounds: "count[int]" = field(default_factory=count)

    def all_at_once(self) -> float:
        """Tokens a second of four answers that begin together."""
        prompts = self._prompts()
        begun = time.perf_counter()
        with ThreadPoolExecutor(CHATS) as crowd:
            tokens = sum(crowd.map(self.ask, prompts))
        return tokens / (time.perf_counter() - begun)

    def one(self) -> float:
        """Tokens a second of one answer, its short prompt included."""
        begun = time.perf_counter()
        return self.ask(self._prompts()[0]) / (time.perf_counter() - begun)

    def _prompts(self) -> list[str]:
        number = next(self.rounds)
        return [f"Tell me a long story about {subject}, part {number}." for subject in SUBJECTS]


def ask_engine(engine: Engine) -> Ask:
    def ask(prompt: str) -> int:
        heard = hear(engine, greedy([user(prompt)], max_tokens=TOKENS))
        return heard.usage.completion_tokens

    return ask


def ask_server(server: LlamaServer) -> Ask:
    def ask(prompt: str) -> int:
        return server.chat([user(prompt)], TOKENS).tokens

    return ask
