"""The shape of the code: one door per library, small files, small functions."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "glmdesk"
FILES = sorted(PACKAGE.rglob("*.py"))

DOORS = {
    "gradio": ["ui/", "web/"],
    "fastapi": ["api/", "web/"],
    "uvicorn": ["web/server.py"],
    "llama_cpp": [
        f"engines/llama/{name}.py"
        for name in (
            "batch",
            "cancel",
            "context",
            "grammar",
            "model",
            "mtp",
            "native",
            "sampler",
            "vision",
            "vocabulary",
            "weights",
        )
    ],
    "jinja2": ["engines/llama/prompt.py"],
    "PIL": ["documents/pictures/"],
    "pillow_heif": ["documents/pictures/pictures.py"],
    "pymupdf": ["documents/pdf/mupdf.py"],
    "charset_normalizer": ["documents/text/encodings.py"],
    "lxml": ["documents/office/tree.py"],
    "docx": ["documents/office/docx.py"],
    "pptx": ["documents/office/pptx.py"],
    "openpyxl": ["documents/office/xlsx.py"],
    "huggingface_hub": ["library/hubs/huggingface.py"],
    "httpx": [
        "library/hubs/network.py",
        "library/hubs/modelscope.py",
        "library/transfers/connection.py",
        "supply/headers.py",
    ],
    "urllib3": ["library/transfers/connection.py"],
    "rich": ["cli/draw.py"],
    "keyring": ["library/hubs/tokens.py"],
    "sqlite3": ["store/"],
    "filelock": [
        "desktop/instance.py",
        "library/transfers/download.py",
        "library/local/importing.py",
        "library/local/loaded.py",
    ],
    "webbrowser": ["desktop/instance.py"],
    "webview": ["desktop/window.py"],
    "pystray": ["desktop/tray.py"],
    "platformdirs": ["paths.py"],
    "multiprocessing": ["child.py"],
}
MAX_FILE = 400
MAX_FUNCTION = 60
NAMES = {"utils", "helpers", "common", "manager"}


def where(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("file", FILES, ids=where)
def test_shape(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source)
    for library in imported(tree) & DOORS.keys():
        assert where(file).startswith(tuple(DOORS[library])), f"{library} has another door"
    assert source.count("\n") <= MAX_FILE
    assert file.stem not in NAMES
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION, node.name


@pytest.mark.parametrize("module", ["glmdesk", "glmdesk.cli", "glmdesk.__main__", "glmdesk.app"])
def test_import_is_cheap(module: str) -> None:
    """`glmdesk --help` loads no web framework and no engine; the app decodes nothing itself."""
    heavy = (
        "gradio", "llama_cpp", "pymupdf", "PIL", "fastapi", "numpy",
        "lxml", "docx", "pptx", "openpyxl",
    )  # fmt: skip
    code = f"import {module}, sys; print(*(m for m in {heavy!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_every_folder_of_the_catalogue_is_shipped() -> None:
    """The wheel carries the built-in model, and no other weights."""
    import tomllib

    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    include = project["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]
    assert "/models/pico/*" in include
    assert "/models" not in include
