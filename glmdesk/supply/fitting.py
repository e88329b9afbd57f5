"""Whether a model runs on this machine: its weights from the best source at hand, this machine, a plan."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from glmdesk.errors import GlmdeskError
from glmdesk.library.cards.card import Card
from glmdesk.library.fitting import fit
from glmdesk.library.fitting.fit import Plan, Wishes
from glmdesk.library.fitting.hardware import Gpu, Machine, read_machine
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.gguf import header
from glmdesk.library.local.installed import Installed
from glmdesk.library.local.verdicts import weigh
from glmdesk.settings import Settings
from glmdesk.supply.choice import Choice
from glmdesk.supply.probing import Probe, Probing

Remote = Callable[[Choice], Weights]
"""Reads the headers of files that are not here. Raises GlmdeskError."""
_MAX_PLANS = 500


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A verdict on one file of one model."""

    id: str
    name: str
    variant: str
    size: int
    plan: Plan
    exact: bool
    reason: str = ""
    """Why it is only an estimate, where the hub was asked and could not tell."""

    @property
    def tone(self) -> str:
        return self.plan.kind


class Fitting:
    """Plans for this machine. Safe between threads."""

    def __init__(self, settings: Settings, probe: Probe, remote: Remote) -> None:
        self._settings = settings
        self._probing = Probing(probe)
        self._remote = remote
        self._known: dict[object, Weights] = {}
        self._plans: OrderedDict[object, Plan] = OrderedDict()
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Look for the GPUs in the background; whoever needs them next waits for that answer."""
        self._probing.warm()

    def machine(self, *, now: bool = False) -> Machine:
        """As it is; what is free on the GPUs may be old, unless it is asked for `now`.

        Raises EngineError when llama.cpp cannot be asked for its devices.
        """
        gpus = self._chosen(self._probing.gpus(now=now))
        return read_machine(gpus, self._settings.paths.models)

    def _chosen(self, gpus: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
        """Those that the settings let the engine use."""
        wanted = self._settings.devices
        return tuple(gpu for gpu in gpus if not wanted or gpu.name in wanted)

    def plan(
        self, choice: Choice, machine: Machine, n_ctx: int = 0, *, ask: bool = False
    ) -> Plan | None:
        """None where nothing is known of the model. `ask` the hub for the header of what is not here.

        Raises GlmdeskError when the hub cannot be asked.
        """
        weights = self._weights(choice, ask=ask)
        return self._plan(weights, machine, self.wishes(choice.card, n_ctx)) if weights else None

    def plan_asked(
        self, choice: Choice, machine: Machine, n_ctx: int = 0
    ) -> tuple[Plan | None, str]:
        """From the header at the hub; where that cannot be had, from the card, and why.

        Raises GlmdeskError where there is no card.
        """
        try:
            return self.plan(choice, machine, n_ctx, ask=True), ""
        except GlmdeskError as error:
            if choice.card is None:
                raise
            return self.plan(choice, machine, n_ctx), error.message

    def plan_now(self, choice: Choice) -> Plan | None:
        """For this machine as it is, to load it: devices and headers are read at the same time.

        Raises EngineError.
        """
        if not self.is_known(choice):
            self.warm()
            self._weights(choice, ask=False)
        return self.plan(choice, self.machine(now=True))

    def _plan(self, weights: Weights, machine: Machine, wishes: Wishes) -> Plan:
        """A list asks for the same plans again and again; the room on the disk is nothing to them."""
        machine = replace(machine, disk_free=0)
        key = (weights, machine, wishes)
        with self._lock:
            known = self._plans.get(key)
        if known is None:
            known = fit.plan(weights, machine, wishes)
            with self._lock:
                self._plans[key] = known
                while len(self._plans) > _MAX_PLANS:
                    self._plans.popitem(last=False)
        return known

    def wishes(self, card: Card | None, n_ctx: int = 0) -> Wishes:
        """What the settings say, and where they say nothing, the card."""
        settings, card = self._settings, card or Card(id="", name="")
        return Wishes(
            n_ctx=n_ctx or settings.n_ctx,
            preferred_ctx=card.n_ctx,
            n_gpu_layers=settings.n_gpu_layers if settings.n_gpu_layers >= 0 else None,
            n_cpu_moe=settings.n_cpu_moe or card.n_cpu_moe or None,
            mmproj_offload=None if settings.mmproj_offload else False,
            cache_type_k=settings.cache_type_k or card.cache_type_k,
            cache_type_v=settings.cache_type_v or card.cache_type_v,
            flash_attn=card.flash_attn if settings.flash_attn == "auto" else settings.flash_attn,
            exact=card.exact,
            n_slots=settings.n_slots or card.n_slots or 4,
            picture_tokens=max(card.image_max_tokens, card.image_ceiling_tokens),
            tensor_split=settings.tensor_split,
            mtp=settings.mtp or card.mtp,
        )

    def is_known(self, choice: Choice) -> bool:
        """Whether a plan costs no reading of a header, which takes half a second."""
        here = choice.installed
        return here is None or here.weights is not None or _key(choice) in self._known

    def _weights(self, choice: Choice, *, ask: bool) -> Weights | None:
        if choice.installed and choice.installed.weights:
            return choice.installed.weights
        key = _key(choice)
        if key not in self._known:
            found = self._find(choice, ask=ask)
            if found is None or not found.exact:
                return found
            self._known[key] = found
        return self._known[key]

    def _find(self, choice: Choice, *, ask: bool) -> Weights | None:
        if choice.installed:
            return _of_files(choice.installed)
        if ask:
            return self._remote(choice)
        if choice.card and choice.variant:
            return Weights.from_card(choice.card, choice.variant)
        return None


def _key(choice: Choice) -> object:
    if choice.installed:
        return tuple(
            (path, path.stat().st_size) for path in choice.installed.files if path.exists()
        )
    return choice.variant or choice.reference


def _of_files(model: Installed) -> Weights | None:
    """None for files whose headers cannot be read."""
    try:
        return weigh(header.read(model.model), model.mmproj)
    except (GlmdeskError, OSError, ValueError):
        return None


def imagine(machine: Machine, memory: int | None, gpu: int | None, *, unified: bool) -> Machine:
    """A machine as a person describes it, in bytes; None keeps what this one has."""
    total = machine.memory_total if memory is None else memory
    free = machine.memory_free if memory is None else memory
    if unified:
        share = total * 3 // 4
        one = (Gpu(name="GPU", kind="gpu", free=share, total=share),)
        return replace(
            machine, memory_total=total, memory_free=free, gpus=one, unified=True, working_set=share
        )
    gpus = machine.gpus
    if gpu is not None:
        gpus = (Gpu(name="GPU", free=gpu, total=gpu),) if gpu else ()
    return replace(machine, memory_total=total, memory_free=free, gpus=gpus)
