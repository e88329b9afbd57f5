"""What an argument may be: each kind reads a word, or says what is wrong with it."""

import argparse

from glmdesk.messages import Detail


def port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens")
    return int(text)


def detail(text: str) -> Detail:
    match text:
        case "low" | "normal" | "high":
            return text
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a detail (low, normal, high or a number of tokens)"
        )
    return int(text)


def seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed (0 to {2**32 - 1})")
    return int(text)


def temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 5:
        raise argparse.ArgumentTypeError(f"{text!r} is not a temperature (0 to 5)")
    return value


def gigabytes(text: str) -> int:
    """Bytes, from a number of GB (1e9)."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size in GB")
    return round(value * 1e9)
