"""Reads a case through the real reader and holds what arrived against what was put in."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glmdesk.documents.page import Document, Place, Sheet
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits, model_size
from glmdesk.errors import DocumentError
from glmdesk.messages import Picture
from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.words import disorder, kept, repeated

LIMITS = PictureLimits(min_tokens=8, max_tokens=120)
ENOUGH = 0.99
"""Share of a page's words below which its text does not stand for it."""
DISORDER = 0.02
REPEATED = 0.02
CONTRAST = 40
"""Between the darkest and the brightest channel of a picture in which something can be seen."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What came of one case. Words are counted where they were born digital."""

    name: str
    pages: int
    lost: tuple[str, ...] = ()
    """A sentence for each page that arrived neither as text nor as a picture nor as a fault."""
    faults: tuple[str, ...] = ()
    """What else is wrong: order, hidden words, an ending that was not expected."""
    kept: int = 0
    words: int = 0

    @property
    def recall(self) -> float:
        return self.kept / self.words if self.words else 1.0


def judge(reader: Reader, case: Case, folder: Path) -> Judgement:
    """Write the case into `folder`, read it and compare."""
    path = folder / "case"
    path.write_bytes(case.make())
    try:
        document = _read(reader, case, path)
    except DocumentError as error:
        return _refused(case, error)
    if case.refused and not case.password:
        return Judgement(name=case.name, pages=0, faults=("was read, though nothing is in it",))
    return _compared(reader, case, path, document)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(reader: Reader, case: Case, path: Path) -> Document:
    """Encrypted files are first met without their password."""
    if case.password:
        try:
            reader.inspect(path, case.name)
        except DocumentError as error:
            if case.refused is None or not isinstance(error, case.refused):
                raise
        unlocked = path.with_name("unlocked")
        unlocked.unlink(missing_ok=True)
        reader.unlock(path, case.name, case.password, unlocked)
        unlocked.replace(path)
    inspected = reader.inspect(path, case.name)
    document = reader.document(path, case.name, digest(path), case.encoding)
    if inspected.pages != len(document.sheets) and case.paged and document.complete:
        raise DocumentError(f"{inspected.pages} pages promised, {len(document.sheets)} read")
    return document


def _refused(case: Case, error: DocumentError) -> Judgement:
    pages = len(case.leaves)
    if case.refused and type(error) is case.refused and not case.password:
        return Judgement(name=case.name, pages=pages)
    sentence = f"{case.name}: {error.code}: {error.message}"
    if not pages:
        return Judgement(name=case.name, pages=0, faults=(sentence,))
    return Judgement(name=case.name, pages=pages, lost=(sentence,) * pages)


def _compared(reader: Reader, case: Case, path: Path, document: Document) -> Judgement:
    drawn = _drawn(reader, case, path, document)
    groups = [(leaf, [sheet]) for leaf, sheet in zip(case.leaves, document.sheets, strict=False)]
    if not case.paged:
        whole = Leaf(
            words=case.words,
            picture=any(leaf.picture for leaf in case.leaves),
            absent=tuple(word for leaf in case.leaves for word in leaf.absent),
            once=all(leaf.once for leaf in case.leaves),
        )
        groups = [(whole, list(document.sheets))]
    counts = [kept(leaf.words, _text(sheets)) for leaf, sheets in groups if case.born]
    return Judgement(
        name=case.name,
        pages=max(len(case.leaves), len(document.sheets)),
        lost=tuple(_lost(case, document, groups, drawn)),
        faults=tuple(_faults(case, document, groups)),
        kept=sum(found for found, _ in counts),
        words=sum(wanted for _, wanted in counts),
    )


_Groups = list[tuple[Leaf, list[Sheet]]]


def _text(sheets: list[Sheet]) -> str:
    return "\n".join(sheet.text for sheet in sheets)


def _drawn(reader: Reader, case: Case, path: Path, document: Document) -> dict[Place, Picture]:
    """Every picture of the pages that have more than text."""
    wanted = {
        (sheet.number, index): model_size(*size, LIMITS)
        for at, sheet in enumerate(document.sheets)
        if not case.paged or at >= len(case.leaves) or _needs(case.leaves[at])
        for index, size in enumerate(sheet.pictures)
    }
    return reader.draw(path, case.name, digest(path), wanted) if wanted else {}


