"""Load a model as it fits, and when memory runs out all the same, a step smaller, until it loads."""

import logging
from collections.abc import Callable
from dataclasses import replace

from glmdesk.engines.base import Engine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.errors import EngineOutOfMemory
from glmdesk.library.fitting.fit import Plan

_log = logging.getLogger(__name__)

Start = Callable[[LoadSpec], Engine]
Smaller = Callable[[Plan, str], Plan | None]
"""The next plan after one that failed, with the reason; None when there is none."""


def load(spec: LoadSpec, plan: Plan | None, smaller: Smaller, start: Start) -> Engine:
    """`start` with what the plan says; its last change is told in the engine's notice.

    Raises what `start` raises, EngineOutOfMemory when nothing is left to try.
    """
    while True:
        try:
            return start(as_planned(spec, plan))
        except EngineOutOfMemory as error:
            _log.warning("%s: %s", spec.id, error.message)
            plan = smaller(plan, error.message) if plan else None
            if plan is None:
                raise


def as_planned(spec: LoadSpec, plan: Plan | None) -> LoadSpec:
    """`spec` with the plan's context and places; unchanged without one."""
    if plan is None:
        return spec
    without_gpu = ("none",) if plan.n_gpu_layers == 0 and not plan.mmproj_offload else spec.devices
    warning = "" if plan.fits else plan.sentence
    return replace(
        spec,
        n_ctx=plan.n_ctx,
        n_gpu_layers=plan.n_gpu_layers,
        n_cpu_moe=plan.n_cpu_moe,
        mmproj_offload=plan.mmproj_offload,
        devices=without_gpu,
        notice=" ".join(filter(None, (spec.notice, warning, plan.change))),
    )
