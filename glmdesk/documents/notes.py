"""Sentences about what could not be read of a document, from page numbers alone."""

from collections.abc import Sequence

REPAIRED = "The file was damaged and has been repaired; something may be missing."


def unread(pages: Sequence[int]) -> str:
    """Which pages are missing because they could not be read; each page says why."""
    return f"{_capital(ranges(pages))} could not be read; the other pages were." if pages else ""


def unseen(pages: Sequence[int]) -> str:
    """Which pages have no text, for a model without eyes."""
    if not pages:
        return ""
    have = "has no text (it looks" if len(pages) == 1 else "have no text (they look"
    return f"{_capital(ranges(pages))} {have} scanned); this model cannot see pictures."


def cut(used: int, total: int) -> str:
    """That a document is longer than what is read of it."""
    return f"Used the first {used:,} of {total:,} pages." if total > used else ""


def slow(page: int, seconds: float) -> str:
    """Why a page is missing: the time for it was over."""
    return f"Page {page} took longer than {seconds:g} seconds and was given up."


def ended(page: int, how: str) -> str:
    """Why a page is missing: reading it ended the process that did."""
    return f"Page {page} could not be read: it ended the process that reads files ({how})."


def given_up(page: int, why: str) -> str:
    """Why a page is missing that was never tried."""
    return f"Page {page} was not read: {why}."


def broken_off(read: int, total: int, why: str) -> str:
    """That reading ended early; what was read until then is kept."""
    return f"Read {read:,} of {total:,} pages: {why}."


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
