"""Which models are on this disk: the built-in one, what lies in the models folder, and what other
programs have.

<models>/<id>/<name>.gguf            the model, or its first shard <name>-00001-of-0000N.gguf
<models>/<id>/mmproj-<name>.gguf     its vision projector
<models>/<name>.gguf                 a single file is taken too
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Literal

from glmdesk.errors import ModelMissing
from glmdesk.library.cards import catalogue
from glmdesk.library.cards.catalogue import Card
from glmdesk.library.elsewhere.foreign import Elsewhere, identity
from glmdesk.library.elsewhere.found import Found
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.gguf import pairing, preflight, tree
from glmdesk.library.local import naming
from glmdesk.library.local.origins import Origin, Origins
from glmdesk.library.local.verdicts import Verdict, Verdicts
from glmdesk.library.transfers import ticket as tickets

Source = Literal[
    "built in",
    "catalogue download",
    "download",
    "models folder",
    "Hugging Face cache",
    "LM Studio",
    "Ollama",
    "",
]
"""How a model came here; "" for a file that was named by its path."""
_PATIENCE = 1.0
"""Seconds that a list may spend on reading headers; the rest is read in the background."""
_OURS = ("models folder", "catalogue download", "download")
_SHORT = {"Hugging Face cache": "hf", "LM Studio": "lmstudio", "Ollama": "ollama"}
_MAX_ID = 120


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A model that can be loaded. Two are equal when they are the same files under the same id."""

    id: str
    name: str = field(compare=False)
    model: Path
    mmproj: Path | None = None
    card: Card | None = field(default=None, compare=False)
    problem: str = field(default="", compare=False)
    """Why it cannot be loaded, when its header already tells."""
    notice: str = field(default="", compare=False)
    """What a person must know of this file before trusting it."""
    size: int = field(default=0, compare=False)
    """Bytes of all its files, projector included."""
    source: Source = field(default="", compare=False)
    managed: bool = field(default=False, compare=False)
    """Whether it lies in the models folder, where we may remove it."""
    checked: bool = field(default=True, compare=False)
    """Whether its header was read; until then there is no problem, no notice and no weights."""
    quant: str = field(default="", compare=False)
    """How its weights are stored, as its names say it: "Q4_K_M"."""
    repository: str = field(default="", compare=False)
    """Of the hub it was downloaded from, where that is known."""
    weights: Weights | None = field(default=None, compare=False)
    """What it takes in memory, where its header tells."""

    @property
    def builtin(self) -> bool:
        return self.card is not None and self.card.builtin

    @property
    def foreign(self) -> bool:
        """Whether another program keeps it."""
        return self.source in _SHORT

    @property
    def folder(self) -> Path:
        """The folder to show to a person who asks where it is."""
        return self.model.parent

    @property
    def files(self) -> tuple[Path, ...]:
        """The model, all shards of it, and its projector."""
        return (*preflight.shards(self.model), *([self.mmproj] if self.mmproj else []))


