"""All cases of the corpus."""

from functools import cache

from tests.documents.corpus import (
    active,
    album,
    born,
    broken,
    containers,
    locked,
    messages,
    opened,
    photos,
    scans,
    scripts,
    slides,
    structures,
    tables,
    texts,
    turned,
    typeset,
    word,
)
from tests.documents.corpus.case import Case, Shown

FAMILIES = {
    "born": born, "typeset": typeset, "structures": structures, "scans": scans, "turned": turned, "scripts": scripts, "locked": locked,
    "broken": broken, "active": active, "word": word, "tables": tables, "slides": slides,
    "opened": opened, "containers": containers, "messages": messages, "texts": texts, "album": album,
}  # fmt: skip


@cache
def documents() -> tuple[Case, ...]:
    """In the order of their families."""
    return tuple(case for family in FAMILIES.values() for case in family.cases())


def pictures() -> tuple[Shown, ...]:
    return photos.cases()
