"""Whether a model and a vision projector belong together, told from both headers before loading.

llama.cpp only compares widths, and the projectors of GLM-4.6V-Flash and of GLM-4.6V have the same: the
wrong one loads without a word and describes what is not there.
"""

from dataclasses import dataclass

from glmdesk.errors import ModelUnsupported
from glmdesk.library.cards.catalogue import plain
from glmdesk.library.gguf.header import Header

_GLM_TOWERS = ("glm4v", "glm5v")
_MULTIMODAL_POSITIONS = ("glm4", "glm4moe")


@dataclass(frozen=True)
class _Family:
    name: str
    architecture: str


_FAMILIES = (
    _Family("GLM-4.1V", "glm4"),
    _Family("GLM-4.6V-Flash", "glm4"),
    _Family("GLM-OCR", "glm4"),
    _Family("AutoGLM-Phone", "glm4"),
    _Family("GLM-4.5V", "glm4moe"),
    _Family("GLM-4.6V", "glm4moe"),
    _Family("GLM-5.3-Flash", "glm5-next"),
)
"""The vision models of Z.ai. Each has a tower of its own, trained with it."""


def check_pair(model: Header, projector: Header) -> None:
    """Raises ModelUnsupported, with what to do, when pictures would end the process or be misread."""
    name = projector.path.name
    if not projector.is_projector:
        raise ModelUnsupported(f"{name} is not a vision projector: pictures are off. Text works.")
    if projector.metadata.get("clip.has_vision_encoder") is False:
        raise ModelUnsupported(f"{name} reads sound and no pictures: pictures are off. Text works.")
    if model.architecture in _MULTIMODAL_POSITIONS and not _has_sections(model):
        raise ModelUnsupported(
            "This model file was made before llama.cpp could show it pictures; download it again to "
            "use them. Text works."
        )
    if (width := _width(projector)) and width != model.number("embedding_length", width):
        raise ModelUnsupported(
            f"{name} makes {width:,} numbers of each piece of a picture and this model takes "
            f"{model.number('embedding_length'):,}: it belongs to another model. Pictures are off; "
            "get the projector that is published with the model. Text works."
        )
    _check_names(model, projector)


def _check_names(model: Header, projector: Header) -> None:
    own, other = _family(model), _family(projector)
    if other is None:
        return
    foreign = other.architecture != model.architecture
    if foreign or (own and own.architecture == model.architecture and own != other):
        raise ModelUnsupported(
            f"{projector.path.name} is the projector of {other.name}, and this model is "
            f"{_called(model)}. Pictures are off, since it would describe what is not there; get "
            "the projector that is published with the model. Text works."
        )


def _has_sections(model: Header) -> bool:
    sections = model.value("rope.dimension_sections", ())
    return isinstance(sections, tuple) and any(sections)


def _width(projector: Header) -> int:
    """Numbers for each cell of a picture, where the header of such a tower tells it; else 0."""
    kinds = (projector.text("clip.projector_type"), projector.text("clip.vision.projector_type"))
    width = projector.metadata.get("clip.vision.projection_dim")
    return width if isinstance(width, int) and any(kind in _GLM_TOWERS for kind in kinds) else 0


def _family(header: Header) -> _Family | None:
    """The family that the header names, or else the file's name; the longest name wins, since GLM-4.6V
    begins GLM-4.6V-Flash. A variant's own name comes before that of what it was made from."""
    basename, variant = header.text("general.basename"), header.text("general.finetune")
    for name in (
        header.text("general.name"),
        f"{basename}{variant}",
        header.text("general.base_model.0.name"),
        header.path.stem,
    ):
        found = [family for family in _FAMILIES if plain(family.name) in plain(name)]
        if found:
            return max(found, key=lambda family: len(family.name))
    return None


def _called(model: Header) -> str:
    family = _family(model)
    fitting = family is not None and family.architecture == model.architecture
    return family.name if family and fitting else model.text("general.name") or model.path.stem
