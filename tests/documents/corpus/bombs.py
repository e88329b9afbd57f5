"""Small files that become large, deep or endless when they are opened, and files that are not what they say."""

from PIL import Image

from glmdesk.errors import DocumentDamaged, DocumentUnsupported
from tests.documents.corpus import (
    bomb_echoes,
    bomb_pdfs,
    bomb_pictures,
    bomb_texts,
    bomb_zips,
    raw,
    word,
)
from tests.documents.corpus.bomb import Bomb
from tests.documents.corpus.sheets import encoded, pdf, prose_page

_FAMILIES = (bomb_pictures, bomb_pdfs, bomb_zips, bomb_echoes, bomb_texts)


def bombs() -> tuple[Bomb, ...]:
    """All of them."""
    return (*(bomb for family in _FAMILIES for bomb in family.bombs()), *_disguises())


def _disguises() -> tuple[Bomb, ...]:
    """Names that say something else than the bytes, and what is not a document at all."""
    one = pdf(prose_page("One page"))
    return (
        Bomb(name="pdf.jpg", make=lambda: one, pages=1, note="PDF"),
        Bomb(name="png.pdf", make=lambda: encoded(Image.new("RGB", (50, 50))), pages=1),
        Bomb(name="text.docx", make=lambda: b"only words", pages=1),
        Bomb(name="word.txt", make=lambda: word.by_hand(word.paragraph(word.run("Words")))),
        Bomb(name="program.pdf", make=lambda: b"\x7fELF" + bytes(3000), refused=DocumentUnsupported),
        Bomb(name="zeros.pdf", make=lambda: bytes(5000), refused=DocumentUnsupported),
        Bomb(name="old.doc", make=lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000), refused=DocumentUnsupported),
        Bomb(name="both.pdf", make=lambda: one + word.by_hand(word.paragraph(word.run("x"))), pages=1),
        Bomb(name="no-pages.pdf", make=lambda: raw.written({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Count 0/Kids[]>>"}), refused=DocumentDamaged),
    )  # fmt: skip
