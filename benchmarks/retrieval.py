"""Whether the right page of a long handbook is among those that are sent with a question."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from benchmarks.figure import Figure, Options
from benchmarks.stage import Stage
from glmdesk.documents.page import Document, page_text
from glmdesk.documents.passages import searched, split
from glmdesk.documents.pdf import pdf
from glmdesk.documents.search import choose
from glmdesk.messages import Mode, SentPage
from glmdesk.store.database import Database
from glmdesk.store.index import Extract, Hit, Index
from tests.documents import handbook
from tests.documents.handbook import Fact, Handbook

ROOM = 4_000
"""Tokens for the document."""
LETTERS_PER_TOKEN = 4
ASKED, PARAPHRASED = 100, 30
TARGET = 95
_HITS = 50
_SHA256 = "0" * 64


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Per cent of the questions in the handbook's own words, and of paraphrased ones."""
    made = handbook.made(options.seed)
    facts = Random(options.seed).sample(made.facts, options.count(ASKED) + PARAPHRASED)
    with closing(Database(stage.folder / "retrieval.db")) as database:
        desk = Desk(made, stage.folder, Index(database))
        yield _figure("retrieval", desk, facts[:-PARAPHRASED], paraphrased=False)
        yield _figure("retrieval.paraphrased", desk, facts[-PARAPHRASED:], paraphrased=True)


class Desk:
    """A handbook that was read, cut into passages and put into an index."""

    def __init__(self, made: Handbook, folder: Path, index: Index) -> None:
        self.document = _read(made, folder)
        self._texts = {sheet.number: sheet.text for sheet in self.document.sheets}
        self._index = index
        index.put(_SHA256, [
            Extract(page=found.page, start=found.start, end=found.end,
                    text=searched(self.document.sheets[found.page - 1], found))
            for found in split(self.document)
        ])  # fmt: skip

    def hits(self, question: str) -> list[Hit]:
        """The passages that fit best."""
        return self._index.search([_SHA256], question, _HITS)

    def sent(self, hits: Sequence[Hit]) -> tuple[SentPage, ...]:
        """What goes with the question."""
        modes: dict[int, Mode] = dict.fromkeys(self._texts, "text")
        return choose(hits, self.document, modes, ROOM, self.price)

    def price(self, page: SentPage) -> int:
        """About as many tokens as a model makes of it."""
        sheet = self.document.sheets[page.number - 1]
        return len(page_text(sheet, page.start, page.end)) // LETTERS_PER_TOKEN

    def holds(self, page: SentPage, fact: Fact) -> bool:
        """Whether what was sent of the page says the fact."""
        text = self._texts[page.number][page.start : page.end or None]
        return " ".join(fact.said.split()) in " ".join(text.split())


def _read(made: Handbook, folder: Path) -> Document:
    path = folder / "handbook.pdf"
    path.write_bytes(made.pdf)
    with pdf.opened(path, path.name) as book:
        sheets = tuple(book.sheet(number) for number in range(1, book.total + 1))
    return Document(name=path.name, sheets=sheets)


def _figure(name: str, desk: Desk, facts: Sequence[Fact], *, paraphrased: bool) -> Figure:
    found = first = said = pages = tokens = 0
    for fact in facts:
        hits = desk.hits(fact.paraphrased if paraphrased else fact.asked)
        sent = desk.sent(hits)
        first += bool(hits) and hits[0].page == fact.page
        right = [page for page in sent if page.number == fact.page]
        found += bool(right)
        said += any(desk.holds(page, fact) for page in right)
        pages += len(sent)
        tokens += sum(map(desk.price, sent))
    count = len(facts)
    share = 100 * found / count
    return Figure(
        name=name,
        value=share,
        unit="%",
        target="" if paraphrased else f">= {TARGET}",
        met=None if paraphrased else share >= TARGET,
        note=f"{count} questions, {len(desk.document.sheets)} pages; the sentence itself was sent for "
        f"{100 * said / count:.0f} %, its page fits best for {100 * first / count:.0f} %; {pages / count:.0f} pages and {tokens / count:,.0f} tokens each",
    )
