"""Models in LM Studio's folder: <models>/<publisher>/<repository>/<file>.gguf"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from glmdesk.library.elsewhere.found import Found, is_whole
from glmdesk.library.gguf import pairing, tree

_DEPTH = 4


def find(root: Path) -> Iterator[Found]:
    """Every model of which all shards are there."""
    files = sorted(tree.files(root, _DEPTH), key=lambda path: (path.parent, path.name))
    for folder, group in groupby(files, key=lambda path: path.parent):
        beside = list(group)
        for path in beside:
            if pairing.is_weights(path) and is_whole(path):
                yield _found(folder.relative_to(root), path, beside)


def _found(place: Path, path: Path, beside: list[Path]) -> Found:
    return Found(
        owner="LM Studio", publisher=place.parts[0] if place.parts else "", label=place.as_posix(),
        stem=pairing.stem(path), model=path, mmproj=pairing.by_name(path, beside),
    )  # fmt: skip
