"""Reading breaks nothing: mutated files and bombs end in a document or one sentence, within limits."""

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from glmdesk.documents.processes.seat import LIMITS as CHILD
from glmdesk.documents.reader import Reader
from glmdesk.errors import DocumentDamaged
from glmdesk.paths import find, prepare
from tests.documents.corpus import mutations
from tests.documents.corpus.bomb import Bomb
from tests.documents.corpus.bombs import bombs
from tests.documents.corpus.tried import Trial, Trier, kill_one, sentence_faults

SEED, MUTANTS = 20261125, 60
PATIENCE_S = 2.0
"""What the reader gives a page here, so that files that never end do not take long."""
STEPS = 6
"""Ways in that one file goes through; each may use up the patience, and starting takes some."""
SPARE_S = 1.0
GROWTH = 300 * 2**20
"""Bytes that this process may gain from one file, whatever is in it."""


@pytest.fixture(scope="module")
def trier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trier]:
    paths = find(tmp_path_factory.mktemp("home"))
    prepare(paths)
    with closing(Reader(paths, timeout_s=PATIENCE_S)) as reader:
        yield Trier(reader=reader, folder=tmp_path_factory.mktemp("files"))


def check(trial: Trial) -> None:
    """What holds for every file, whatever is in it."""
    assert trial.faults == ()
    assert trial.ending == "read" or trial.sentence
    assert trial.seconds < STEPS * PATIENCE_S
    assert trial.memory < CHILD.memory
    assert trial.grown < GROWTH


@pytest.mark.parametrize("number", range(MUTANTS))
def test_mutated_files_end_well(trier: Trier, number: int) -> None:
    mutant = mutations.mutant(SEED, number)
    check(trier.attempt(mutant.name, mutant.data))


@pytest.mark.parametrize("bomb", bombs(), ids=lambda bomb: bomb.name)
def test_bombs_end_well(trier: Trier, bomb: Bomb) -> None:
    trial = trier.attempt(bomb.name, bomb.make())
    check(trial)
    if bomb.pages:
        assert (trial.ending, trial.pages) == ("read", bomb.pages), trial.sentence
        assert re.search(bomb.note, trial.note)
    if bomb.refused:
        assert trial.kind == bomb.refused.code, trial.sentence


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_the_spare_takes_over(trier: Trier) -> None:
    """After a child was killed over its work, the next file is read in under a second."""
    assert kill_one(trier.reader, trier.folder) < SPARE_S


def test_a_bad_sentence_is_found_out() -> None:
    """The check of sentences is worth nothing if it lets everything through."""
    good = "a.pdf is damaged. Nothing was attached. Save it again, and attach that."
    assert sentence_faults(DocumentDamaged(good), "a.pdf") == []
    for bad in (
        "The file is damaged. Save it again.",
        "a.pdf: KeyError: 'x'. Save it again.",
        "a.pdf is damaged",
        "a.pdf is damaged. That is sad.",
        "a.pdf\nis damaged. Save it again.",
    ):
        assert sentence_faults(DocumentDamaged(bad), "a.pdf"), bad


def test_mutants_can_be_made_again() -> None:
    first = [mutations.mutant(SEED, number) for number in range(20)]
    assert first == list(mutations.mutants(SEED, 20))
    assert all(mutant.data != mutations.sound(mutant.name) for mutant in first)
    assert {mutant.how == "structure" for mutant in first} == {True, False}


def test_files_stay_where_they_are(trier: Trier) -> None:
    """Nothing is left beside the file that was read."""
    before = set(Path(trier.folder).iterdir())
    trier.attempt("a.txt", b"hello")
    assert set(Path(trier.folder).iterdir()) - before <= {trier.folder / "file"}
