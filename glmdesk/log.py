"""Where log lines go: a rotating file in the data folder, and stderr when asked."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path


def start(folder: Path, level: str) -> None:
    """Send records of `level` ("info", "debug", ...) and above to `folder/glmdesk.log` (3 × 1 MB)."""
    logger = logging.getLogger("glmdesk")
    if any(isinstance(handler, RotatingFileHandler) for handler in logger.handlers):
        return
    handler = RotatingFileHandler(
        folder / "glmdesk.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(level.upper())
