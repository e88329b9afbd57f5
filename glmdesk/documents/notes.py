"""Sentences about what could not be read of a document, from page numbers alone."""

from collections.abc import Sequence

REPAIRED = "The file was damaged and has been repaired; something may be missing."


def damaged(pages: Sequence[int]) -> str:
    """Which pages are missing because they are broken."""
    if not pages:
        return ""
    verb = "is" if len(pages) == 1 else "are"
    return f"{_capital(ranges(pages))} {verb} damaged; the other pages were read."


def unseen(pages: Sequence[int], limit: int) -> str:
    """Which pages are scans that the model does not get; `limit` 0 is a model without eyes."""
    if not pages:
        return ""
    have = "has no text (it looks" if len(pages) == 1 else "have no text (they look"
    why = f"only {limit} such pages are shown" if limit else "this model cannot see pictures"
    return f"{_capital(ranges(pages))} {have} scanned); {why}."


def cut(used: int, total: int) -> str:
    """That a document is longer than what is read of it."""
    return f"Used the first {used:,} of {total:,} pages." if total > used else ""


def broken_off(read: int, total: int, slow: bool) -> str:
    """That reading ended early; what was read until then is kept."""
    why = "took too long" if slow else "could not be read"
    return f"Read {read} of {total} pages; page {read + 1} {why}."


def joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def ranges(pages: Sequence[int]) -> str:
    """Page numbers as a person writes them: "page 2", "pages 2 and 5", "pages 2-4, 7 and 9"."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    *names, last = [name for run in runs for name in _named(run)]
    noun = "page" if len(pages) == 1 else "pages"
    return f"{noun} {', '.join(names)} and {last}" if names else f"{noun} {last}"


def _named(run: Sequence[int]) -> list[str]:
    return [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(page) for page in run]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
