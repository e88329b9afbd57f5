"""Models in the cache of Hugging Face, read without its library.

<cache>/models--<owner>--<name>/refs/main                     the commit that was current last
<cache>/models--<owner>--<name>/snapshots/<commit>/<file>     a link to ../../blobs/<hash>, once complete
"""

from collections.abc import Iterator
from pathlib import Path

from glmdesk.library.elsewhere.found import Found, is_whole
from glmdesk.library.gguf import pairing, tree

_PREFIX = "models--"
_MAX_SNAPSHOTS = 5
_MAX_FILES = 200
_DEPTH = 3
_MAX_REFERENCE = 256


def find(root: Path) -> Iterator[Found]:
    """Each file of each repository once, from the newest snapshot that has all of it."""
    for folder in tree.folders(root, _PREFIX):
        label = folder.name.removeprefix(_PREFIX).replace("--", "/")
        taken: set[Path] = set()
        snapshots = _snapshots(folder)
        files = {snapshot: tree.files(snapshot, _DEPTH, most=_MAX_FILES) for snapshot in snapshots}
        for snapshot in snapshots:
            for path in filter(pairing.is_weights, files[snapshot]):
                place = path.relative_to(snapshot)
                if place not in taken and is_whole(path):
                    taken.add(place)
                    yield _found(label, path, [files[snapshot], *files.values()])


def _found(label: str, path: Path, listings: list[list[Path]]) -> Found:
    return Found(
        owner="Hugging Face cache", publisher=label.split("/")[0], label=label,
        stem=pairing.stem(path), model=path, mmproj=_projector(path, listings),
    )  # fmt: skip


def _projector(model: Path, listings: list[list[Path]]) -> Path | None:
    """The nearest one: a projector may lie above the folder of its model, or in another snapshot."""
    beside = [path for path in listings[0] if path.parent == model.parent]
    choices = (pairing.by_name(model, files) for files in (beside, *listings))
    return next((choice for choice in choices if choice), None)


def _snapshots(folder: Path) -> list[Path]:
    """The one that `main` names comes first, then the newest."""
    main = tree.read_small(folder / "refs" / "main", _MAX_REFERENCE).decode(errors="replace")
    found = tree.folders(folder / "snapshots")
    found.sort(key=lambda path: (path.name == main.strip(), _time(path)), reverse=True)
    return found[:_MAX_SNAPSHOTS]


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