class Library:
    """The models of one installation. A file dropped in is there at once."""

    def __init__(
        self,
        shipped: Path,
        models: Path,
        elsewhere: Elsewhere | None = None,
        verdicts: Verdicts | None = None,
    ) -> None:
        """`elsewhere` finds the models of other programs; without it there are none."""
        self._shipped = shipped
        self._models = models
        self._elsewhere = elsewhere
        self._verdicts = verdicts or Verdicts()
        self._origins = Origins()

    def models(self) -> list[Installed]:
        """Everything that can be loaded: the person's own, other programs', the built-in one.

        Names come first: a header that was not read yet is read later, in the background.
        """
        cards = catalogue.read(self._shipped)
        own = self._scan(cards)
        builtin = [self._builtin(card) for card in cards if card.builtin]
        listed = [*own, *self._foreign(cards, own), *builtin]
        self._verdicts.later((one.model, one.mmproj) for one in listed if not one.checked)
        return list(_unique(_told_apart(listed)))

    @property
    def busy(self) -> bool:
        """Whether headers are still being read in the background: a later list says more."""
        return self._verdicts.busy

    def settle(self, seconds: float) -> None:
        """Read headers now that the list has not read yet, for so long."""
        end = time.monotonic() + seconds
        for model in self.models():
            if time.monotonic() < end:
                self.judged(model)

    def close(self) -> None:
        """Write down what is known of headers."""
        self._verdicts.save()

    def find(self, name: str = "") -> Installed:
        """The model with this id, in one of its sizes as ID:VARIANT, from this repository as hf:…, or in this
        file; without a name the best one that is here.

        Raises ModelMissing with what there is instead, or how to get it; UsageError for hf: and no repository.
        """
        models = self.models()
        if not name and models:
            return self._best(models)
        if found := naming.named(models, name):
            return self.judged(found)
        if naming.is_path(name):
            return self.from_file(Path(name).expanduser())
        raise naming.missing(name, models, catalogue.read(self._shipped), self._models)

    def named(self, name: str) -> Installed | None:
        """As `find`, of what is listed; None when it is not here. Raises UsageError."""
        return naming.named(self.models(), name)

    def from_file(self, path: Path) -> Installed:
        """A model anywhere on disk, with the projector beside it. Raises ModelMissing."""
        if not path.is_file():
            raise ModelMissing(f"There is no model file at {path}. Check the path and try again.")
        beside = tree.files(path.parent, depth=0)
        cards = catalogue.read(self._shipped)
        return self.judged(self._at(path, str(path), pairing.by_name(path, beside), cards))

    def _best(self, models: Sequence[Installed]) -> Installed:
        """Never another program's model that is not in the catalogue: it may be anything."""
        for model in models:
            known = model.card or model.source in _OURS
            if known and not (judged := self.judged(model)).problem:
                return judged
        return models[-1]

    def _scan(self, cards: Sequence[Card]) -> list[Installed]:
        found, end = [], time.monotonic() + (0 if self._verdicts.busy else _PATIENCE)
        files = sorted(tree.files(self._models), key=lambda path: path.parent)
        for folder, group in groupby(files, key=lambda path: path.parent):
            beside = list(group)
            weights = [path for path in beside if pairing.is_weights(path)]
            for path in weights:
                alone = folder != self._models and len(weights) == 1
                id = folder.name if alone else pairing.stem(path)
                model = self._own(self._at(path, id, pairing.by_name(path, beside), cards))
                found.append(self.judged(model) if time.monotonic() < end else self._seen(model))
        found += self._gone({model.folder for model in found}, cards)
        return sorted(found, key=lambda model: model.model)

    def _gone(self, there: set[Path], cards: Sequence[Card]) -> Iterator[Installed]:
        """Downloads of which the weights are gone: known by their record, they can be mended or removed."""
        for folder in tree.folders(self._models):
            origin, ticket = self._origins.of(folder), tickets.folder_of(folder) / tickets.NAME
            if folder in there or not origin.weights or ticket.exists():
                continue
            path, tower = folder / origin.weights[0], folder / (origin.projector or "none")
            mmproj = tower if tower.is_file() else None
            model = self._own(self._at(path, folder.name, mmproj, cards))
            problem = f"{path.name} is missing. Your chats are safe. {_cure(model)}"
            yield replace(model, problem=problem, notice="", checked=True)

    def _at(self, path: Path, id: str, mmproj: Path | None, cards: Sequence[Card]) -> Installed:
        stem = pairing.stem(path)
        card = catalogue.match(list(cards), stem) or catalogue.match(list(cards), id)
        name = card.name if card else stem if id == str(path) else id
        quant = pairing.precision(path) or pairing.precision(path.parent)
        return _sized(
            Installed(
                id=id, name=name, model=path, mmproj=mmproj, card=card, checked=False, quant=quant
            )
        )

    def _own(self, model: Installed) -> Installed:
        origin = self._origins.of(model.folder)
        return replace(
            model, managed=self._is_ours(model.folder), source=_source(origin, model.card),
            repository=origin.repository, notice=_lost(origin, model),
        )  # fmt: skip

    def _is_ours(self, folder: Path) -> bool:
        """Not behind a link, and not in what another program takes for its own."""
        inside = Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(self._models))
        return inside and not (self._elsewhere and self._elsewhere.places.owner(folder))

    def _foreign(self, cards: Sequence[Card], own: Sequence[Installed]) -> Iterator[Installed]:
        """Those that are not in the models folder as well, and of which no check said no."""
        there = {identity(model.model) for model in own}
        for found in self._elsewhere.list() if self._elsewhere else ():
            if identity(found.model) not in there | {(0, 0)}:
                verdict = self._verdicts.known(found.model, found.mmproj)
                model = _taken_from(found, list(cards), verdict.title if verdict else "")
                if not (seen := self._seen(model)).problem:
                    yield seen

    def _builtin(self, card: Card) -> Installed:
        files = {kind: self._shipped / name for kind, name in card.files.items()}
        return _sized(
            Installed(
                id=card.id,
                name=card.name,
                model=files["model"],
                mmproj=files.get("mmproj"),
                card=card,
                source="built in",
                quant=pairing.precision(files["model"]),
            )
        )

    def judged(self, model: Installed) -> Installed:
        """With what its header says."""
        if model.checked:
            return model
        return self._marked(model, self._verdicts.of(model.model, model.mmproj))

    def _seen(self, model: Installed) -> Installed:
        verdict = self._verdicts.known(model.model, model.mmproj)
        return self._marked(model, verdict) if verdict else model

    def _marked(self, model: Installed, verdict: Verdict) -> Installed:
        """A damaged download is fetched again where it came from, whatever is advised to those who bring a
        file."""
        if verdict.damaged and model.managed and self._origins.of(model.folder).weights:
            problem = f"{_what_happened(verdict.problem)} Your chats are safe. {_cure(model)}"
            verdict = replace(verdict, problem=problem)
        return _marked(model, verdict)


