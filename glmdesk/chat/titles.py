"""A chat's name in the sidebar, from its first question. Pure."""

from collections.abc import Sequence

LENGTH = 60


def title_of(text: str, names: Sequence[str] = ()) -> str:
    """The first words of the question, else the name of the first file."""
    words = " ".join(text.split()) or (names[0] if names else "") or "New chat"
    if len(words) <= LENGTH:
        return words
    short = words[: LENGTH - 1]
    return (short.rsplit(" ", 1)[0] if " " in short[LENGTH // 2 :] else short) + "…"
