"""Encrypted PDF files: what needs a password to be opened, and what only pretends to."""

import pymupdf

from glmdesk.errors import DocumentLocked
from tests.documents.corpus.case import Case, leaves
from tests.documents.corpus.sheets import pdf, prose_page, scan_page
from tests.documents.corpus.words import prose

METHODS = {
    "rc4-40": pymupdf.PDF_ENCRYPT_RC4_40,
    "rc4-128": pymupdf.PDF_ENCRYPT_RC4_128,
    "aes-128": pymupdf.PDF_ENCRYPT_AES_128,
    "aes-256": pymupdf.PDF_ENCRYPT_AES_256,
}
PASSWORD = "correct horse, Straße"


def cases() -> tuple[Case, ...]:
    return tuple(case for name in METHODS for case in (_user(name), _owner(name)))


def _texts(key: str) -> list[str]:
    return [prose(f"{key} {number}", 80) for number in range(3)]


def _user(method: str) -> Case:
    texts = _texts(f"user {method}")
    return Case(
        name=f"user-{method}.pdf",
        make=lambda: pdf(
            *map(prose_page, texts), encryption=METHODS[method], user_pw=PASSWORD, owner_pw="other"
        ),
        leaves=leaves(*texts),
        password=PASSWORD,
        refused=DocumentLocked,
    )


def _owner(method: str) -> Case:
    """Opens without a password, though it forbids copying: whoever can see it may have it read."""
    texts = _texts(f"owner {method}")
    return Case(
        name=f"owner-{method}.pdf",
        make=lambda: pdf(
            *map(prose_page, texts), encryption=METHODS[method], owner_pw="other", permissions=0
        ),
        leaves=leaves(*texts),
    )


def locked_scan() -> bytes:
    """A picture page behind a password."""
    return pdf(scan_page(prose("locked scan")), encryption=METHODS["aes-256"], user_pw=PASSWORD)
