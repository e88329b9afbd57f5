"""Which models are on this disk: the built-in one, and what lies in the models folder.

<models>/<id>/<name>.gguf            the model, or its first shard <name>-00001-of-0000N.gguf
<models>/<id>/mmproj-<name>.gguf     its vision projector
<models>/<name>.gguf                 a single file is taken too
"""

import re
from dataclasses import dataclass
from pathlib import Path

from glmdesk.errors import ModelError, ModelMissing
from glmdesk.library import catalogue, gguf
from glmdesk.library.catalogue import Card

_LATER_SHARD = re.compile(r"-(?!00001)\d{5}-of-\d{5}$")
_FIRST_SHARD = re.compile(r"-00001-of-\d{5}$")
_PRECISION = re.compile(r"(^|[-_.])((ud|i1)[-_])?(i?q\d[a-z0-9_]*|b?f16|f32|mxfp4[a-z0-9_]*|fp8)$")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A model that can be loaded."""

    id: str
    name: str
    model: Path
    mmproj: Path | None = None
    card: Card | None = None
    problem: str = ""
    """Why it cannot be loaded, when its header already tells."""
    notice: str = ""
    """What a person must know of this file before trusting it."""

    @property
    def builtin(self) -> bool:
        return self.card is not None and self.card.builtin


_Facts = tuple[tuple[str, int, int], ...]
"""Name, size and time of change of each of a model's files."""


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    problem: str = ""
    notice: str = ""


class Library:
    """The models of one installation. A file dropped in is there at once."""

    def __init__(self, shipped: Path, models: Path) -> None:
        self._checked: dict[Path, tuple[_Facts, _Verdict]] = {}
        self._shipped = shipped
        self._models = models

    def models(self) -> list[Installed]:
        """Everything that can be loaded, the built-in model last."""
        cards = catalogue.read(self._shipped)
        builtin = [self._builtin(card) for card in cards if card.builtin]
        return [*self._scan(cards), *builtin]

    def find(self, name: str = "") -> Installed:
        """The model with this id, or in this file; without a name the best one that is here.

        Raises ModelMissing with what there is instead.
        """
        models = self.models()
        if not name and models:
            return next((model for model in models if not model.problem), models[-1])
        for model in models:
            if name.lower() in (model.id.lower(), model.name.lower()):
                return model
        if name.endswith(".gguf") or "/" in name or "\\" in name:
            return self.from_file(Path(name).expanduser())
        raise ModelMissing(
            f"There is no model {name!r} here. There is: {', '.join(m.id for m in models) or 'none'}. "
            f"Put a .gguf file into {self._models}, or give the path of one."
        )

    def from_file(self, path: Path) -> Installed:
        """A model anywhere on disk, with the projector beside it. Raises ModelMissing."""
        if not path.is_file():
            raise ModelMissing(f"There is no model file at {path}. Check the path and try again.")
        return self._at(path, str(path), catalogue.read(self._shipped))

    def _at(self, path: Path, id: str, cards: list[Card]) -> Installed:
        stem = _FIRST_SHARD.sub("", path.stem)
        card = catalogue.match(cards, stem) or catalogue.match(cards, id)
        name = card.name if card else stem if id == str(path) else id
        verdict = self._verdict(path)
        return Installed(
            id=id, name=name, model=path, mmproj=_projector(path), card=card,
            problem=verdict.problem, notice=verdict.notice,
        )  # fmt: skip

    def _verdict(self, path: Path) -> _Verdict:
        """What the header check says; asked again when one of the model's files has changed."""
        try:
            facts = tuple(
                _facts(file) for file in gguf.shards(path) if file == path or file.exists()
            )
        except OSError as error:
            return _Verdict(problem=str(error.strerror))
        known = self._checked.get(path)
        if known is None or known[0] != facts:
            known = (facts, _judge(path))
            self._checked[path] = known
        return known[1]

    def _builtin(self, card: Card) -> Installed:
        files = {kind: self._shipped / name for kind, name in card.files.items()}
        return Installed(
            id=card.id, name=card.name, model=files["model"], mmproj=files.get("mmproj"), card=card
        )

    def _scan(self, cards: list[Card]) -> list[Installed]:
        found = []
        for path in sorted(self._models.rglob("*.gguf")) if self._models.is_dir() else []:
            if not _is_weights(path):
                continue
            alone = path.parent != self._models and len(_weights(path.parent)) == 1
            id = path.parent.name if alone else _FIRST_SHARD.sub("", path.stem)
            found.append(self._at(path, id, cards))
        return found


def _facts(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return path.name, found.st_size, found.st_mtime_ns


def _judge(path: Path) -> _Verdict:
    try:
        header = gguf.read(path)
        gguf.check(header)
    except ModelError as error:
        return _Verdict(problem=error.message)
    if header.is_projector:
        return _Verdict(
            problem=f"{path.name} is a vision projector and no model. Put it beside its model, with "
            "mmproj in its name."
        )
    return _Verdict(notice=gguf.notice(header))


def _is_projector(path: Path) -> bool:
    return "mmproj" in path.name.lower()


def _is_weights(path: Path) -> bool:
    """Also not a folder or a dangling link that is only named like a model."""
    return not _is_projector(path) and not _LATER_SHARD.search(path.stem) and path.is_file()


def _weights(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.gguf") if _is_weights(path)]


def _projector(model: Path) -> Path | None:
    """The projector in the same folder that is named for this model; a nameless one (mmproj-F16.gguf)
    belongs to the only model that is there."""
    found = [
        path
        for path in sorted(model.parent.glob("*.gguf"))
        if _is_projector(path) and path.is_file()
    ]
    weights = _weights(model.parent)
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
    name = _FIRST_SHARD.sub("", path.stem).lower().replace("mmproj", "").strip("-_.")
    name = catalogue.plain(_PRECISION.sub("", name))
    return "" if name == "model" else name
