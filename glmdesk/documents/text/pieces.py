"""Cuts a long text into pages near one size, at the best places for it. Joined again they are the text."""

PAGE = 3_000
"""Characters of a page of a document that has no pages of its own."""
_SEAMS = ("\n# ", "\n## ", "\n\n", "\n", ". ", "。", ">", ", ", ",", " ")
"""Best first: before a heading, between paragraphs, at a line's end, between words."""


def cut(text: str, size: int = PAGE) -> tuple[str, ...]:
    """Pages of about `size` characters, none longer than a quarter more; "" gives one empty page."""
    pages: list[str] = []
    begin, most = 0, size + size // 4
    while len(text) - begin > most:
        end = _seam(text, begin + size // 2, begin + most)
        pages.append(text[begin:end])
        begin = end
    return (*pages, text[begin:])


def _seam(text: str, first: int, last: int) -> int:
    """Where to cut between two places."""
    for seam in _SEAMS:
        at = text.rfind(seam, first, last)
        if at >= 0:
            return at + (1 if seam.startswith("\n#") else len(seam))
    return last
