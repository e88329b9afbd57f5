"""Pages of the tests' corpus that arrive neither as text, nor as a picture, nor as a stated fault."""

from collections.abc import Iterator

from benchmarks.figure import Figure, Options
from benchmarks.stage import Stage
from tests.documents.corpus.every import documents
from tests.documents.corpus.judged import ENOUGH, Judgement, judge


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """How many pages of all were lost, and how many words of the born digital ones came back."""
    judged = [judge(stage.reader, case, stage.folder) for case in documents()]
    lost = [reason for each in judged for reason in each.lost]
    faults = [fault for each in judged for fault in each.faults]
    yield Figure(
        name="pages-lost",
        value=float(len(lost) + len(faults)),
        unit="pages",
        target="0",
        met=not lost and not faults,
        note="; ".join(
            [
                f"{len(judged)} files, {sum(each.pages for each in judged):,} pages",
                *(lost + faults)[:5],
            ]
        ),
    )
    yield _recall(judged)


def _recall(judged: list[Judgement]) -> Figure:
    kept, words = (sum(getattr(each, what) for each in judged) for what in ("kept", "words"))
    worst = min(judged, key=lambda each: each.recall)
    return Figure(
        name="pages-lost.recall",
        value=100 * kept / words,
        unit="per cent",
        target=f"≥ {100 * ENOUGH:g}",
        met=kept >= ENOUGH * words,
        note=f"{words:,} words; the worst file, {worst.name}, has {worst.recall:.1%}",
    )
