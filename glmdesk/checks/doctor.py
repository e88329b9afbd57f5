"""What this installation stands on, what is wrong with it, and what to do: versions, devices, folders, room."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import glmdesk
from glmdesk import paths
from glmdesk.errors import GlmdeskError
from glmdesk.library.fitting.hardware import Machine
from glmdesk.library.hubs import sources, tokens
from glmdesk.library.local.installed import Installed
from glmdesk.settings import Settings
from glmdesk.sizes import size
from glmdesk.supply import Supply

LOW_DISK = 10 * 10**9
"""Bytes below which no useful model can be fetched."""
_INDEX = "https://abetlen.github.io/llama-cpp-python/whl"
_PACKAGES = ("llama-cpp-python", "gradio", "huggingface-hub", "pymupdf", "pillow")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line: `wrong` says what does not work, `advice` what helps; both "" where all is well."""

    name: str
    value: str
    wrong: str = ""
    advice: str = ""


def examine(settings: Settings, supply: Supply) -> Iterator[Finding]:
    """Everything, in the order it is shown. Nothing is changed."""
    yield Finding(
        name="glmdesk", value=f"{glmdesk.__version__}, Python {platform.python_version()}"
    )
    yield Finding(
        name="system", value=f"{platform.system()} {platform.release()}, {platform.machine()}"
    )
    for name in _PACKAGES:
        yield _package(name)
    try:
        machine = supply.machine()
    except GlmdeskError as error:
        yield Finding(
            name="llama.cpp", value="", wrong=error.message,
            advice="Install llama-cpp-python again: pip install --force-reinstall llama-cpp-python",
        )  # fmt: skip
    else:
        yield from _machine(machine)
    yield from _folders(settings)
    yield from _hubs(supply)
    yield from _models(supply)


def _package(name: str) -> Finding:
    try:
        return Finding(name=name, value=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(
            name=name, value="", wrong="It is not installed.", advice=f"pip install {name}"
        )


def _machine(machine: Machine) -> Iterator[Finding]:
    memory = f"{size(machine.memory_free)} of {size(machine.memory_total)} free"
    yield Finding(name="memory", value=f"{memory}, {machine.cores} cores")
    for gpu in machine.gpus:
        value = f"{gpu.description or gpu.name}, {size(gpu.free)} of {size(gpu.total)} free"
        yield Finding(name=gpu.name, value=value)
    if not machine.gpus:
        yield _without_gpu()
    wrong = "There is hardly room for a model." if machine.disk_free < LOW_DISK else ""
    yield Finding(
        name="disk", value=f"{size(machine.disk_free)} free", wrong=wrong,
        advice="Free some, or set GLMDESK_MODELS_DIR to a folder on another disk." if wrong else "",
    )  # fmt: skip


def _without_gpu() -> Finding:
    """No GPU that this build of llama.cpp can use; is there one that another build could?"""
    line = gpu_line(sys.platform, nvidia=bool(shutil.which("nvidia-smi")), amd=_has("/dev/kfd"))
    wrong = "There is a GPU, and this llama-cpp-python was built without it." if line else ""
    return Finding(name="GPU", value="none", wrong=wrong, advice=line)


def gpu_line(system: str, *, nvidia: bool, amd: bool) -> str:
    """The command that installs llama-cpp-python for the GPU of this machine; "" where there is none."""
    install = "pip install --force-reinstall --no-cache-dir llama-cpp-python"
    if system == "darwin":
        return f'CMAKE_ARGS="-DGGML_METAL=on" {install}'
    if nvidia:
        return f"{install} --extra-index-url {_INDEX}/cu124"
    if amd:
        return f'CMAKE_ARGS="-DGGML_VULKAN=on" {install}'
    return ""


def _has(path: str) -> bool:
    return Path(path).exists()


def _folders(settings: Settings) -> Iterator[Finding]:
    for name, folder in (("data", settings.paths.home), ("models", settings.paths.models)):
        wrong = _unwritable(folder)
        variable = "GLMDESK_HOME" if name == "data" else "GLMDESK_MODELS_DIR"
        advice = f"Make it writable, or set {variable} to a folder that is." if wrong else ""
        yield Finding(name=f"{name} folder", value=str(folder), wrong=wrong, advice=advice)


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there; a folder that is not there yet is judged by the one above."""
    there = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)
    if not there.is_dir():
        return f"{there} is no folder."
    try:
        with tempfile.TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return f"It cannot be written to ({os.strerror(error.errno or 0)})."


def _hubs(supply: Supply) -> Iterator[Finding]:
    """Only what is wrong: no hub is asked."""
    for source in supply.hub.endpoints.faulty:
        yield Finding(
            name=sources.VARIABLES[source],
            value="",
            wrong=sources.fault(source),
            advice=sources.MEND,
        )
    if fault := supply.tokens.fault():
        advice = "Copy the token again from huggingface.co/settings/tokens, or unset HF_TOKEN."
        yield Finding(name=tokens.VARIABLE, value="", wrong=fault, advice=advice)


def _models(supply: Supply) -> Iterator[Finding]:
    found = supply.library.models()
    usable = [model for model in found if not model.problem and not model.builtin]
    names = ", ".join(model.id for model in usable)
    advice = "" if usable else "glmdesk models list shows what there is and what runs here."
    yield Finding(name="models", value=names or "only pico, the built-in test model", advice=advice)
    for model in found:
        if model.problem:
            yield Finding(
                name=model.id, value="", wrong=model.problem,
                advice="" if "--repair" in model.problem else _way_out(model),
            )  # fmt: skip
        elif model.notice and model.managed:
            yield Finding(name=model.id, value="", wrong=model.notice)
    yield from _catalogue()


def _way_out(model: Installed) -> str:
    """What to do about a model that cannot be loaded and that no hub can mend."""
    remove = f"glmdesk models remove {model.id}, then import or download it anew."
    return remove if model.managed else ""


def _catalogue() -> Iterator[Finding]:
    shipped = paths.shipped("models")
    if not (shipped / "pico.toml").is_file():
        yield Finding(
            name="catalogue", value=str(shipped), wrong="It is missing.",
            advice="Install glmdesk again.",
        )  # fmt: skip