def _needs(leaf: Leaf) -> bool:
    return leaf.picture or not leaf.words


def _lost(
    case: Case, document: Document, groups: _Groups, drawn: dict[Place, Picture]
) -> Iterator[str]:
    missing = len(case.leaves) - len(document.sheets) if case.paged else 0
    for number in range(missing):
        yield f"{case.name}: page {len(document.sheets) + number + 1} is not there"
    for leaf, sheets in groups:
        if reason := _reason(leaf, sheets, drawn):
            yield f"{case.name} page {sheets[0].number if sheets else 0}: {reason}"


def _reason(leaf: Leaf, sheets: list[Sheet], drawn: dict[Place, Picture]) -> str:
    """Why a page counts as lost; "" when it arrived."""
    stated = any(sheet.fault for sheet in sheets)
    if stated or leaf.broken == "must":
        expected = leaf.broken != "no"
        return "" if stated and expected else f"fault {stated} where {leaf.broken!r} was expected"
    found, wanted = kept(leaf.words, _text(sheets))
    if wanted and found < ENOUGH * wanted:
        return f"{found} of {wanted} words in {_text(sheets)[:200]!r}"
    numbers = {sheet.number for sheet in sheets}
    shown = [picture for place, picture in drawn.items() if place[0] in numbers]
    if leaf.picture and not any(map(seen, shown)):
        return "nothing of its picture can be seen"
    if leaf.spots and not any(coloured(picture, leaf) for picture in shown):
        return "its picture is another one"
    return ""


def coloured(picture: Picture, leaf: Leaf) -> bool:
    """Whether a picture has the colours that were put there."""
    return all(
        max(abs(a - b) for a, b in zip(colour, pixel(picture, *spot), strict=True)) < CONTRAST
        for spot, colour in leaf.spots
    )


def pixel(picture: Picture, across: float, down: float) -> tuple[int, ...]:
    """Red, green and blue at a place given as shares of width and height."""
    row, column = int(down * picture.height), int(across * picture.width)
    at = (row * picture.width + column) * 3
    return tuple(picture.path.read_bytes()[at : at + 3])


def seen(picture: Picture) -> bool:
    """Whether the pixels are all there and differ from each other."""
    pixels = picture.path.read_bytes()
    if len(pixels) != picture.width * picture.height * 3:
        return False
    return max(pixels) - min(pixels) >= CONTRAST


def _faults(case: Case, document: Document, groups: _Groups) -> Iterator[str]:
    numbers = [sheet.number for sheet in document.sheets]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{case.name}: the pages come as {numbers[:20]}"
    if case.paged and len(numbers) > len(case.leaves):
        yield f"{case.name}: {len(numbers)} pages instead of {len(case.leaves)}"
    if not re.search(case.note, document.note):
        yield f"{case.name}: the note is {document.note!r}"
    for leaf, sheets in groups:
        yield from _page_faults(case, leaf, sheets)


def _page_faults(case: Case, leaf: Leaf, sheets: list[Sheet]) -> Iterator[str]:
    text = _text(sheets)
    where = f"{case.name} page {sheets[0].number if sheets else 0}"
    for word in leaf.absent:
        if word in text:
            yield f"{where}: {word} is shown"
    if case.ordered and (share := disorder(leaf.words, text)) > DISORDER:
        yield f"{where}: {share:.0%} of the words are out of order"
    if leaf.once and (share := repeated(leaf.words, text)) > REPEATED:
        yield f"{where}: {share:.0%} of the words come twice"
    for sheet in sheets:
        if not (sheet.text.strip() or sheet.pictures or sheet.fault or not _says(leaf)):
            yield f"{case.name} page {sheet.number}: neither text nor picture nor fault"


def _says(leaf: Leaf) -> bool:
    return bool(leaf.words or leaf.picture or leaf.broken == "must")
