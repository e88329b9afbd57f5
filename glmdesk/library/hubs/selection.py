"""Which files of a repository make up the model that is wanted: one quant, all its shards, its projector."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from glmdesk.errors import FileMissing
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.cards.catalogue import plain
from glmdesk.library.hubs.kept import NOTHING
from glmdesk.library.hubs.names import visible

_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})", re.IGNORECASE)
_QUANT = re.compile(
    r"(?<![A-Za-z0-9])(?P<quant>(?:(?:UD|i1)-)?"
    r"(?:I?Q\d(?:_[A-Za-z0-9]+)*|TQ\d_\d|BF16|FP?16|FP?32|MXFP4[A-Za-z0-9_]*|NVFP4|FP8))(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_NO_MODELS = ("imatrix", "lora", "mtp-", "draft")
"""Files that begin so hold no model of their own."""
USUAL = (
    "Q4_K_M", "Q4_K", "Q4_K_L", "UD-Q4_K_XL", "Q4_K_S", "IQ4_XS", "IQ4_NL", "Q4_1", "Q4_0", "Q5_K_M",
    "UD-Q5_K_XL", "Q5_K_S", "Q5_K", "MXFP4", "Q6_K", "UD-Q6_K_XL", "Q8_0", "Q3_K_XL", "UD-Q3_K_XL",
    "Q3_K_L", "Q3_K_M", "IQ3_M", "Q3_K_S", "UD-Q2_K_XL", "Q2_K_L", "Q2_K",
)  # fmt: skip
"""What is taken when nothing is said, the first that is there."""
_PROJECTORS = ("Q8_0", "F16", "FP16", "BF16", "F32", "FP32")
_OTHER_MODELS = ("flash", "air", "ocr")
"""What follows a model's name in the name of another model."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One model in one precision: its shards in order, or its only file."""

    quant: str
    """"" when no name tells it."""
    model: str
    """The name of the model, letters and digits only."""
    files: tuple[RemoteFile, ...]
    missing: tuple[int, ...] = ()
    """Numbers of shards that are not there."""

    @property
    def path(self) -> str:
        return self.files[0].path


def weights_in(files: Sequence[RemoteFile]) -> list[Weights]:
    """Every model that can be loaded, or could if all its shards were there, in order of paths."""
    groups: dict[tuple[str, int], dict[int, RemoteFile]] = {}
    for file in sorted(files, key=lambda one: one.path):
        if _is_weights(file.path):
            stem, number, count = _shard(file.path)
            groups.setdefault((stem, count), {})[number] = file
    return [_weights(stem, count, parts) for (stem, count), parts in groups.items()]


def choose(files: Sequence[RemoteFile], repository: str, select: str = "") -> Weights:
    """The model that `select` names, by its quant or by one of its files; without it, the usual one.

    Raises FileMissing, which names what there is instead.
    """
    found = weights_in(files)
    if not found:
        raise FileMissing(_no_weights(files, repository))
    chosen = _by_file(found, select) or _by_quant(found, repository, select)
    if chosen.missing:
        numbers = ", ".join(str(number) for number in chosen.missing[:5])
        raise FileMissing(
            f"{repository} is incomplete: of {chosen.quant or visible(chosen.path, 120)} part {numbers} is missing. "
            f"{NOTHING} Choose another quant or repository."
        )
    return chosen


def as_weights(files: tuple[RemoteFile, ...], quant: str) -> Weights:
    """Files that are known to be one model, in their order."""
    return Weights(quant=quant, model=_model_name(files[0].path), files=files)


def projector_for(
    files: Sequence[RemoteFile], chosen: Weights, select: str = ""
) -> RemoteFile | None:
    """The vision projector that is named for this model; a nameless one belongs to an only model.

    GLM-4.6V begins GLM-4.6V-Flash, and the wrong projector loads without a word: the longest name wins.
    """
    found = [file for file in files if _is_projector(file.path)]
    if select:
        return next((file for file in found if select in (file.path, file.name)), None)
    models = {one.model for one in weights_in(files)}
    fitting = [file for file in found if _fits(_model_name(file.path), chosen.model, models)]
    return min(fitting, key=lambda file: _preference(file.path, chosen.model), default=None)


def quant_of(path: str) -> str:
    """The precision that a path names, as it is written there; "" when it names none."""
    stem = _stem(path.rsplit("/", 1)[-1])
    found = list(_QUANT.finditer(stem)) or list(_QUANT.finditer(path.rpartition("/")[0]))
    return found[-1]["quant"] if found else ""


def nearest(wanted: str, names: Sequence[str]) -> str:
    """The name most like `wanted`; "" when none is."""
    folded = {name.casefold(): name for name in reversed(names)}
    close = difflib.get_close_matches(wanted.casefold(), folded, n=1, cutoff=0.5)
    return folded[close[0]] if close else ""


