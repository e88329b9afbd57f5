"""What a list of models shows of each, made from cards, files on disk, downloads and plans. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from glmdesk.library.cards.card import Card
from glmdesk.library.cards.catalogue import match
from glmdesk.library.fitting.fit import Plan
from glmdesk.library.fitting.placement import PARTS
from glmdesk.library.hubs.sources import Item
from glmdesk.library.local.installed import Installed
from glmdesk.library.transfers.manifest import HUBS
from glmdesk.library.transfers.progress import Progress
from glmdesk.sizes import size


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A model on its way here."""

    name: str
    quant: str = ""
    progress: Progress


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model. `tone` is the plan's kind, or "" where nothing is known."""

    id: str
    name: str
    variant: str = ""
    """How its weights are stored, "Q4_K_M"; "" where no name tells it."""
    size: int = 0
    summary: str = ""
    facts: tuple[str, ...] = ()
    installed: bool = False
    source: str = ""
    removable: bool = False
    problem: str = ""
    verdict: str = ""
    sentence: str = ""
    tone: str = ""
    progress: Progress | None = None
    notice: str = ""
    """What a person must know of a file that loads."""


@dataclass(frozen=True, kw_only=True)
class Details:
    """Everything of one model, as lines for a person."""

    id: str
    name: str
    lines: tuple[str, ...]


def rows(
    here: Sequence[Installed],
    cards: Sequence[Card],
    coming: Mapping[str, Coming],
    plans: Mapping[str, Plan],
) -> list[Row]:
    """Models that are here, those on their way, then the rest of the catalogue.

    `coming` and `plans` are by id.
    """
    listed = [_here(model, plans.get(model.id)) for model in here]
    seen = {row.id for row in listed}
    for id, one in coming.items():
        if id not in seen:
            listed.append(_coming(id, one, match(list(cards), id), plans.get(id)))
            seen.add(id)
    offered = [card for card in cards if card.id not in seen and not card.builtin]
    offered.sort(key=lambda card: _order(card, plans.get(card.id)))
    return listed + [_offered(card, plans.get(card.id)) for card in offered]


def _order(card: Card, plan: Plan | None) -> tuple[bool, bool, int]:
    """The one to offer first, then what runs here, then the smaller ones."""
    return not card.default, plan is not None and not plan.fits, card.parameters


def _here(model: Installed, plan: Plan | None) -> Row:
    card = model.card
    row = Row(
        id=model.id,
        name=model.name,
        variant=model.quant,
        size=model.size,
        summary=(card.good_for or card.summary) if card else "",
        facts=tuple(_facts(card)) if card else (),
        installed=True,
        source=model.source,
        removable=model.managed,
        problem=model.problem,
        notice=model.notice,
    )
    return _judged(row, plan)


def _coming(id: str, one: Coming, card: Card | None, plan: Plan | None) -> Row:
    row = Row(
        id=id,
        name=one.name,
        variant=one.quant,
        size=one.progress.total,
        summary=(card.good_for or card.summary) if card else "",
        facts=tuple(_facts(card)) if card else (),
        progress=one.progress,
    )
    return _judged(row, plan)


def _offered(card: Card, plan: Plan | None) -> Row:
    variant = card.variant()
    row = Row(
        id=card.id,
        name=card.name,
        variant=variant.id if variant else "",
        size=variant.size if variant else 0,
        summary=card.good_for or card.summary,
        facts=tuple(_facts(card)),
    )
    return _judged(row, plan)


def _judged(row: Row, plan: Plan | None) -> Row:
    if plan is None:
        return row
    return replace(row, verdict=plan.verdict, sentence=plan.sentence, tone=plan.kind)


def _facts(card: Card) -> Iterator[str]:
    if card.parameters:
        active = card.active_parameters
        some = f", {_billions(active)} active" if active and active != card.parameters else ""
        yield f"{_billions(card.parameters)}{some}"
    if card.context:
        yield f"{card.context // 1024}K context"
    if card.sees:
        yield "pictures"
    if card.thinking:
        yield "thinking"
    if card.licence:
        yield card.licence


def _billions(number: int) -> str:
    if number < 10**9:
        return f"{number / 1e6:.0f}M"
    shown = number / 1e9
    return f"{shown:.1f}B" if shown < 10 else f"{shown:.0f}B"


def details(card: Card | None, model: Installed | None, plans: Mapping[str, Plan]) -> list[str]:
    """`plans` are by variant, or by the id of the model that is here."""
    return [*_card_lines(card, plans), *_file_lines(model, plans)]


def _file_lines(model: Installed | None, plans: Mapping[str, Plan]) -> Iterator[str]:
    if model is None:
        return
    yield f"Here: {model.model} ({size(model.size)}, {model.source or 'a file'})"
    if model.mmproj:
        yield f"Projector: {model.mmproj}"
    if plan := plans.get(model.id):
        yield f"On this machine: {plan.sentence}"
    yield from filter(None, (model.problem, model.notice))


def hub_lines(item: Item, plan: Plan | None) -> Iterator[str]:
    """Of a repository that no card tells of."""
    yield f"{item.name} {item.quant}".strip()
    yield f"{HUBS[item.source]}: {item.repository}"
    for file in (*item.files, *([item.mmproj] if item.mmproj else [])):
        yield f"{size(file.size):>8}  {file.path}"
    yield f"{size(item.total):>8}  in all; nothing of it is here"
    if plan:
        yield f"On this machine: {plan.sentence}"


def _card_lines(card: Card | None, plans: Mapping[str, Plan]) -> Iterator[str]:
    if card is None:
        return
    yield f"{card.name}: {card.good_for or card.summary}"
    yield " · ".join(_facts(card))
    if card.homepage:
        yield card.homepage
    for variant in card.variants:
        exact = "" if variant.confirmed else "about "
        verdict = f": {plans[variant.id].verdict}" if variant.id in plans else ""
        usual = " (the usual choice)" if variant.default else ""
        yield f"{variant.id:<12} {exact}{size(variant.size)}{usual}{verdict}"
        yield f"{'':<12} {variant.repository}{f'. {variant.note}' if variant.note else ''}"
    for published in card.published:
        yield f"{published.name}: {published.value} ({published.source})"
    for problem in card.problems:
        yield f"Known problem: {problem.text} Cure: {problem.cure} ({problem.source})"


def memory_lines(plan: Plan) -> list[str]:
    """What lies where."""
    lines = []
    for share in plan.memory:
        parts = [(part, getattr(share, part)) for part in PARTS]
        held = ", ".join(f"{part} {size(bytes_)}" for part, bytes_ in parts if bytes_)
        lines.append(f"{share.device}: {size(share.used)} of {size(share.usable)} ({held})")
    return lines
