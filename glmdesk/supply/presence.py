"""What is here already of a model that somebody wants to get, and what is said of it then."""

from dataclasses import replace
from pathlib import Path

from glmdesk.errors import ModelDamaged, UsageError
from glmdesk.library.cards.card import Card
from glmdesk.library.hubs.kept import told_what_came
from glmdesk.library.hubs.references import Reference
from glmdesk.library.hubs.sources import Hub, Item
from glmdesk.library.local.installed import Installed, Library
from glmdesk.library.transfers import manifest
from glmdesk.library.transfers.downloads import Downloads, Status


def again(hub: Hub, begun: Status) -> Item:
    """What was begun, as its hub has it now. Raises DownloadError."""
    item, progress = begun.item, begun.progress
    reference = Reference(
        source=item.source, repository=item.repository, revision=item.revision,
        select=item.files[0].path,
    )  # fmt: skip
    with told_what_came(lambda: (progress.done, progress.total)):
        return hub.resolve(reference, id=item.id, name=item.name)


def check_free(models: Path, item: Item) -> None:
    """Two repositories may give their models one name. Raises UsageError."""
    there = manifest.read(models / item.id)
    if there and (there.source, there.repository) != (item.source, item.repository):
        raise UsageError(
            f"There is a model called {item.id} here already, {there.origin}. Nothing was downloaded. Remove "
            f"that one first: glmdesk models remove {item.id}."
        )


def is_taken(item: Item, library: Library, downloads: Downloads) -> bool:
    """Whether another size of the model has its folder, or is on the way there."""
    wanted = {file.name for file in item.files}
    here = [model.model.name for model in library.models() if model.id == item.id]
    coming = downloads.find(item.id)
    if coming and coming.state != "finished":
        here += [file.name for file in coming.item.files]
    return any(name not in wanted for name in here)


def is_of(item: Item, reference: Reference) -> bool:
    """Whether these are the files that a person names so."""
    if (item.source, item.repository) != (reference.source, reference.repository):
        return False
    names = [name for file in item.files for name in (file.path, file.name)]
    return reference.select.lower() in ("", item.quant.lower(), *map(str.lower, names))


def with_size(card: Card | None, name: str) -> Card | None:
    """With that size alone which the name says, where it says one."""
    size = name.strip().partition(":")[2]
    variant = card.variant(size) if card and size else None
    return replace(card, variants=(variant,)) if card and variant else card


def here_already(model: Installed) -> UsageError:
    cure = f", but cannot be loaded: {model.problem}" if model.problem else ""
    return UsageError(f"{called(model)} is here already: {model.model}{cure}")


def called(model: Installed) -> str:
    """ "GLM-4.6V-Flash Q4_K_M" """
    size = f" {model.quant}" if model.quant and not model.name.endswith(model.quant) else ""
    return f"{model.name}{size}"


def sound(model: Installed) -> Installed:
    """Raises ModelDamaged with what mends it."""
    if not model.problem:
        return model
    cure = "" if "--repair" in model.problem else _cure(model)
    raise ModelDamaged(
        f"{called(model)} is here already, but cannot be loaded: {model.problem} {cure}".strip()
    )


def as_published(model: Installed, item: Item) -> Installed:
    """Raises ModelDamaged for files that came whole and are no whole model."""
    if not model.problem:
        return model
    reason = model.problem.partition(". ")[0].rstrip(".")
    raise ModelDamaged(
        f"Everything came as {item.repository} publishes it, but it cannot be loaded: {reason}. Remove it (glmdesk "
        f"models remove {model.id}) and choose another repository or file."
    )


def _cure(model: Installed) -> str:
    if model.managed and model.repository:
        return f"To mend it: glmdesk models verify {model.id} --repair"
    return f"To get it anew, begin with: glmdesk models remove {model.id}" if model.managed else ""
