"""Where the making of pico keeps its work: one folder, named on the command line."""

from argparse import ArgumentParser
from pathlib import Path


def parser(description: str | None) -> ArgumentParser:
    """A command line with `--folder`; each script adds its own options."""
    result = ArgumentParser(description=description)
    result.add_argument(
        "--folder", type=Path, default=Path("build/pico"), help="where the work is kept"
    )
    return result


def model_folder(folder: Path) -> Path:
    """The model as transformers saves it."""
    return folder / "hf"


def vision_file(folder: Path) -> Path:
    """The pretrained vision tower."""
    return folder / "vision.pt"
