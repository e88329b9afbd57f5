"""What is left after the worker was killed in the middle of answers: the text, the app, the next answer."""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import psutil

from benchmarks.figure import Figure, Options
from benchmarks.hearing import Heard, greedy, hear, user
from benchmarks.stage import Stage
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.messages import Failed, Finished

N = 20
REQUEST = greedy([user("Hello")], max_tokens=200)


@dataclass(frozen=True, kw_only=True)
class _Kill:
    """What was seen of one killed answer and the one after it."""

    heard: Heard
    after: Heard
    pid: int

    def fault(self, whole: Heard) -> str:
        """What went wrong; nothing when all is well."""
        if not isinstance(self.heard.end, Failed):
            return "the kill went unnoticed"
        if not whole.answer.startswith(self.heard.answer):
            return "the text shown is not a beginning of the answer"
        if not isinstance(self.after.end, Finished) or self.after.answer != whole.answer:
            return "the next answer is not the usual one"
        return ""


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """How many of the kills left something wrong, or a process behind."""
    rng = Random(options.seed)
    with stage.engine(stage.wide_text) as engine:
        whole = min((hear(engine, REQUEST) for _ in range(3)), key=lambda heard: heard.seconds)
        kills = [_kill(engine, rng.uniform(0, whole.seconds)) for _ in range(options.count(N))]
        last = engine.worker_pid
    faults = [fault for kill in kills if (fault := kill.fault(whole))]
    left = [pid for pid in (*(kill.pid for kill in kills), last) if psutil.pid_exists(pid)]
    shown = sum(len(kill.heard.answer) for kill in kills) / len(kills)
    yield Figure(
        name="worker-kills",
        value=float(len(faults) + len(left)),
        unit="faults",
        target="0",
        met=not faults and not left,
        note="; ".join(
            [
                f"{len(kills)} kills; {shown:.0f} of {len(whole.answer)} characters were shown on "
                f"average and stayed; {len(left)} processes left",
                *sorted(set(faults)),
            ]
        ),
    )


def _kill(engine: LlamaEngine, seconds: float) -> _Kill:
    """Kill while the answer comes, and ask again; tried again when the answer was sooner."""
    while True:
        pid = engine.worker_pid
        timer = threading.Timer(seconds, os.kill, (pid, signal.SIGKILL))
        timer.start()
        heard = hear(engine, REQUEST)
        timer.cancel()
        timer.join()
        if isinstance(heard.end, Failed) or not psutil.pid_exists(pid):
            return _Kill(heard=heard, after=hear(engine, REQUEST), pid=pid)
