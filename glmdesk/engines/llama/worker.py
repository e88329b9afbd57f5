"""The engine's child process: one thread generates, the other listens.

The main thread owns llama.cpp. The control thread reads the pipe all the time, so that a cancel, a price
or the end of the parent is served while the main thread is inside native code.
"""

import os
import queue
import threading
import traceback
from collections.abc import Iterator

from glmdesk.child import Pipe
from glmdesk.engines.base import ModelInfo
from glmdesk.engines.llama import protocol
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.generation import Generation
from glmdesk.engines.llama.model import Cancelled, LlamaModel, check_projector, start_library
from glmdesk.engines.llama.prompt import ChatTemplate
from glmdesk.engines.llama.reading import PromptReader
from glmdesk.engines.llama.vision import Vision
from glmdesk.errors import EngineError, GlmdeskError, ModelError
from glmdesk.library import gguf
from glmdesk.messages import Event
from glmdesk.sampling import Sampling

DEFAULT_MAX_PICTURE = 2048
"""Tokens of one picture where nothing else is said: the vision tower's memory grows with its square."""
DEFAULT_MIN_PICTURE = 8


def serve(pipe: Pipe) -> None:
    """Load what the first message names, then answer until the pipe closes."""
    spec: protocol.LoadSpec = pipe.receive()
    worker = _Worker(pipe)
    threading.Thread(target=worker.listen, name="control", daemon=True).start()
    try:
        worker.load(spec)
    except GlmdeskError as error:
        pipe.send(protocol.Fault(job=0, code=error.code, message=error.message))
    except Cancelled:
        pass
    else:
        worker.generate()


class _Worker:
    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._flag = CancelFlag()
        self._loaded = False
        self._jobs: queue.Queue[protocol.Generate | None] = queue.Queue()
        self._turn = threading.Lock()
        self._running = self._done = 0
        self._cancelled: set[int] = set()

    def load(self, spec: protocol.LoadSpec) -> None:
        """Raises ModelError or EngineError with the reason, Cancelled when told to close."""
        start_library()
        header = gguf.read(spec.model)
        gguf.check(header)
        self._model = LlamaModel(
            spec, self._flag, lambda done: self._pipe.send(protocol.Loading(progress=done))
        )
        vision, notice = self._load_vision(spec, header.architecture)
        vocabulary = self._model.vocabulary
        template = ChatTemplate(self._model.chat_template(), bos=vocabulary.bos, eos=vocabulary.eos)
        self._reader = PromptReader(template, vocabulary, vision)
        self._generation = Generation(self._model, self._reader, vision)
        info = ModelInfo(
            id=spec.id,
            name=spec.name,
            n_ctx=self._model.n_ctx,
            vision=vision is not None,
            thinking=template.has_thinking_switch(),
            image_min_tokens=(spec.image_min_tokens or DEFAULT_MIN_PICTURE) if vision else 0,
            image_max_tokens=(spec.image_max_tokens or DEFAULT_MAX_PICTURE) if vision else 0,
            sampling=spec.sampling or Sampling(),
            notice=" ".join(filter(None, (spec.notice, notice))),
        )
        details = {"architecture": header.architecture, "threads": self._model.threads}
        self._loaded = True
        self._pipe.send(protocol.Loaded(info=info, details=details))

    def _load_vision(self, spec: protocol.LoadSpec, architecture: str) -> tuple[Vision | None, str]:
        """A projector that does not fit costs the pictures, never the chat: the notice says so."""
        if spec.mmproj is None:
            return None, ""
        try:
            gguf.check(gguf.read(spec.mmproj))
            check_projector(spec.mmproj, architecture, mrope=self._model.rope_is_multimodal)
            return Vision(self._model, spec), ""
        except ModelError as error:
            return None, error.message

    def listen(self) -> None:
        """The control thread. When the parent is gone, so is this process."""
        try:
            while True:
                self._obey(self._pipe.receive())
        except EOFError:
            os._exit(0)
        except BaseException:  # noqa: BLE001 - without this thread nobody could stop the process
            traceback.print_exc()
            os._exit(1)

    def _obey(self, message: object) -> None:
        if isinstance(message, protocol.Generate):
            self._jobs.put(message)
        elif isinstance(message, protocol.Cancel):
            self._cancel(message.job)
        elif isinstance(message, protocol.PriceOf):
            self._price(message)
        elif isinstance(message, protocol.Close):
            self._close()

    def _cancel(self, job: int) -> None:
        with self._turn:
            if job > self._done:
                self._cancelled.add(job)
            if job and job == self._running:
                self._flag.set()

    def _close(self) -> None:
        """End the answer or the loading that is under way, then the process."""
        with self._turn:
            if self._running or not self._loaded:
                self._flag.set()
        self._jobs.put(None)

    def _price(self, message: protocol.PriceOf) -> None:
        try:
            per_message = self._reader.price(message.request)
            self._pipe.send(protocol.Priced(job=message.job, per_message=per_message))
        except GlmdeskError as error:
            self._fault(message.job, error)

    def generate(self) -> None:
        """The main thread: one answer after the other until Close."""
        while (message := self._jobs.get()) is not None:
            with self._turn:
                self._running = message.job
                if message.job in self._cancelled:
                    self._flag.set()
            try:
                for event in self._events(message):
                    self._pipe.send(protocol.Happened(job=message.job, event=event))
            except GlmdeskError as error:
                self._fault(message.job, error)
            finally:
                with self._turn:
                    self._running, self._done = 0, message.job
                    self._cancelled.discard(message.job)
                    self._flag.clear()
        self._model.close()

    def _events(self, message: protocol.Generate) -> Iterator[Event]:
        try:
            yield from self._generation.run(message.request)
        except Cancelled as error:
            raise EngineError("Stopped.") from error

    def _fault(self, job: int, error: GlmdeskError) -> None:
        self._pipe.send(protocol.Fault(job=job, code=error.code, message=error.message))
