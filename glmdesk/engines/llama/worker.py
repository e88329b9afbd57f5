"""The engine's child process: what is asked goes to the threads that do it, what is said goes back.

The main thread runs the scheduler and owns llama.cpp's context. The control thread reads the pipe all
the time, so that a cancel or the end of the parent is served while the main thread is inside native
code. Prompts are made on a third thread, pictures are encoded on a fourth, states are saved on a fifth.
"""

import gc
import os
import threading
import traceback
from collections.abc import Sequence

from glmdesk.child import Pipe
from glmdesk.engines.llama import protocol
from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.encoder import Encoder
from glmdesk.engines.llama.loading import Loaded, load
from glmdesk.engines.llama.preparing import Preparer, PreparingThread
from glmdesk.engines.llama.saver import Saver
from glmdesk.engines.llama.scheduler import Scheduler
from glmdesk.engines.llama.weights import LoadCancelled
from glmdesk.errors import GlmdeskError
from glmdesk.messages import Event, Finished


def serve(pipe: Pipe) -> None:
    """Load what the first message names, then answer until the pipe closes."""
    spec: protocol.LoadSpec = pipe.receive()
    worker = _Worker(pipe)
    threading.Thread(target=worker.listen, name="control", daemon=True).start()
    try:
        loaded = load(spec, worker.flag, worker.tell_progress)
    except GlmdeskError as error:
        pipe.send(protocol.Fault(job=0, code=error.code, message=error.message))
    except LoadCancelled:
        pass
    else:
        worker.run(loaded)


class _Worker:
    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.flag = CancelFlag()
        self._scheduler: Scheduler | None = None
        self._lock = threading.Lock()
        self._answers: dict[int, Answering | None] = {}
        """None: its prompt is still being made."""
        self._prices: set[int] = set()
        self._hurried: set[int] = set()
        self._closing = False
        self._prompts = PreparingThread(self._fault)

    def tell_progress(self, done: float) -> None:
        self._pipe.send(protocol.Loading(progress=done))

    def run(self, loaded: Loaded) -> None:
        """The main thread, until Close."""
        model = loaded.model
        saver = Saver(loaded.states)
        encoder = Encoder(loaded.vision, self._wake) if loaded.vision else None
        self._preparer = Preparer(model, loaded.reader, saver)
        scheduler = Scheduler(model, encoder, saver, self._said, self._fault)
        with self._lock:
            self._scheduler = scheduler
            closing = self._closing
        gc.collect()
        gc.freeze()  # what was loaded stays: it is not searched again and again while answers are written
        if not closing:
            self._pipe.send(protocol.Loaded(info=loaded.info, details=loaded.details))
            scheduler.run()
        saver.close()
        if encoder:
            encoder.close()
        model.close()

    def _wake(self) -> None:
        if self._scheduler:
            self._scheduler.wake()

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
            self._generate(message)
        elif isinstance(message, protocol.Cancel):
            self._cancel(message.job)
        elif isinstance(message, protocol.AnswerNow):
            self._hurry(message.job)
        elif isinstance(message, protocol.PriceOf):
            self._prices.add(message.job)
            self._prompts.put(message.job, lambda: self._price(message))
        elif isinstance(message, protocol.CountOf):
            self._prices.add(message.job)
            self._prompts.put(message.job, lambda: self._count(message))
        elif isinstance(message, protocol.Forget):
            self._forget(message.conversation)
        elif isinstance(message, protocol.Close):
            self._close()

    def _generate(self, message: protocol.Generate) -> None:
        with self._lock:
            self._answers[message.job] = None
        self._prompts.put(message.job, lambda: self._prepare(message))

    def _prepare(self, message: protocol.Generate) -> None:
        scheduler = self._scheduler
        assert scheduler is not None
        if message.job not in self._answers:
            return  # stopped while it waited to be prepared
        held = scheduler.seating.holds(message.request.conversation)
        answer = self._preparer.answer(message, held=held)
        with self._lock:
            wanted = message.job in self._answers
            if wanted:
                self._answers[message.job] = answer
                answer.course.answer_now = message.job in self._hurried
        if wanted:
            scheduler.order(lambda: scheduler.add(answer))
        else:
            answer.close()

    def _price(self, message: protocol.PriceOf) -> None:
        per_message = self._preparer.price(message.request)
        self._prices.discard(message.job)
        self._pipe.send(protocol.Priced(job=message.job, per_message=per_message))

    def _count(self, message: protocol.CountOf) -> None:
        tokens = self._preparer.count(message.texts)
        self._prices.discard(message.job)
        self._pipe.send(protocol.Counted(job=message.job, tokens=tokens))

    def _cancel(self, job: int) -> None:
        with self._lock:
            if job not in self._answers:
                return
            answer = self._answers[job]
        if answer and self._scheduler:
            self._scheduler.cancel(answer)
        elif self._done(job):  # its prompt is still being made, which may take long
            self._pipe.send(protocol.Happened(job=job, events=(Finished(reason="cancelled"),)))

    def _hurry(self, job: int) -> None:
        with self._lock:
            if job in self._answers:
                self._hurried.add(job)
                if answer := self._answers[job]:
                    answer.course.answer_now = True

    def _forget(self, conversation: str) -> None:
        if scheduler := self._scheduler:
            scheduler.order(lambda: scheduler.forget(conversation))

    def _close(self) -> None:
        """End the answers or the loading that is under way, then the process."""
        with self._lock:
            self._closing = True
            if self._scheduler is None:
                self.flag.set()
        if self._scheduler:
            self._scheduler.close()

    def _said(self, job: int, events: Sequence[Event]) -> None:
        if any(isinstance(event, Finished) for event in events):
            self._done(job)
        self._pipe.send(protocol.Happened(job=job, events=tuple(events)))

    def _fault(self, job: int, error: GlmdeskError) -> None:
        if not self._done(job) and job not in self._prices:
            return  # it was stopped meanwhile
        self._prices.discard(job)
        self._pipe.send(protocol.Fault(job=job, code=error.code, message=error.message))

    def _done(self, job: int) -> bool:
        """Forget a job. Whether it was known."""
        with self._lock:
            self._hurried.discard(job)
            known = job in self._answers
            self._answers.pop(job, None)
            return known
