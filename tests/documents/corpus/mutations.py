"""Files that were sound and are no longer: half of them changed where their format says, half anywhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from tests.documents.corpus import mutate_pdf, mutate_picture, mutate_zip
from tests.documents.corpus.every import documents, pictures

PDFS = (
    "fonts.pdf", "figure.pdf", "ruled-table.pdf", "formulas.pdf", "scan-with-text.pdf", "fax.pdf",
    "turned-pages.pdf", "hebrew.pdf", "turned-letters.pdf", "wrong-lengths.pdf", "javascript.pdf",
    "attached.pdf", "form.pdf", "comments.pdf", "layers.pdf",
)  # fmt: skip
ZIPS = (
    "tables.docx", "pictures.docx", "notes.docx", "tracked.docx", "boxes.docx", "page-breaks.docx",
    "sheets.xlsx", "values.xlsx", "merged.xlsx", "pictures.xlsx",
    "notes.pptx", "shapes.pptx", "pictures.pptx", "parts.odt", "picture.odt", "book.epub",
)  # fmt: skip
PICTURES = (
    "plain.png", "deep.png", "alpha.png", "palette.png", "la.png", "moving.png", "exif-6.png",
    "plain.jpeg", "progressive.jpg", "cmyk.jpg", "exif-6.jpeg", "moving.gif", "clear.gif",
    "plain.webp", "lossless.webp", "moving.webp", "exif-6.webp", "plain.bmp", "palette.bmp",
    "plain.tiff", "packed.tiff", "alpha.tiff", "fax.tiff", "grey.tiff", "photo.heic", "plain.avif",
)  # fmt: skip
TEXTS = (
    "page.html", "notes.md", "comma.csv", "data.json", "data.xml", "letter.eml", "parts.eml",
    "utf-16.txt", "utf-8.txt",
)  # fmt: skip
_Mutate = Callable[[Random, bytes], bytes]
_STRUCTURES: tuple[tuple[tuple[str, ...], _Mutate], ...] = (
    (PDFS, mutate_pdf.mutate),
    (ZIPS, mutate_zip.mutate),
    (PICTURES, mutate_picture.mutate),
)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A changed file; `number` and the seed it was drawn with make it again."""

    name: str
    data: bytes
    number: int
    how: str


@cache
def sound(name: str) -> bytes:
    """The bytes of a case of the corpus before anything happens to them."""
    return _makers()[name]()


@cache
def _makers() -> dict[str, Callable[[], bytes]]:
    found = {case.name: case.make for case in documents()}
    return found | {shown.name: shown.make for shown in pictures()}


def mutants(seed: int, count: int) -> Iterator[Mutant]:
    """Each by its own number, so that one can be made again without the others."""
    return (mutant(seed, number) for number in range(count))


def mutant(seed: int, number: int) -> Mutant:
    """Even numbers are changed by structure, odd ones by bytes."""
    rng = Random(f"{seed} {number}")
    if number % 2 == 0:
        names, change = rng.choice(_STRUCTURES)
        name = rng.choice(names)
        data, how = change(rng, sound(name)), "structure"
    else:
        name = rng.choice(PDFS + ZIPS + PICTURES + TEXTS)
        mutate = rng.choice((_flips, _cut, _hole, _splice, _repeat))
        data, how = mutate(rng, sound(name)), mutate.__name__.strip("_")
    return Mutant(name=name, data=data, number=number, how=how)


def _flips(rng: Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 3, 20, 200))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _cut(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] if rng.random() < 0.7 else data[at:]


def _hole(rng: Random, data: bytes) -> bytes:
    """A part is missing, or became zeros as on a bad disk."""
    first, last = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:first] + (bytes(last - first) if rng.random() < 0.5 else b"") + data[last:]


def _splice(rng: Random, data: bytes) -> bytes:
    other = sound(rng.choice(PDFS + ZIPS + PICTURES + TEXTS))
    first, last = sorted(rng.randrange(len(other)) for _ in range(2))
    at = rng.randrange(len(data))
    return data[:at] + other[first:last] + data[at + rng.choice((0, last - first)) :]


def _repeat(rng: Random, data: bytes) -> bytes:
    first, last = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:last] + data[first:last][:5000] * rng.choice((1, 30)) + data[last:]
