"""The application: built once from Settings, handed to every front end, closed at the end."""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from glmdesk import log, paths
from glmdesk.chat.content import Contents
from glmdesk.chat.finding import Finder
from glmdesk.chat.jobs import Job, Jobs
from glmdesk.chat.papers import Known, Papers
from glmdesk.chat.prices import Prices
from glmdesk.chat.prompt import Options, TurnTools, prepare, prepare_one
from glmdesk.chat.titles import title_of
from glmdesk.chat.turn import run
from glmdesk.documents.reader import Reader
from glmdesk.engines.base import Engine, ModelInfo
from glmdesk.engines.llama import saved
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec, StateSpec
from glmdesk.engines.pool import Load, Pool, Progress
from glmdesk.errors import EngineError, GlmdeskError, StorageError
from glmdesk.library.cards.catalogue import Card
from glmdesk.library.local.installed import Installed
from glmdesk.messages import Attachment, Choice, Event, Finished
from glmdesk.sampling import Sampling
from glmdesk.secret import derive, read_or_create
from glmdesk.settings import Settings
from glmdesk.store.conversations import Conversation, Conversations, Question
from glmdesk.store.database import Database
from glmdesk.store.files import Files
from glmdesk.store.index import Index
from glmdesk.supply import Supply

STALE_S = 5.0
"""How long what a card says of a model that is not loaded is not asked for again."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What stands in a composer: words, files with the names their sender gave them, and what was
    taken in before, with the pages that were chosen."""

    text: str
    files: tuple[tuple[Path, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    choice: Choice = field(default_factory=Choice)
    """How those of `files` that are documents are sent."""


class App:
    """Owns the store, the library, the workers and the queue of answers."""

    def __init__(self, settings: Settings, load: Load | None = None) -> None:
        """Open everything; no model is loaded yet. Raises StorageError, SettingsError.

        `load` replaces the loading of engines, for tests.
        """
        self.settings = settings
        self.paths = settings.paths
        paths.prepare(self.paths)
        log.start(self.paths.log, settings.log_level)
        self.supply = Supply(settings, resume=False)
        self.library = self.supply.library
        self._database = Database(self.paths.database)
        self.conversations = Conversations(self._database)
        self.files = Files(self.paths.files, self._database)
        self.reader = Reader(self.paths)
        self._contents = Contents(self.reader)
        self._prices = Prices()
        self._finder = Finder(Index(self._database))
        self.papers = Papers(
            self.files, self.reader, self._prices, self._known, self._finder.forget
        )
        self.pool = Pool(load or self._load)
        self.wanted = ""
        """The model that a person chose last."""
        self._told: dict[str, tuple[Known | None, float]] = {}
        self.jobs = Jobs(self.conversations)

    def recover(self) -> None:
        """Put right what an earlier run left behind; only when no other one is running."""
        self.conversations.recover()
        self.files.sweep()
        kept = self.conversations.ids() if self.settings.state_cache_gb else ()
        saved.keep_only(self.paths.state, kept)
        self._clear_uploads()
        self.supply.downloads.recover()

    def default_model(self) -> str:
        """The model a person set, else the best one that is here; pico only when there is no other."""
        wanted = self.settings.model
        try:
            return self.library.find(wanted).id
        except GlmdeskError:
            return self.library.find().id

    def models(self) -> list[Installed]:
        """Every model that can be chosen: those in the models folder, and the one that was set."""
        models = self.library.models()
        default = self.library.find(self.default_model())
        return models if default in models else [default, *models]

    def warm(self, model: str = "") -> None:
        """Load the model and start a reader in the background, so that the first answer is quick.

        An answer under way is finished first.
        """
        self.wanted = model
        threading.Thread(target=self._warm, args=(model,), name="warm", daemon=True).start()

    def _warm(self, model: str) -> None:
        try:
            self.reader.warm()
            self.pool.engine(model or self.default_model(), wanted=lambda: self.wanted == model)
        except GlmdeskError:
            pass  # the pool's status tells the page; the next question says it in words

    def _load(self, model: str, progress: Progress) -> Engine:
        found = self.library.find(model)
        spec = replace(load_spec(found, self.settings), state=self._states())
        return self.supply.load(found, spec, lambda as_fits: self._start(as_fits, progress))

    def _start(self, spec: LoadSpec, progress: Progress) -> Engine:
        return LlamaEngine(spec, self.paths.log, progress)

    def _states(self) -> StateSpec | None:
        """Where what was read of each chat is saved; None where that is switched off."""
        if not self.settings.state_cache_gb:
            return None
        key = derive(read_or_create(self.paths.secret), "engine state")
        limit = self.settings.state_cache_gb * 1024**3
        return StateSpec(folder=self.paths.state, key=key, limit=limit)

    def _as_set(self, options: Options) -> Options:
        """`options`, and where they leave something open, what the settings say."""
        settings = self.settings
        return replace(
            options,
            thinking_budget=options.thinking_budget or settings.thinking_budget,
            keep_thinking=options.keep_thinking or settings.keep_thinking,
            stock_history=options.stock_history or settings.stock_history,
            prompt_lookup=options.prompt_lookup and settings.prompt_lookup,
        )

    def ask(self, owner: str, conversation: str, draft: Draft, options: Options, model: str) -> Job:
        """Store the question, then let a job answer it; without a conversation a new one is begun.

        Everything is checked before anything is stored; once this returns, the question is on disk.
        Raises DocumentError, StorageError.
        """
        if not draft.text.strip() and not draft.files and not draft.attachments:
            raise StorageError("There is nothing to send yet: write something or attach a file.")
        if conversation and self.jobs.find(owner, conversation):
            raise StorageError("This chat is still answering. Wait for the end, or stop it first.")
        for one in draft.attachments:
            self.files.find(owner, one.sha256)
        taken = (self.papers.take(owner, path, name) for path, name in draft.files)
        attachments = (*draft.attachments, *(replace(one, choice=draft.choice) for one in taken))
        conversation = conversation or self.conversations.create(owner, options.think).id
        question = Question(text=draft.text, attachments=attachments, detail=options.detail)
        asked, answer = self.conversations.ask(owner, conversation, question, model, options.think)
        self.conversations.set_think(owner, conversation, options.think)
        if asked.seq == 1:
            names = [attachment.name for attachment in attachments]
            self.conversations.rename(owner, conversation, title_of(draft.text, names))
        job = Job(
            conversation,
            owner,
            answer.id,
            lambda stop: self._answer(job, model, self._as_set(options), stop),
        )
        job.change(think=options.think)
        self.jobs.start(job)
        return job

    def _answer(
        self, job: Job, model: str, options: Options, stop: threading.Event
    ) -> Iterator[Event]:
        try:
            with self.pool.use(model, wanted=lambda: not stop.is_set()) as engine:
                yield from self._turn(engine, job, options, stop)
        except EngineError:
            if not stop.is_set():
                raise
            yield Finished(reason="cancelled", think=options.think)

    def _turn(
        self, engine: Engine, job: Job, options: Options, stop: threading.Event
    ) -> Iterator[Event]:
        owner, conversation = job.owner, job.conversation
        start = self.conversations.get(owner, conversation).context_start
        entries = self.conversations.entries(owner, conversation)
        tools = TurnTools(
            contents=self._contents,
            prices=self._prices,
            search=self._finder,
            find_file=lambda sha256: self.files.find(owner, sha256),
            remember_start=lambda seq: self.conversations.set_context_start(
                owner, conversation, seq
            ),
            remember_limits=lambda seq, sent: self.conversations.set_picture_limits(
                owner, conversation, seq, sent
            ),
            remember_sent=lambda seq, sent: self.conversations.set_sent(
                owner, conversation, seq, sent
            ),
        )
        kept = [entry for entry in entries if entry.seq >= start]
        cite = not self._cites(engine.info.id)
        options = replace(options, conversation=conversation, cite=cite)
        prepared = prepare(kept, engine, tools, options)
        yield from run(engine, prepared, tools, options, stop, job.hurrying)

    def answer_once(
        self, draft: Draft, options: Options, model: str, stop: threading.Event
    ) -> Iterator[Event]:
        """One turn that is not stored, for the terminal. Raises GlmdeskError."""
        engine = self.pool.engine(self.library.find(model).id if model else self.default_model())
        files = [(path, self._describe(path, name)) for path, name in draft.files]
        by_hash = {one.sha256: (path, one) for path, one in files}
        tools = TurnTools(
            contents=self._contents,
            prices=self._prices,
            search=Finder(Index(self._database)),
            find_file=by_hash.__getitem__,
        )
        options = replace(self._as_set(options), cite=not self._cites(engine.info.id))
        attachments = [replace(one, choice=draft.choice) for _, one in files]
        prepared = prepare_one(draft.text, attachments, engine, tools, options)
        yield from run(engine, prepared, tools, options, stop)

    def _cites(self, model: str) -> bool:
        """Whether it names pages by itself."""
        try:
            card = self.library.find(model).card
        except GlmdeskError:
            return False
        return bool(card and card.cites)

    def _describe(self, path: Path, name: str) -> Attachment:
        found = self.reader.inspect(path, name)
        return Attachment(
            sha256=_sha256(path),
            name=name,
            kind=found.kind,
            media_type=found.media_type,
            size=path.stat().st_size,
            note=found.note,
            pages=found.pages,
        )

    def delete(self, owner: str, conversation: str) -> None:
        """Remove a chat and the files that only it used."""
        if job := self.jobs.find(owner, conversation):
            job.stop()
        self.files.remove_unused(self.conversations.delete(owner, conversation))
        if engine := self.pool.live():
            engine.forget(conversation)
        saved.forget(self.paths.state, conversation)

    def list(self, owner: str) -> Sequence[Conversation]:
        """The owner's chats, the newest first; those without a message are not shown."""
        return [chat for chat in self.conversations.list(owner) if chat.model]

    def sampling(self, model: str = "") -> Sampling:
        """What the makers of `model` recommend. Raises ModelMissing."""
        card = self.library.find(model or self.default_model()).card
        return card.sampling if card else Sampling()

    def info(self, model: str) -> ModelInfo | None:
        """What the live engine says of `model`; None until it is loaded."""
        engine = self.pool.live()
        return engine.info if engine and self.pool.status.model == model else None

    def _known(self, model: str) -> Known | None:
        """What can be said of `model` now: by the live engine, else by its card."""
        engine = self.pool.live()
        if engine and self.pool.status.model == model:
            return Known(info=engine.info, engine=engine)
        told, at = self._told.get(model, (None, -STALE_S))
        if time.monotonic() - at > STALE_S:
            told, at = self._by_card(model), time.monotonic()
            self._told = {model: (told, at)}
        return told

    def _by_card(self, model: str) -> Known | None:
        try:
            spec = load_spec(self.library.find(model), self.settings)
        except GlmdeskError:
            return None
        info = ModelInfo(
            id=spec.id,
            name=spec.name,
            n_ctx=spec.n_ctx,
            vision=spec.mmproj is not None,
            image_min_tokens=spec.image_min_tokens,
            image_max_tokens=spec.image_max_tokens,
            image_ceiling_tokens=spec.image_ceiling_tokens,
        )
        return Known(info=info)

    def close(self) -> None:
        """Stop the answers and the workers; what was said is saved first."""
        self.pool.stop_loading()
        self.jobs.close()
        self.pool.close()
        self.reader.close()
        self.supply.close()
        self._database.close()
        self._clear_uploads()

    def _clear_uploads(self) -> None:
        """What was attached is kept in `files` once it is sent; the page's own copies may go."""
        shutil.rmtree(self.paths.uploads, ignore_errors=True)
        self.paths.uploads.mkdir(parents=True, exist_ok=True)


def load_spec(model: Installed, settings: Settings) -> LoadSpec:
    """How to load `model`: what the settings say, and where they say nothing, its card."""
    card = model.card or Card(id=model.id, name=model.name)
    return LoadSpec(
        id=model.id,
        name=model.name,
        model=model.model,
        mmproj=model.mmproj,
        n_ctx=settings.n_ctx or card.n_ctx,
        n_threads=settings.n_threads or card.n_threads,
        n_gpu_layers=settings.n_gpu_layers,
        image_min_tokens=card.image_min_tokens,
        image_max_tokens=card.image_max_tokens,
        image_ceiling_tokens=card.image_ceiling_tokens,
        exact=card.exact,
        sampling=card.sampling,
        notice=" ".join(filter(None, (card.notice, model.notice))),
        max_tokens=card.max_tokens,
        n_slots=settings.n_slots or card.n_slots or 4,
        devices=settings.devices,
        tensor_split=settings.tensor_split,
        n_cpu_moe=settings.n_cpu_moe or card.n_cpu_moe,
        mmproj_offload=settings.mmproj_offload,
        cache_type_k=settings.cache_type_k or card.cache_type_k,
        cache_type_v=settings.cache_type_v or card.cache_type_v,
        flash_attn=card.flash_attn if settings.flash_attn == "auto" else settings.flash_attn,
        load_mode=settings.load_mode,
        mtp=settings.mtp or card.mtp,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
