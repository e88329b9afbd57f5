"""Whether pages are sent as they should be: as text, as a picture or as both, by what they were made of."""

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.figure import Figure, Options
from benchmarks.stage import Stage
from glmdesk.documents.pdf import pdf
from glmdesk.documents.routing import route
from glmdesk.messages import Mode
from tests.documents import routed_pages
from tests.documents.routed_pages import Routed

PAGES = 200
TARGET = 95
TUNED = frozenset(range(100))
"""Seeds that were looked at while `routing` was written; a figure uses others."""


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Per cent of the pages that are routed as their kind must be."""
    if options.seed in TUNED:
        why = f"the seed {options.seed} was looked at while routing was written"
        yield Figure(name="page-routing", value=None, unit="%", note=why)
        return
    pages, routes = routed(stage, options.seed, options.count(PAGES))
    wrong = [page for page, mode in zip(pages, routes, strict=True) if page.mode != mode]
    lost = sum(
        page.mode != "text" and mode == "text" for page, mode in zip(pages, routes, strict=True)
    )
    share = 100 * (1 - len(wrong) / len(pages))
    yield Figure(
        name="page-routing",
        value=share,
        unit="%",
        target=f">= {TARGET}",
        met=share >= TARGET,
        note=f"{len(pages)} pages of {len(routed_pages.KINDS)} kinds, {lost} of them sent without "
        f"what can be seen on them; wrong: {_named(wrong)}",
    )


def routed(stage: Stage, seed: int, count: int) -> tuple[Sequence[Routed], Sequence[Mode]]:
    """Pages, and how each was routed by what the reader found on it."""
    data, pages = routed_pages.made(seed, count)
    path = stage.folder / "routed.pdf"
    path.write_bytes(data)
    with pdf.opened(path, path.name) as book:
        return pages, [route(book.sheet(number)) for number in range(1, book.total + 1)]


def _named(wrong: Sequence[Routed]) -> str:
    counted = Counter(page.kind for page in wrong).most_common()
    return ", ".join(f"{count} {kind}" for kind, count in counted) or "none"
