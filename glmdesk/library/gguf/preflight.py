"""Say what is wrong with a GGUF file before llama.cpp sees it.

llama.cpp ends the process on some values; whatever is found here ends in a sentence instead.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

from glmdesk.errors import ModelDamaged, ModelMissing, ModelUnsupported
from glmdesk.library.gguf import bundled, hyperparameters
from glmdesk.library.gguf.header import BLOCKS, Header, Tensor, read, shown

__all__ = ["Header", "Tensor", "check", "notice", "read", "shards"]

_SHARD = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})$")
_MAX_TEMPLATE = 1 << 20
_MAX_SHARDS = 1000
_UINT16 = 2
_GATING, _SOFTMAX = "deepseek2.expert_gating_func", 1
_SPELLINGS = {"glm5next": "glm5-next"}
"""Names that another converter writes -> llama.cpp's own; the keys differ too, so they cannot load."""


def check(header: Header) -> None:
    """Refuse what llama.cpp would abort on, or load and then fail with.

    Raises ModelDamaged or ModelUnsupported.
    """
    name = header.path.name
    _check_architecture(header)
    if not header.tensors and header.metadata.get("split.count", 1) == 1:
        raise ModelDamaged(f"{name} is damaged: it has no weights. Download or copy it again.")
    _check_places(header)
    _check_shards(header)
    for problem in hyperparameters.problems(header):
        raise _unusable(header, problem)
    template = header.text("tokenizer.chat_template")
    if len(template) > _MAX_TEMPLATE:
        raise _unusable(header, f"its chat template has {len(template):,} characters")


def _unusable(header: Header, problem: str) -> ModelDamaged:
    return ModelDamaged(
        f"{header.path.name} is not a usable model file: {problem}. Your chats are safe."
    )


def _check_architecture(header: Header) -> None:
    name, architecture = header.path.name, header.architecture
    if not architecture:
        raise ModelUnsupported(f"{name} does not say which model it is (no general.architecture).")
    if architecture in _SPELLINGS:
        raise ModelUnsupported(
            f"{name} was made by another converter: it calls its architecture {architecture}, which "
            f"llama.cpp knows as {_SPELLINGS[architecture]}. Get a file made by llama.cpp's own."
        )
    if not header.is_projector and not bundled.knows_architecture(architecture):
        raise ModelUnsupported(
            f"{name} is a model of the architecture {shown(architecture)}, which this version of "
            "llama.cpp cannot run. Your chats are safe; get a newer glmdesk, or another model."
        )


def _check_places(header: Header) -> None:
    """Every tensor of a known type, one behind the other, and all inside the file."""
    name, expected = header.path.name, 0
    for tensor in header.tensors:
        if not bundled.knows_type(tensor.type):
            raise ModelUnsupported(
                f"{name} holds weights of a type that this version of llama.cpp cannot read "
                f"({tensor.type}). Get a file in one of its own types, as Q4_K_M or Q8_0."
            )
        if tensor.type not in BLOCKS:
            return
        if tensor.offset != expected:
            raise ModelDamaged(
                f"{name} is damaged: tensor {tensor.name!r} does not lie where the one before it "
                "ends. Your chats are safe. Download or copy the file again."
            )
        expected += math.ceil(tensor.size / header.alignment) * header.alignment
    end = max((tensor.offset + tensor.size for tensor in header.tensors), default=0)
    if header.data_start + end > header.file_size:
        have, want = header.file_size, header.data_start + end
        raise ModelDamaged(
            f"{name} is incomplete ({_size(have)} of {_size(want)}). Your chats are safe. "
            "Download or copy the file again; if it stays so, it was published like that: get another one."
        )


def shards(path: Path) -> list[Path]:
    """All files of a model that is cut into several, whether they are there or not; else just `path`."""
    parts = _SHARD.match(path.stem)
    if not parts or not 1 < int(parts["count"]) <= _MAX_SHARDS:
        return [path]
    return [
        path.with_name(f"{parts['stem']}-{number:05}-of-{parts['count']}{path.suffix}")
        for number in range(1, int(parts["count"]) + 1)
    ]


def _check_shards(header: Header) -> None:
    count, paths = header.metadata.get("split.count", 1), shards(header.path)
    if count in (0, 1):
        return
    if count != len(paths) or header.path != paths[0]:
        raise ModelDamaged(
            f"{header.path.name} says that it is one of {shown(count)} parts. Open the first part, "
            f"and keep the names that the parts were downloaded with (…-00001-of-{paths[0].suffix})."
        )
    tensors = sum(len(part.tensors) for part in _parts(header, paths))
    if tensors != header.metadata.get("split.tensors.count"):
        raise ModelDamaged(
            f"The parts of {header.path.name} do not belong together: they hold {tensors:,} tensors. "
            "Download them again, all of one version."
        )


def _parts(header: Header, paths: list[Path]) -> Iterator[Header]:
    """The headers of all parts, each of them checked."""
    for number, path in enumerate(paths):
        try:
            part = header if number == 0 else read(path)
        except ModelMissing:
            raise ModelDamaged(
                f"{header.path.name} is incomplete: its part {path.name} is not beside it. Your chats "
                "are safe. Download the model again, or copy the part into the same folder."
            ) from None
        if (part.metadata.get("split.no"), part.kinds.get("split.no")) != (number, _UINT16):
            raise ModelDamaged(f"{path.name} is not part {number + 1} of {header.path.name}.")
        if number:
            _check_places(part)
        yield part


def notice(header: Header) -> str:
    """What a person must know of a file that loads all the same; "" where there is nothing."""
    is_glm = (
        header.value("block_count") in (47, 48) and "glm" in header.text("general.name").lower()
    )
    if is_glm and header.metadata.get(_GATING) == _SOFTMAX:
        return (
            f"{header.path.name} was made before 21 January 2026 with a mistake in its settings, and "
            "answers badly. Download it again."
        )
    return ""


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"
