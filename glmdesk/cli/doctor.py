"""`glmdesk doctor`: what this installation stands on, what is wrong and what to do."""

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING

from glmdesk import settings

if TYPE_CHECKING:
    from glmdesk.checks.doctor import Finding


def add(doctor: argparse.ArgumentParser) -> None:
    doctor.description = "Versions, devices, folders, free space; what is wrong and what to do."
    doctor.add_argument("--json", action="store_true", help="print one JSON object")


def run(parsed: argparse.Namespace) -> int:
    """1 when something is wrong."""
    from glmdesk.checks import doctor
    from glmdesk.supply import Supply

    values = settings.read()
    supply = Supply.open(values)
    try:
        findings = list(doctor.examine(values, supply))
    finally:
        supply.close()
    if parsed.json:
        print(json.dumps([dataclasses.asdict(one) for one in findings], ensure_ascii=False))
    else:
        _print(findings)
    return 1 if any(one.wrong for one in findings) else 0


def _print(findings: "list[Finding]") -> None:
    width = max(len(one.name) for one in findings)
    for one in findings:
        mark = "✗" if one.wrong else "·"
        print(f"{mark} {one.name:<{width}}  {one.value}".rstrip())
        for line in filter(None, (one.wrong, one.advice)):
            print(f"  {'':<{width}}  {line}")