def _cure(model: Installed) -> str:
    """What helps where a hub still has the files."""
    return f"glmdesk models verify {model.id} --repair fetches again what is damaged or missing."


def _what_happened(problem: str) -> str:
    """Without the advice."""
    return f"{problem.partition('. ')[0].rstrip('.')}."


def _marked(model: Installed, verdict: Verdict) -> Installed:
    marked = replace(
        model, problem=verdict.problem, checked=True, weights=verdict.weights,
        notice=" ".join(filter(None, (model.notice, verdict.notice))),
    )  # fmt: skip
    return marked if _is_of_its_card(marked) else replace(marked, card=None, name=_called(marked))


def _is_of_its_card(model: Installed) -> bool:
    """What only its folder calls so, a person may have called so: its header must agree."""
    card, weights = model.card, model.weights
    if not card or not card.shape or not weights or model.foreign:
        return True
    if model.repository in _homes(card) or catalogue.match([card], pairing.stem(model.model)):
        return True
    return weights.has_shape(card.shape)


def _homes(card: Card) -> set[str]:
    """The repositories that the card names."""
    return {home for one in card.variants for home in (one.repository, one.modelscope) if home}


def _called(model: Installed) -> str:
    return pairing.stem(model.model) if model.id == str(model.model) else model.id


def _source(origin: Origin, card: Card | None) -> Source:
    if not origin.downloaded:
        return "models folder"
    return "catalogue download" if card and origin.repository in _homes(card) else "download"


def _lost(origin: Origin, model: Installed) -> str:
    """What of its download is not there any more, though it loads; "" when all is."""
    if model.mmproj or not origin.projector:
        return origin.fault
    return f"Its projector {origin.projector} is missing, so it reads no pictures. {_cure(model)}"


def _taken_from(found: Found, cards: list[Card], title: str) -> Installed:
    """The id and the name say whose it is, and stay the same whatever else is there."""
    names = (found.stem, found.label, title)
    fitting = [card for card in cards if _fits(card, found.architecture)]
    card = next(filter(None, (catalogue.match(fitting, name) for name in names)), None)
    size = pairing.precision(Path(found.stem))
    called = f"{card.name} {size}".strip() if card else found.stem
    id = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{_SHORT[found.owner]}-{found.publisher}-{found.stem}")
    return _sized(
        Installed(
            id=re.sub("-{2,}", "-", id)[:_MAX_ID].strip("-"),
            name=f"{called} ({found.owner})",
            model=found.model,
            mmproj=found.mmproj,
            card=card,
            source=found.owner,
            checked=False,
            quant=size,
        )
    )


def _fits(card: Card, architecture: str) -> bool:
    """A name alone is not enough: glm4:5b is no GLM-4.5."""
    return not card.shape or architecture in ("", card.shape.architecture)


def _sized(model: Installed) -> Installed:
    return replace(model, size=sum(map(tree.size, model.files)))


def _told_apart(models: Sequence[Installed]) -> list[Installed]:
    """Two sizes of one model say which they are."""
    names = Counter(model.name for model in models)
    return [
        replace(model, name=f"{model.name} {model.quant}")
        if names[model.name] > 1 and model.quant and model.quant not in model.name
        else model
        for model in models
    ]


def _unique(models: Sequence[Installed]) -> Iterator[Installed]:
    """A second model of one id gets a number."""
    taken: set[str] = set()
    for model in models:
        id, number = model.id, 2
        while id.lower() in taken:
            id, number = f"{model.id}-{number}", number + 1
        taken.add(id.lower())
        yield model if id == model.id else replace(model, id=id)
