"""Bytes and seconds in words for people."""


def size(number: int) -> str:
    """6.2 GB, 950 MB, 12 kB; a GB is 1e9 bytes."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6)):
        if number >= bytes_:
            shown = number / bytes_
            return f"{shown:.0f} {unit}" if shown >= 100 else f"{shown:.1f} {unit}"
    return f"{number / 1000:.0f} kB"


def duration(seconds: float) -> str:
    """40 s, 12 min, 3 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