def _by_file(found: list[Weights], select: str) -> Weights | None:
    if not select:
        return None
    for fold in (str, str.casefold):
        for key in ("path", "name"):
            fitting = [
                one
                for one in found
                if any(fold(getattr(file, key)) == fold(select) for file in one.files)
            ]
            if len(fitting) == 1:
                return fitting[0]
    return None


def _by_quant(found: list[Weights], repository: str, select: str) -> Weights:
    for quant in (select,) if select else USUAL:
        fitting = [one for one in found if one.quant.casefold() == quant.casefold()]
        if fitting:
            return _most_like(fitting, repository)
    if select:
        raise FileMissing(_not_there(found, repository, select))
    whole = [one for one in found if not one.missing] or found
    return min(whole, key=lambda one: sum(file.size for file in one.files))


def _most_like(fitting: list[Weights], repository: str) -> Weights:
    """The one that is named as the repository is, of several in one precision; whole ones first."""
    whole = [one for one in fitting if not one.missing] or fitting
    own = plain(repository.rpartition("/")[2]).removesuffix("gguf")
    exact = [one for one in whole if one.model == own]
    best = exact or [one for one in whole if one.model in own or own in one.model] or whole
    if len(best) > 1:
        names = ", ".join(visible(one.path, 120) for one in best[:4])
        raise FileMissing(
            f"{repository} has several models in {best[0].quant}: {names}. {NOTHING} Give "
            "the name of a file instead of the quant."
        )
    return best[0]


def _not_there(found: list[Weights], repository: str, select: str) -> str:
    quants = list(dict.fromkeys(one.quant for one in found if one.quant))
    names = [file.path for one in found for file in one.files]
    is_file = select.lower().endswith(".gguf")
    close = nearest(select, names if is_file else quants)
    mean = f" Did you mean {visible(close, 120)}?" if close else ""
    there = ", ".join(visible(quant, 30) for quant in quants[:12]) or ", ".join(
        visible(name) for name in names[:6]
    )
    return f"{repository} has no “{visible(select)}”.{mean} There is: {there}. {NOTHING}"


def _no_weights(files: Sequence[RemoteFile], repository: str) -> str:
    names = [file.path for file in files]
    endings = (name.rpartition("/")[2].rpartition(".") for name in names)
    kinds = {visible(ending.lower(), 12) for _, dot, ending in endings if dot}
    if any(_is_projector(name) for name in names):
        holds = "only a vision projector"
    elif "safetensors" in kinds:
        holds = "weights for other programs (safetensors)"
    else:
        holds = f"{', '.join(sorted(kinds)[:6])} files" if kinds else "no files"
    return (
        f"{repository} has no GGUF model: it holds {holds}. {NOTHING} Look for a "
        "repository of the same model whose name ends in GGUF."
    )


def _weights(stem: str, count: int, parts: dict[int, RemoteFile]) -> Weights:
    files = tuple(parts[number] for number in sorted(parts))
    return Weights(
        quant=quant_of(files[0].path),
        model=_model_name(files[0].path),
        files=files,
        missing=tuple(number for number in range(1, count + 1) if number not in parts),
    )


def _shard(path: str) -> tuple[str, int, int]:
    """(path without number and ending, number, how many)"""
    stem = path[: -len(".gguf")]
    found = _SHARD.fullmatch(stem)
    if not found or not 1 <= int(found["number"]) <= int(found["count"]) <= 1000:
        return stem, 1, 1
    return found["stem"], int(found["number"]), int(found["count"])


def _is_weights(path: str) -> bool:
    name = path.rsplit("/", 1)[-1].lower()
    return name.endswith(".gguf") and "mmproj" not in name and not name.startswith(_NO_MODELS)


def _is_projector(path: str) -> bool:
    name = path.rsplit("/", 1)[-1].lower()
    return name.endswith(".gguf") and "mmproj" in name


def _stem(name: str) -> str:
    stem = name[: -len(".gguf")] if name.lower().endswith(".gguf") else name
    found = _SHARD.fullmatch(stem)
    return found["stem"] if found else stem


def _model_name(path: str) -> str:
    """Which model a file is of: GLM-4.6V-Flash-Q4_K_M and mmproj-GLM-4.6V-Flash-f16 are of one."""
    stem = _QUANT.sub("", _stem(path.rsplit("/", 1)[-1]))
    name = plain(stem.lower().replace("mmproj", ""))
    return "" if name == "model" else name


def _fits(projector: str, model: str, models: set[str]) -> bool:
    if not projector:
        return len(models) == 1
    if projector == model or model.endswith(projector):
        return True
    rest = model.removeprefix(projector)
    return rest != model and not rest.startswith(_OTHER_MODELS) and projector not in models


def _preference(path: str, model: str) -> tuple[int, int, str]:
    """Sorts the best projector first: named longest, then by precision."""
    quant = quant_of(path).upper()
    rank = _PROJECTORS.index(quant) if quant in _PROJECTORS else len(_PROJECTORS)
    return -len(_model_name(path)), rank, path
