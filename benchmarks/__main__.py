"""Run figures and print them: `python -m benchmarks [NAME…] [--json] [--n N] [--seed S] [--threads T]`."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from benchmarks import registry
from benchmarks.figure import SEED, Figure, Options
from benchmarks.stage import Stage

COLUMNS = "{:<40} {:>10} {:<12} {:<10} {:<6} {}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 when a target is missed."""
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(registry.NAMES)}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--n", type=int, default=0, help="repetitions, instead of the usual number")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=0, help="instead of one for each core")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(registry.NAMES):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    options = Options(n=chosen.n, seed=chosen.seed)
    if not chosen.json:
        print(COLUMNS.format("name", "value", "unit", "target", "met", "peer, note"))
    with Stage(chosen.threads) as stage:
        return _run(chosen.names or registry.NAMES, stage, options, as_json=chosen.json)


def _run(names: Sequence[str], stage: Stage, options: Options, *, as_json: bool) -> int:
    missed = False
    for name in names:
        for figure in registry.find(name)(stage, options):
            print(figure.as_json() if as_json else _row(figure), flush=True)
            missed |= figure.met is False
    return int(missed)


def _row(figure: Figure) -> str:
    value = "not measured" if figure.value is None else f"{figure.value:,.3g}"
    if figure.value is not None and abs(figure.value) >= 100:
        value = f"{figure.value:,.0f}"
    met = {True: "yes", False: "NO", None: "-"}[figure.met]
    aside = "; ".join(filter(None, (figure.peer and f"peer {figure.peer}", figure.note)))
    return COLUMNS.format(figure.name, value, figure.unit, figure.target, met, aside).rstrip()


if __name__ == "__main__":
    sys.exit(main())
