"""Which figures there are; each lives in the file of its name."""

import importlib
from typing import cast

from benchmarks.figure import Measure

NAMES = (
    "pico-accuracy",
    "page-number-reading",
    "reader-vs-llama-resize",
    "greedy-identity",
    "decode-vs-llama-bench",
    "decode-vs-llama-cpp-python",
    "prompt-vs-llama-bench",
    "four-chats",
    "fair-reading",
    "second-turn-picture",
    "thinking-toggle-reread",
    "reopen-chat",
    "prompt-lookup",
    "token-overhead",
    "cancel-p95",
    "worker-kills",
    "side-by-side",
    "download-refetch",
    "download-vs-curl",
    "fit-error",
    "page-routing",
    "retrieval",
    "pdf-vs-pymupdf",
    "pages-lost",
    "mutated-files",
)


def find(name: str) -> Measure:
    """The function that measures `name`; only its own file is imported."""
    module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
    return cast(Measure, module.measure)
