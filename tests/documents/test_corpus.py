"""Reading loses nothing: every page of every case arrives, in order, as text, as a picture or as a fault."""

from pathlib import Path

import pytest

from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits, model_size
from tests.documents.corpus import locked
from tests.documents.corpus.case import Case, Shown
from tests.documents.corpus.every import documents, pictures
from tests.documents.corpus.judged import ENOUGH, digest, judge, pixel
from tests.documents.corpus.words import disorder, kept, prose

LIMITS = PictureLimits(min_tokens=8, max_tokens=600)


def name_of(case: Case | Shown) -> str:
    return case.name


@pytest.mark.parametrize("case", documents(), ids=name_of)
def test_no_page_is_lost(reader: Reader, folder: Path, case: Case) -> None:
    judged = judge(reader, case, folder)
    assert judged.lost == ()
    assert judged.faults == ()
    assert judged.recall >= ENOUGH


@pytest.mark.parametrize("case", pictures(), ids=name_of)
def test_pictures_look_as_they_were_made(reader: Reader, folder: Path, case: Shown) -> None:
    path = folder / "case"
    path.write_bytes(case.make())
    if case.refused:
        with pytest.raises(case.refused, match=case.name):
            reader.inspect(path, case.name)
        return
    inspected = reader.inspect(path, case.name)
    assert inspected.kind == "picture"
    assert (inspected.width, inspected.height) == case.size
    assert case.note in inspected.note
    picture = reader.picture(path, digest(path), LIMITS, case.name)
    assert (picture.width, picture.height) == model_size(*case.size, LIMITS)
    for spot, colour in case.spots.items():
        assert colour == pytest.approx(pixel(picture, *spot), abs=case.slack), spot


def test_the_files_are_the_same_every_time() -> None:
    """But for what encryption and libtiff make up, and the hour in the workbook of a chart."""
    other = {case.name for case in locked.cases()} | {"colour.tiff", "chart.pptx"}
    for case in documents():
        assert case.name in other or case.make() == case.make(), case.name


def test_the_measure_sees_what_is_missing() -> None:
    text = prose("measure", 50)
    _, _, *rest = text.split()
    assert kept(text, text) == (len(text.split()), len(text.split()))
    assert kept(text, " ".join(rest))[0] == len(rest)
    assert disorder(text, text) == 0
    assert disorder("one two three four", "one three two four") == pytest.approx(1 / 3)
    assert kept("图书馆 open", "馆书 open 图") == (4, 4)


def test_a_case_that_loses_a_page_is_found_out(reader: Reader, folder: Path) -> None:
    """The judge is worth nothing if it cannot say no."""
    plain = next(case for case in documents() if case.name == "plain.pdf")
    extra = Case(name="x", make=plain.make, leaves=(*plain.leaves, plain.leaves[0]))
    assert len(judge(reader, extra, folder).lost) == 1
    other = Case(name="x", make=plain.make, leaves=(plain.leaves[1], *plain.leaves[1:]))
    assert len(judge(reader, other, folder).lost) == 1
    swapped = Case(name="x", make=plain.make, leaves=plain.leaves[::-1])
    assert len(judge(reader, swapped, folder).lost) == len(plain.leaves)
    refused = Case(name="x", make=lambda: b"", leaves=plain.leaves[:1])
    turned = next(case for case in documents() if case.name == "turned-scans.pdf")
    mixed = Case(name="x", make=turned.make, leaves=turned.leaves[::-1], born=False)
    assert len(judge(reader, mixed, folder).lost) == 4
    assert len(judge(reader, refused, folder).lost) == 1
