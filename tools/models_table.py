"""Write what models/README.md says of each model, from the cards.

Run it as `python -m tools.models_table`; what is between the two marks is written anew.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from glmdesk.library.cards import catalogue
from glmdesk.library.cards.catalogue import Card, Variant

FOLDER = Path(__file__).parent.parent / "models"
README = FOLDER / "README.md"
BEGIN = "<!-- Written by `python -m tools.models_table`: edit the cards, not what follows. -->"
END = "<!-- End of what is written. -->"

_HEADINGS = (
    "model", "for a", "parameters (at work)", "context", "pictures", "thinking",
    "sizes to download", "licence",
)  # fmt: skip
_CLASSES = ("laptop", "desktop", "workstation", "")


def written(readme: str, cards: Sequence[Card]) -> str:
    """`readme` with the part between its marks made from `cards`."""
    head, _, rest = readme.partition(BEGIN)
    tail = rest.partition(END)[2]
    return f"{head}{BEGIN}\n\n{describe(cards)}\n{END}{tail}"


def describe(cards: Sequence[Card]) -> str:
    ordered = sorted(cards, key=_rank)
    lines = [
        _row(_HEADINGS),
        _row(["---"] * len(_HEADINGS)),
        *(_row(_cells(one)) for one in ordered),
    ]
    return "\n".join([*lines, "", *_published(ordered), *_problems(ordered)])


def _rank(card: Card) -> tuple[bool, bool, int, int, str]:
    """The one to offer first, then by size; the test model last."""
    kind = _CLASSES.index(card.size_class)
    return card.builtin, not card.default, kind, card.parameters, card.id


def _row(cells: Sequence[str]) -> str:
    return " | ".join(["", *(cell.replace("|", "\\|") for cell in cells), ""]).strip()


def _cells(card: Card) -> tuple[str, ...]:
    name = f"[{card.name}]({card.homepage})" if card.homepage else card.name
    active = card.active_parameters
    return (
        f"{name}{' (the default)' if card.default else ''}",
        card.size_class,
        _count(card.parameters) + (f" ({_count(active)})" if active < card.parameters else ""),
        f"{card.context:,}",
        "yes" if card.sees else "no",
        ", ".join(card.thinking) or "no",
        ", ".join(map(_download, card.variants)) or "comes with glmdesk",
        card.licence,
    )


def _count(number: int) -> str:
    return f"{number / 1e9:.3g}B" if number >= 1e8 else f"{number / 1e6:.3g}M"


def _download(variant: Variant) -> str:
    about = "" if variant.confirmed else "about "
    text = f"{variant.id} {about}{variant.size / 1e9:.3g} GB"
    return f"**{text}**" if variant.default else text


def _published(cards: Sequence[Card]) -> Iterator[str]:
    yield "What the makers publish (not measured by us):"
    yield ""
    for card in cards:
        for one in card.published:
            yield f"* {card.name}: {one.name}: {one.value} ([source]({one.source}))"
    yield ""


def _problems(cards: Sequence[Card]) -> Iterator[str]:
    yield "Known problems:"
    yield ""
    for card in cards:
        for one in card.problems:
            yield f"* {card.name}: {one.text} {one.cure} ([source]({one.source}))"
    yield ""


def main() -> None:
    text = written(README.read_text(encoding="utf-8"), catalogue.read(FOLDER))
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
