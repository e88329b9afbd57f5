"""The details of one model as HTML: what it is, which of its files there are, what they take. Pure."""

import html
from collections.abc import Collection, Iterator, Sequence

from glmdesk.library.cards.card import Card, Variant
from glmdesk.library.fitting.fit import Plan
from glmdesk.library.fitting.placement import PARTS
from glmdesk.library.hubs.sources import Item
from glmdesk.sizes import size
from glmdesk.supply.choice import Choice
from glmdesk.ui import shelf, text
from glmdesk.ui.shelf import Part


def head(name: str, about: str) -> str:
    """The name with the button that closes the details, and what the model is good for."""
    close = f'<button type="button" class="plain" data-do="close">{text.DETAILS_CLOSE}</button>'
    words = f"<p>{html.escape(about)}</p>" if about else ""
    return f'<header><h2 tabindex="-1">{html.escape(name)}</h2>{close}</header>{words}'


def about(card: Card | None) -> str:
    return (card.good_for or card.summary) if card else ""


def fault(sentence: str) -> str:
    return f'<p class="problem">{html.escape(sentence)}</p>'


def lines(facts: Sequence[str]) -> str:
    listed = "".join(f"<li>{html.escape(line)}</li>" for line in facts)
    return f"<details><summary>{text.ALL_FACTS}</summary><ul>{listed}</ul></details>"


def origin(item: Item) -> str:
    """Where a model that is on its way comes from, as one names it oneself."""
    return text.COMES_FROM.format(place=f"{item.source}:{item.repository}")


def files(item: Item) -> Iterator[str]:
    """ "small-F16.gguf, 3.0 MB" """
    for file in (*item.files, *filter(None, [item.mmproj])):
        yield f"{file.name}, {size(file.size)}" if file.size else file.name


def variants(choice: Choice) -> tuple[Variant, ...]:
    """The sizes to choose from; also for one that is here, since another one may lie beside it."""
    card, here = choice.card, choice.installed
    if not card or card.builtin:
        return ()
    if here and (here.foreign or here.quant not in [one.id for one in card.variants]):
        return ()
    return card.variants


def sizes(offered: Sequence[Variant], here: Collection[str]) -> list[tuple[str, str]]:
    """(what the list of files says, variant); `here` are those that need no download."""
    return [
        (f"{one.id}, {text.IS_HERE if one.id in here else _size(one)}", one.id) for one in offered
    ]


def _size(variant: Variant) -> str:
    shown = size(variant.size)
    return shown if variant.confirmed else f"{text.ABOUT} {shown}"


def verdict(plan: Plan | None, *, here: bool) -> str:
    """Whether it fits, and what lies where. `here`: the chosen file is one of those to choose from, and
    needs no download; the style sheet hides the button then."""
    found = _plan(plan) if plan else f"<p>{text.UNKNOWN_FIT}</p>"
    return f'{found}<p class="facts here">{text.FILE_IS_HERE}</p>' if here else found


def _plan(plan: Plan) -> str:
    estimate = "" if plan.exact else f" {text.ESTIMATE}"
    bars = "".join(
        f"<h3>{html.escape(share.device)}, {size(share.usable)}</h3>"
        + shelf.memory_bar(
            [
                *(Part(name=part, size=getattr(share, part)) for part in PARTS),
                Part(name="free", size=share.free),
            ],
            share.usable,
        )
        for share in plan.memory
        if share.used
    )
    return (
        f'<p class="pill-line"><span class="pill {shelf.TONES[plan.kind]}">{html.escape(plan.verdict)}'
        f"</span> {html.escape(plan.sentence)}{estimate}</p>{bars}"
    )
