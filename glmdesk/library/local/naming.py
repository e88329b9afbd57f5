"""Which of the models on this disk a person means, and what to say when it is none of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glmdesk.errors import ModelDamaged, ModelMissing
from glmdesk.library.cards.card import Card
from glmdesk.library.hubs.references import Reference, parse_reference
from glmdesk.library.hubs.selection import quant_of
from glmdesk.library.transfers import manifest
from glmdesk.library.transfers.manifest import Manifest

if TYPE_CHECKING:
    from glmdesk.library.local.installed import Installed


def named(models: Sequence["Installed"], name: str) -> "Installed | None":
    """By id or name, by that of its catalogue card, as ID:VARIANT, or by the repository it came from.

    Raises UsageError when the name begins as that of a repository and is none.
    """
    wanted = name.strip().lower()
    found = [model for model in models if wanted in (model.id.lower(), model.name.lower())]
    id, _, size = wanted.partition(":")
    found += [model for model in models if _is_called(model, id) and _is_size(model, size)]
    if found:
        return found[0]
    reference = parse_reference(name)
    return next(_from(models, reference), None) if reference else None


def is_path(name: str) -> bool:
    """Whether a name can only be that of a file on this disk."""
    shaped = name.endswith(".gguf") or "/" in name or "\\" in name
    return shaped and (parse_reference(name) is None or Path(name).expanduser().is_file())


def missing(
    name: str, models: Sequence["Installed"], cards: Sequence[Card], folder: Path
) -> ModelMissing:
    """What to say of a name that no model here has; what could be fetched is named as such."""
    if reference := parse_reference(name):
        return ModelMissing(
            f"{reference} is not on this computer. Get it with: glmdesk models pull {reference}"
        )
    id, _, size = name.strip().lower().partition(":")
    card = next((one for one in cards if id in (one.id.lower(), one.name.lower())), None)
    variant = card.variant(size) if card else None
    if card and variant:
        chosen = f":{variant.id}" if size else ""
        called = f"{card.name} {variant.id}" if size else card.name
        return ModelMissing(
            f"{called} is not on this computer. Get it with: glmdesk models pull {card.id}{chosen}"
        )
    there = ", ".join(model.id for model in models) or "none"
    return ModelMissing(
        f"There is no model {name!r} here. There is: {there}. Put a .gguf file into {folder}, or give the "
        "path of one."
    )


def _is_called(model: "Installed", id: str) -> bool:
    card = (model.card.id.lower(), model.card.name.lower()) if model.card else ()
    return id in (model.id.lower(), *card)


def _is_size(model: "Installed", size: str) -> bool:
    """Two sizes of a card may be stored alike, and then differ by where they are from."""
    variant = model.card.variant(size) if model.card and size else None
    if variant is None:
        return size in ("", model.quant.lower())
    homes = ("", variant.repository, variant.modelscope)
    return model.quant == quant_of(variant.id).upper() and model.repository in homes


def _from(models: Sequence["Installed"], reference: Reference) -> Iterator["Installed"]:
    for model in models:
        if model.repository == reference.repository:
            record = _record(model.folder)
            if record and record.source == reference.source and _is_meant(record, reference):
                yield model


def _record(folder: Path) -> Manifest | None:
    try:
        return manifest.read(folder)
    except ModelDamaged:
        return None


def _is_meant(record: Manifest, reference: Reference) -> bool:
    if reference.revision not in ("main", record.revision, record.commit):
        return False
    files = [name for file in record.files for name in (file.path, file.name)]
    wanted = reference.select.lower()
    return not wanted or wanted in (record.quant.lower(), *(name.lower() for name in files))
