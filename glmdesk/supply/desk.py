"""The one object through which the command line, the page and the app reach models."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from glmdesk import paths
from glmdesk.engines.base import Engine
from glmdesk.engines.llama import devices
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.errors import GlmdeskError, ModelDamaged, ModelMissing, ModelUnsupported, UsageError
from glmdesk.library.cards import catalogue
from glmdesk.library.cards.card import Card, Variant
from glmdesk.library.elsewhere.foreign import Elsewhere
from glmdesk.library.elsewhere.places import find as find_places
from glmdesk.library.fitting.fit import Plan
from glmdesk.library.fitting.hardware import Gpu, Machine, read_machine
from glmdesk.library.fitting.ladder import ladder
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.hubs.kept import told_what_came
from glmdesk.library.hubs.references import Reference, parse_reference
from glmdesk.library.hubs.sources import Hub, Item, read_endpoints
from glmdesk.library.hubs.tokens import Tokens, system_vault
from glmdesk.library.local import importing
from glmdesk.library.local.installed import Installed, Library
from glmdesk.library.local.loaded import Loaded
from glmdesk.library.local.naming import is_path
from glmdesk.library.local.verdicts import Verdicts
from glmdesk.library.transfers import twin
from glmdesk.library.transfers.download import Download
from glmdesk.library.transfers.downloads import Downloads, Status
from glmdesk.library.transfers.progress import Progress
from glmdesk.settings import Settings
from glmdesk.sizes import size
from glmdesk.supply import headers, loading, presence, rows
from glmdesk.supply.choice import Choice, choose, choose_to_get
from glmdesk.supply.fetching import Report, fetch
from glmdesk.supply.fitting import Fit, Fitting, imagine
from glmdesk.supply.keeping import Keeping
from glmdesk.supply.loading import Start
from glmdesk.supply.rows import Coming, Details, Row


class Supply:
    """Models of one installation. Safe between threads."""

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str] | None = None,
        *,
        resume: bool = True,
    ) -> None:
        """`resume` the downloads that were running when glmdesk ended last. Raises SettingsError."""
        env = os.environ if environment is None else environment
        self.settings = settings
        places = find_places(env, Path.home())
        library = Library(
            paths.shipped("models"),
            settings.paths.models,
            Elsewhere(places),
            Verdicts(settings.paths.cache / "headers.json"),
        )
        self.library = library
        self._shipped = paths.shipped("models")
        self.tokens = Tokens(env, settings.paths.home / "hf_token", system_vault())
        self.hub = Hub(read_endpoints(env), self.tokens)
        self._fitting = Fitting(settings, self._probe, self._remote)
        self.downloads = Downloads(settings.paths.models, self.hub, resume=resume)
        self.keeping = Keeping(settings, library, self.hub, places)
        self._items: dict[str, Item] = {}
        self._loaded = Loaded(settings.paths.models)
        if resume:
            self.tidy()

    @classmethod
    def open(cls, settings: Settings) -> "Supply":
        """For a command line that opens no app. Raises SettingsError, StorageError."""
        paths.prepare(settings.paths)
        return cls(settings, resume=False)

    def _probe(self) -> tuple[Gpu, ...]:
        found = devices.probe(self.settings.paths.log)
        return tuple(
            Gpu(
                name=one.name, description=one.description, kind=one.kind,
                free=one.memory_free, total=one.memory_total,
            )
            for one in found
            if one.kind in ("gpu", "igpu")
        )  # fmt: skip

    def _remote(self, choice: Choice) -> Weights:
        return headers.read_weights(self.hub, self.item(choice))

    def cards(self) -> list[Card]:
        return catalogue.read(self._shipped)

    def catalogue_names(self) -> list[str]:
        return [card.id for card in self.cards() if not card.builtin]

    def choose(self, name: str) -> Choice:
        """What is here has its header read. Raises UsageError."""
        self.check_begun(name)
        choice = choose(name, self.cards(), self.library.models())
        here = choice.installed or (self.library.named(name) if choice.reference else None)
        if here is None:
            return choice
        here = self.library.judged(here)
        return Choice(id=here.id, name=here.name, card=here.card, installed=here)

    def here(self, name: str) -> Installed:
        """The model on this computer that a name means, or the file.

        Raises UsageError for a name that nothing has, ModelMissing for what is not here (yet).
        """
        self.check_begun(name)
        try:
            return self.library.find(name)
        except ModelMissing:
            if not is_path(name):
                choose(name, self.cards(), ())
            raise

    def begun(self, name: str) -> Status | None:
        """A model that is not complete, by its id or its repository. Raises UsageError."""
        reference = parse_reference(name)
        found = (
            status
            for status in self.downloads.list()
            if status.id == name.strip() or (reference and presence.is_of(status.item, reference))
        )
        return next((status for status in found if status.state != "finished"), None)

    def check_begun(self, name: str) -> None:
        """Raises UsageError for a name that only a model has that is not complete."""
        if begun := self._only_begun(name):
            came = f"{size(begun.progress.done)} of {size(begun.progress.total)}"
            raise UsageError(
                f"{begun.id} is not complete yet: {came} came, and is kept. Go on with "
                f"glmdesk models pull {begun.id}."
            )

    def _only_begun(self, name: str) -> Status | None:
        begun = self.downloads.find(name.strip())
        if begun is None or begun.state == "finished":
            return None
        named = {card.id for card in self.cards()} | {model.id for model in self.library.models()}
        return None if begun.id in named else begun

    def item(self, choice: Choice) -> Item:
        """The files of a choice at its hub. Raises DownloadError."""
        target = choice.variant or choice.reference
        assert target is not None
        key = repr(target)
        if key not in self._items:
            with told_what_came(lambda: self._came_of(target)):
                self._items[key] = self._resolved(target, choice.card)
        return self._items[key]

    def _resolved(self, target: Reference | Variant, card: Card | None) -> Item:
        if card:
            return self.hub.resolve(target, id=card.id, name=card.name)
        return self.hub.resolve(target)

    def _came_of(self, target: Reference | Variant) -> tuple[int, int]:
        """(bytes that an earlier download left here, of how many)"""
        homes = {target.repository, getattr(target, "modelscope", "")}
        found = [one.progress for one in self.downloads.list() if one.item.repository in homes]
        return sum(one.done for one in found), sum(one.total for one in found)

    # what there is, and whether it runs

    def warm(self) -> None:
        """Ask for the devices in the background, for whoever needs them soon."""
        self._fitting.warm()

    def machine(self) -> Machine:
        """Raises EngineError when llama.cpp cannot be asked for its devices."""
        return self._fitting.machine()

    def machine_line(self) -> str:
        """ "2 cores, 25.3 GB memory, no GPU, 102 GB free on the disk"."""
        try:
            machine = self.machine()
        except GlmdeskError as error:
            return error.message
        cores = f"{machine.cores} core{'s' if machine.cores != 1 else ''}"
        gpus = [f"{gpu.description or gpu.name} with {size(gpu.total)}" for gpu in machine.gpus]
        return ", ".join((
            cores,
            f"{size(machine.memory_total)} memory ({size(machine.memory_free)} free)",
            *(gpus or ["no GPU"]),
            f"{size(machine.disk_free)} free on the disk",
        ))  # fmt: skip

    def machine_like(self, *, memory: int | None, gpu: int | None, unified: bool) -> Machine:
        """This machine at rest, with what a person wants to imagine of it."""
        if gpu is not None or unified:
            this = _without_gpus(self.settings)
        else:
            this = self.machine()
        return imagine(this.at_rest(), memory, gpu, unified=unified)

    def rows(self) -> list[Row]:
        """Every model, with its verdict for this machine as far as it is known without the network."""
        here, cards = self.library.models(), self.cards()
        coming = {
            status.id: Coming(
                name=status.item.name, quant=status.item.quant, progress=_with_reason(status)
            )
            for status in self.downloads.list()
            if status.progress.state != "finished"
        }
        return rows.rows(here, cards, coming, self._plans(here, cards))

    def _plans(self, here: Sequence[Installed], cards: Sequence[Card]) -> dict[str, Plan]:
        """By id; nothing where llama.cpp cannot be asked for its devices. What was not read yet, as other
        programs' models, of which there may be hundreds, is judged in a later list."""
        try:
            machine = self.machine().at_rest()
        except GlmdeskError:
            return {}
        listed = [(model, _choice_of(model)) for model in here if not model.problem]
        choices = [one for model, one in listed if model.builtin or self._fitting.is_known(one)]
        choices += [
            Choice(id=card.id, name=card.name, card=card, variant=card.variant())
            for card in cards
            if card.variant() and card.id not in {choice.id for choice in choices}
        ]
        found = {choice.id: self._fitting.plan(choice, machine) for choice in choices}
        return {id: plan for id, plan in found.items() if plan}

    def show(self, name: str) -> Details:
        """Of one file, where the name says which. Raises UsageError, and DownloadError for what only a hub
        knows."""
        choice = self.choose(name)
        machine = self.machine().at_rest()
        if choice.reference:
            item = self.item(choice)
            plan = self._plan_of_hub(choice, machine)
            return Details(id=item.id, name=item.name, lines=tuple(rows.hub_lines(item, plan)))
        card = presence.with_size(choice.card, name)
        plans = {}
        for variant in card.variants if card else ():
            one = Choice(id=choice.id, name=choice.name, card=card, variant=variant)
            if plan := self._fitting.plan(one, machine):
                plans[variant.id] = plan
        sound = choice.installed and not choice.installed.problem
        if sound and (plan := self._fitting.plan(choice, machine)):
            plans[choice.id] = plan
        lines = rows.details(card, choice.installed, plans)
        return Details(id=choice.id, name=choice.name, lines=tuple(lines))

    def _plan_of_hub(self, choice: Choice, machine: Machine) -> Plan | None:
        """None where the header cannot be read."""
        try:
            return self._fitting.plan(choice, machine, ask=True)
        except GlmdeskError:
            return None

    def fit(
        self, name: str, *, n_ctx: int = 0, machine: Machine | None = None, ask: bool = False
    ) -> Fit:
        """`ask` the hub for a header that is not here; when it cannot be asked, the card is used.

        Raises UsageError, ModelDamaged for what is here and cannot be loaded, and DownloadError where there is
        no card.
        """
        choice = self.choose(name)
        if choice.installed and choice.installed.problem:
            raise ModelDamaged(f"{choice.name} cannot be loaded: {choice.installed.problem}")
        machine = machine or self.machine().at_rest()
        reason = ""
        if choice.reference or (ask and not choice.installed):
            plan, reason = self._fitting.plan_asked(choice, machine, n_ctx)
        else:
            plan = self._fitting.plan(choice, machine, n_ctx)
        if plan is None:
            raise _unknown(choice)
        return Fit(
            id=choice.id, name=choice.name, variant=choice.label, size=self._size(choice), plan=plan,
            exact=plan.exact, reason=reason,
        )  # fmt: skip

    def _size(self, choice: Choice) -> int:
        return self.item(choice).total if choice.reference else choice.size

    # loading

    def plan_of(self, model: Installed) -> Plan | None:
        """How to load a model as the machine is now; None where nothing can be said."""
        try:
            return self._fitting.plan_now(_choice_of(model))
        except GlmdeskError:
            return None

    def load(self, model: Installed, spec: LoadSpec, start: Start) -> Engine:
        """As it fits here, and smaller when memory runs out. Raises ModelError or EngineError."""
        wishes = self._fitting.wishes(model.card)

        def smaller(plan: Plan, failure: str) -> Plan | None:
            return ladder(plan, wishes, failure)

        self._loaded.hold(model.model)
        try:
            return loading.load(spec, self.plan_of(model), smaller, start)
        except BaseException:
            self._loaded.release()
            raise

    def is_loaded_elsewhere(self, id: str) -> bool:
        """Whether another process of this computer has the model loaded."""
        model = self.library.named(id)
        return model is not None and self._loaded.is_elsewhere(model.model)

    # getting and keeping

    def pull(self, name: str) -> Status:
        """Queue a download. Raises UsageError, DownloadError."""
        return self.downloads.start(self._wanted(name))

    def pull_now(self, name: str, report: Report) -> Path:
        """Download it and wait; gives the model's file. What is here is not fetched again.

        Raises UsageError, DownloadError, and ModelDamaged for what cannot be loaded.
        """
        if there := self._present(name):
            return presence.sound(there).model
        item = self._wanted(name)
        models = self.settings.paths.models
        if same := twin.find(models, item):
            return presence.sound(self.library.find(same.id)).model
        fetch(Download(item, models, self.hub), self.downloads, report)
        return presence.as_published(self.library.find(item.id), item).model

    def _present(self, name: str) -> Installed | None:
        """What is here of a model that is wanted by the name of a model."""
        if self._only_begun(name):
            return None
        found = choose_to_get(name, self.cards(), self.library.models()).installed
        return self.library.judged(found) if found else None

    def _wanted(self, name: str) -> Item:
        if begun := self._only_begun(name):
            return presence.again(self.hub, begun)
        choice = choose_to_get(name, self.cards(), self.library.models())
        if choice.installed:
            raise presence.here_already(choice.installed)
        item = self.item(choice)
        if choice.variant and presence.is_taken(item, self.library, self.downloads):
            label = choice.label
            item = replace(item, id=f"{item.id}-{label.lower()}", name=f"{item.name} {label}")
        presence.check_free(self.settings.paths.models, item)
        return item

    def tidy(self) -> str:
        """Remove what an import left that was killed; says so in a sentence, or "" where nothing was."""
        left = importing.left(self.settings.paths.models)
        try:
            gone = left > 0 and importing.clear(self.settings.paths.models)
        except GlmdeskError as error:
            return error.message
        return f"What an interrupted import had left ({size(left)}) was removed." if gone else ""

    def close(self) -> None:
        """Downloads stop; what came is kept."""
        self._loaded.release()
        self.downloads.close()
        self.library.close()


def _with_reason(status: Status) -> Progress:
    """With the sentence of the error that stopped it."""
    return replace(status.progress, note=status.progress.note or status.message)


def _unknown(choice: Choice) -> ModelUnsupported:
    return ModelUnsupported(
        f"Nothing is known of the size of {choice.name}, so nothing can be said of whether it fits."
    )


def _without_gpus(settings: Settings) -> Machine:
    """This machine without asking llama.cpp."""
    return read_machine((), settings.paths.models)


def _choice_of(model: Installed) -> Choice:
    return Choice(id=model.id, name=model.name, card=model.card, installed=model)
