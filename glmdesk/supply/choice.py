"""What a person means by a name: a model of the catalogue in one of its sizes, a repository, a file here."""

from collections.abc import Sequence
from dataclasses import dataclass

from glmdesk.errors import UsageError
from glmdesk.library.cards.card import Card, Variant
from glmdesk.library.hubs.references import Reference, parse_reference
from glmdesk.library.hubs.selection import quant_of
from glmdesk.library.local.installed import Installed


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Exactly one of `variant`, `reference` and `installed` says where the files are; a model of the
    catalogue that is here has both a card and `installed`."""

    id: str
    name: str
    card: Card | None = None
    variant: Variant | None = None
    reference: Reference | None = None
    installed: Installed | None = None

    @property
    def size(self) -> int:
        """Bytes of all files, as far as they are known."""
        if self.installed:
            return self.installed.size
        return self.variant.size if self.variant else 0

    @property
    def label(self) -> str:
        """Which of the model's files: "Q4_K_M"."""
        if self.installed:
            return self.installed.quant
        if self.variant:
            return self.variant.id
        return self.reference.select if self.reference else ""


def choose(name: str, cards: Sequence[Card], here: Sequence[Installed]) -> Choice:
    """`name` is ID, ID:VARIANT, hf:…, ms:… or what `Library.find` takes.

    Raises UsageError with what there is instead.
    """
    id, _, wanted = name.strip().partition(":")
    installed = _same(here, name.strip())
    card = next(
        (card for card in cards if id.lower() in (card.id.lower(), card.name.lower())), None
    )
    if installed and not wanted:
        return Choice(
            id=installed.id, name=installed.name, card=installed.card, installed=installed
        )
    if card and not card.builtin:
        return _of_catalogue(card, wanted, here)
    if reference := parse_reference(name):
        repository = reference.repository.partition("/")[2]
        return Choice(id=repository, name=repository, reference=reference)
    known = ", ".join(card.id for card in cards)
    raise UsageError(
        f"There is no model {name!r}. Known are {known}; any other is named by its repository, as "
        "hf:OWNER/REPOSITORY."
    )


def choose_to_get(name: str, cards: Sequence[Card], here: Sequence[Installed]) -> Choice:
    """As `choose`, but a model of the catalogue by its own name is its usual size, though another size of
    it may be here under that name, and one whose weights are gone is fetched again. Raises UsageError."""
    choice = choose(name, cards, here)
    if choice.card and choice.installed and not choice.installed.model.is_file():
        here = [model for model in here if model.model.is_file()]
        choice = choose(name, cards, here)
    card = choice.card
    if card and not card.builtin and name.strip().lower() in (card.id.lower(), card.name.lower()):
        return _of_catalogue(card, "", here)
    return choice


def is_size(model: Installed, variant: Variant) -> bool:
    """Whether a model that is here is this size of its card, projector and all."""
    homes = ("", variant.repository, variant.modelscope)
    whole = model.mmproj is not None or not variant.mmproj_size
    return whole and model.repository in homes and model.quant == quant_of(variant.id).upper()


def _same(here: Sequence[Installed], name: str) -> Installed | None:
    wanted = name.lower()
    return next((one for one in here if wanted in (one.id.lower(), one.name.lower())), None)


def _of_catalogue(card: Card, wanted: str, here: Sequence[Installed]) -> Choice:
    """What is here already, where that is the size that is wanted."""
    variant = card.variant(wanted)
    if variant is None:
        known = ", ".join(variant.id for variant in card.variants) or "none"
        raise UsageError(f"{card.name} has no file {wanted!r}. There is: {known}.")
    own = (one for one in here if one.card and one.card.id == card.id and not one.foreign)
    if there := next((one for one in own if is_size(one, variant)), None):
        return Choice(id=there.id, name=there.name, card=card, installed=there)
    return Choice(id=card.id, name=card.name, card=card, variant=variant)
