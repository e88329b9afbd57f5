"""Two ways of doing the same, measured in turns: on a noisy machine only neighbours can be compared."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.figure import Figure
from benchmarks.quiet import wait_for_quiet

Run = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """What each neighbouring pair of runs measured; `ours` and `theirs` belong together by place."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(one / other for one, other in zip(self.ours, self.theirs, strict=True))

    @property
    def middle(self) -> tuple[float, float]:
        """Both medians."""
        return median(self.ours), median(self.theirs)


def take_turns(ours: Run, theirs: Run, n: int) -> Pairs:
    """`n` pairs after one for warming up; each begins with the one that the last ended with."""
    pairs = []
    for turn in range(1 + n):
        wait_for_quiet()
        if turn % 2:
            second = theirs()
            pairs.append((ours(), second))
        else:
            pairs.append((ours(), theirs()))
    kept = pairs[1:]
    return Pairs(ours=tuple(p[0] for p in kept), theirs=tuple(p[1] for p in kept))


def rates(name: str, pairs: Pairs, least: float, note: str) -> Figure:
    """Our tokens a second ÷ theirs, promised to be at least `least`."""
    ours, theirs = pairs.middle
    return Figure(
        name=name,
        value=pairs.ratio,
        unit="ratio",
        target=f">= {least:.2f}",
        peer=f"{theirs:.1f} tokens/s",
        met=pairs.ratio >= least,
        note=f"ours {ours:.1f} tokens/s; {note}, n {len(pairs.ours)}",
    )
