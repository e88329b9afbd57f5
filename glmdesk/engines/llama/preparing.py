"""Prompts are made on a thread of their own: rendering and tokenising stop neither chats nor cancels."""

import queue
import threading
from collections import deque
from collections.abc import Callable

from glmdesk.engines.base import Request
from glmdesk.engines.llama import protocol
from glmdesk.engines.llama.answering import Answering, Limits
from glmdesk.engines.llama.context import MAX_OUTPUTS
from glmdesk.engines.llama.grammar import Constraint, read_constraint
from glmdesk.engines.llama.lookup import Lookup
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.prefix import count_cells
from glmdesk.engines.llama.reading import Prompt, PromptReader
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.engines.llama.saver import Saver
from glmdesk.errors import ContextFull, EngineError, GlmdeskError
from glmdesk.sampling import Sampling

MakeSampler = Callable[[Sampling, int, Constraint | None], Sampler]
REMEMBERED = 4
"""Prompts: a request is priced just before it is answered."""


class Preparer:
    """Makes prices and answers-to-be of requests, one after the other."""

    def __init__(
        self,
        model: LlamaModel,
        reader: PromptReader,
        saver: Saver,
        make_sampler: MakeSampler = Sampler,
    ) -> None:
        self._model, self._reader, self._saver = model, reader, saver
        self._make_sampler = make_sampler
        self._limits = Limits(vocabulary=model.vocabulary, n_ctx=model.longest_chat)
        self._made: deque[tuple[Request, Prompt]] = deque(maxlen=REMEMBERED)

    def price(self, request: Request) -> tuple[int, ...]:
        """Cells of context each message takes. Raises EngineError."""
        return tuple(count_cells(group) for group in self._prompt(request).by_message)

    def count(self, texts: tuple[str, ...]) -> tuple[int, ...]:
        """Tokens of each text by itself, as text from people is read."""
        vocabulary = self._model.vocabulary
        return tuple(len(vocabulary.tokenize(text, special=False)) for text in texts)

    def answer(self, message: protocol.Generate, *, held: bool) -> Answering:
        """Ready to be seated; `held`: a slot holds this chat, so that nothing is looked for on disk.

        Raises EngineError, ContextFull.
        """
        request = message.request
        prompt = self._prompt(request)
        self._check_room(count_cells(prompt.items))
        constraint = read_constraint(request, self._model.pointer)
        sampler = self._make_sampler(request.sampling, self._model.vocabulary.size, constraint)
        sampler.remember([item for item in prompt.items if isinstance(item, int)])
        answer = Answering(message.job, request, prompt, sampler, self._limits)
        if request.prompt_lookup and self._model.can_cut:
            answer.lookup = Lookup(MAX_OUTPUTS - 1)
            answer.lookup.extend(prompt.items)
        if not held:
            answer.saved = self._saver.find(request.conversation)
        return answer

    def _prompt(self, request: Request) -> Prompt:
        for known, prompt in self._made:
            if known == request:
                return prompt
        prompt = self._reader.prompt(request)
        self._made.append((request, prompt))
        return prompt

    def _check_room(self, total: int) -> None:
        n_ctx = self._limits.n_ctx
        if total >= n_ctx:
            raise ContextFull(
                f"This message and what comes with it take {total:,} tokens, and the model has room "
                f"for {n_ctx:,}. Nothing is lost. Shorten the message, attach less, or set a larger "
                "n_ctx."
            )


Work = Callable[[], None]


class PreparingThread:
    """Works off what it is given, in order; `fault` hears of errors with the job they belong to."""

    def __init__(self, fault: Callable[[int, GlmdeskError], None]) -> None:
        self._fault = fault
        self._jobs: queue.SimpleQueue[tuple[int, Work]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="prompts", daemon=True).start()

    def put(self, job: int, work: Work) -> None:
        self._jobs.put((job, work))

    def _work(self) -> None:
        while True:
            job, work = self._jobs.get()
            try:
                work()
            except GlmdeskError as error:
                self._fault(job, error)
            except Exception as error:  # noqa: BLE001 - the next request must find this thread alive
                self._fault(job, EngineError(f"The prompt could not be made ({error})."))
