"""The programs glmdesk is measured beside: find them, name their build, run llama-bench."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure

FOLDER = "GLMDESK_PEERS"
"""The environment variable that names the folder of the programs."""
BATCH, MICRO_BATCH = 2048, 512
DEADLINE_S = 900


def find(program: str) -> Path | None:
    """Where `program` is: in the folder that GLMDESK_PEERS names, else on the PATH."""
    folder = os.environ.get(FOLDER)
    found = (folder and shutil.which(program, path=folder)) or shutil.which(program)
    return Path(found) if found else None


def not_measured(name: str, program: str, target: str = "") -> Figure:
    """The figure in place of one whose peer is not there."""
    note = f"{program} was not found: benchmarks/README.md says how to build it; then set {FOLDER}"
    return Figure(name=name, value=None, unit="ratio", target=target, note=note)


def version(program: Path) -> str:
    """How a program of llama.cpp names its own build."""
    told = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, timeout=DEADLINE_S
    )
    lines = (told.stdout + told.stderr).splitlines()
    found = [line for line in lines if line.startswith("version:")]
    return f"{program.name} {found[0].removeprefix('version:').strip()}" if found else program.name


@dataclass(frozen=True, kw_only=True)
class LlamaBench:
    """llama-bench with one model file and a number of threads."""

    program: Path
    model: Path
    threads: int

    def reading(self, tokens: int) -> float:
        """Tokens a second of one prompt of `tokens`, after a warm-up of the same length."""
        return self._run("-p", str(tokens), "-n", "0")

    def writing(self, tokens: int, depth: int) -> float:
        """Tokens a second of `tokens` decoded one by one, after a prompt of `depth` tokens."""
        return self._run("-p", "0", "-n", str(tokens), "-d", str(depth))

    def _run(self, *what: str) -> float:
        command = [
            str(self.program),
            "-m",
            str(self.model),
            "-t",
            str(self.threads),
            *what,
            "-r",
            "1",
        ]
        sizes = ["-b", str(BATCH), "-ub", str(MICRO_BATCH)]
        told = subprocess.run(
            [*command, *sizes, "-o", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=DEADLINE_S,
        )
        return float(json.loads(told.stdout)[0]["avg_ts"])
