"""Which vision projector belongs to which model: by the names of the files, and by what their headers say.

GLM-4.6V begins GLM-4.6V-Flash, and their projectors have one width: the wrong one loads without a word.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from glmdesk.errors import ModelUnsupported
from glmdesk.library.cards import catalogue
from glmdesk.library.gguf.header import Header
from glmdesk.library.gguf.pairs import check_pair

_LATER_SHARD = re.compile(r"-(?!00001)\d{5}-of-\d{5}$")
_FIRST_SHARD = re.compile(r"-00001-of-\d{5}$")
_PRECISION = re.compile(r"(^|[-_.])((ud|i1)[-_])?(i?q\d[a-z0-9_]*|b?f16|f32|mxfp4[a-z0-9_]*|fp8)$")


def stem(path: Path) -> str:
    """The name of the model in this file: without its suffix, and without the number of its shard."""
    name = path.name.removesuffix(".gguf")
    return _FIRST_SHARD.sub("", name)


def precision(path: Path) -> str:
    """How the weights are stored, as the name says it: "Q4_K_M"; "" where it does not."""
    found = _PRECISION.search(stem(path).lower())
    return found[0].strip("-_.").upper() if found else ""


def is_projector(path: Path) -> bool:
    return "mmproj" in path.name.lower()


def is_weights(path: Path) -> bool:
    """Whether the name is that of a model, or of the first shard of one."""
    return not is_projector(path) and not _LATER_SHARD.search(path.stem)


def by_name(model: Path, files: Iterable[Path]) -> Path | None:
    """The projector among `files` that is named for this model; a nameless one (mmproj-F16.gguf)
    belongs to the only model that is there."""
    files = list(files)
    found = [path for path in files if is_projector(path)]
    if not found:
        return None
    weights = {model, *(path for path in files if is_weights(path))}
    if len(weights) == 1 and len(found) == 1:
        return found[0]
    own, there = _model_name(model), {_model_name(path) for path in weights}
    names = {path: _model_name(path) for path in found}
    fitting = [path for path in found if own.startswith(names[path])]
    others = there - {own} | ({""} if len(there) > 1 else set())
    fitting = [path for path in fitting if names[path] not in others]
    return max(fitting, key=lambda path: len(names[path]), default=None)


def _model_name(path: Path) -> str:
    """Which model a file is of: GLM-4.6V-Flash-Q4_K_M and mmproj-GLM-4.6V-Flash-f16 are of one."""
    name = stem(path).lower().replace("mmproj", "").strip("-_.")
    name = catalogue.plain(_PRECISION.sub("", name))
    return "" if name == "model" else name


def by_header(
    model: Header, projectors: Sequence[Header], named: Path | None
) -> tuple[Header | None, str]:
    """(the projector of this model, why the one that is named for it was refused).

    `named` is what `by_name` chose; another one is taken when its header names the same model.
    """
    refused = {one.path: _refusal(model, one) for one in projectors}
    fitting = [one for one in projectors if not refused[one.path]]
    reason = refused.get(named, "") if named else ""
    for projector in fitting:
        if projector.path == named:
            return projector, ""
    kin = [projector for projector in fitting if _titles(model) & _titles(projector)]
    return (kin[0], "") if kin else (None, reason)


def _refusal(model: Header, projector: Header) -> str:
    try:
        check_pair(model, projector)
    except ModelUnsupported as error:
        return error.message
    own, other = _model_name(model.path), _model_name(projector.path)
    titles = _titles(model), _titles(projector)
    if not own.startswith(other) and all(titles) and not titles[0] & titles[1]:
        return (
            f"{projector.path.name} calls its model by another name, so it was not taken along. "
            "Pictures are off; text works."
        )
    return ""


def _titles(header: Header) -> set[str]:
    made_from = header.text("general.base_model.0.name")
    names = {catalogue.plain(name) for name in (header.text("general.name"), made_from)}
    return names - {"", "model"}
