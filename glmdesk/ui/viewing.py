"""What a page shows of a chat, and what it does when a person sends, stops or switches.

The store is the truth: every view is made from it anew, and what the page holds is never read back. An
answer is a job that runs without the page; a page only tails it, and lets go when it shows another chat.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from glmdesk.app import App, Draft
from glmdesk.chat.jobs import Job, Snapshot
from glmdesk.chat.prompt import Options
from glmdesk.errors import DocumentUnsupported, GlmdeskError
from glmdesk.identity import Identity
from glmdesk.messages import Attachment, Detail, Think
from glmdesk.store.conversations import Entry
from glmdesk.ui import render, text

Identify = Callable[[gr.Request], Identity]

SHOWN = 50
"""Messages shown at once; the browser's work grows with them."""
TICK_S = 0.08
"""Time between two looks at a running answer: about 12 updates a second."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A chat as the page shows it."""

    conversation: str
    entries: list[Entry]
    job: Job | None
    shown: int
    think: Think = "auto"
    model: str = ""
    """What answered last; empty when it is no longer here."""

    @property
    def visible(self) -> list[Entry]:
        return self.entries[-self.shown :]

    @property
    def hidden(self) -> int:
        return max(0, len(self.entries) - self.shown)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a person sends: words, and files that were taken in before.

    `files` are paths that came with the words; the page's script hands files over by itself.
    """

    text: str
    files: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    detail: Detail = "normal"


class Viewing:
    """The handlers of one page; each asks who the visitor is, and touches only what is theirs."""

    def __init__(self, app: App, identify: Identify) -> None:
        self._app = app
        self._identify = identify
        self._tickets: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def look(self, conversation: str, request: gr.Request, shown: int = SHOWN) -> View:
        """The chat; an empty view when there is none (any more)."""
        owner = self._identify(request).name
        try:
            chat = self._app.conversations.get(owner, conversation)
            return View(
                conversation=conversation,
                entries=self._app.conversations.entries(owner, conversation),
                job=self._app.jobs.find(owner, conversation),
                shown=shown,
                think=chat.think,
                model=chat.model if chat.model in [id for _, id in self.models()] else "",
            )
        except GlmdeskError:
            return View(conversation="", entries=[], job=None, shown=shown)

    def chats(self, request: gr.Request) -> list[tuple[str, str]]:
        """(title, id) of the visitor's chats, the newest first."""
        owner = self._identify(request).name
        return [(chat.title or text.NEW_CHAT, chat.id) for chat in self._app.list(owner)]

    def ask(
        self, written: Written, conversation: str, think: Think, model: str, request: gr.Request
    ) -> str:
        """Store the question and start its answer; returns the chat's id.

        Raises GlmdeskError with the reason; nothing was sent then, and the files stay.
        """
        owner = self._identify(request).name
        draft = Draft(
            text=written.text,
            files=tuple((self.uploaded(path), Path(path).name) for path in written.files),
            attachments=written.attachments,
        )
        think = think if think in ("auto", "on", "off") else "auto"
        options = Options(think=think, detail=written.detail)
        job = self._app.ask(owner, conversation, draft, options, model or self.first_model())
        return job.conversation

    def uploaded(self, path: str) -> Path:
        """The file, as long as it really came through the page: a request may name any file."""
        found, folder = Path(path), self._app.paths.uploads.resolve()
        if found.is_symlink() or not found.resolve().is_relative_to(folder):
            raise DocumentUnsupported(
                "Only files that are attached on this page can be sent. Nothing was sent; attach the "
                "file again."
            )
        return found

    def stop(self, conversation: str, request: gr.Request) -> None:
        if job := self._app.jobs.find(self._identify(request).name, conversation):
            job.stop()

    def hurry(self, conversation: str, request: gr.Request) -> None:
        """Close the thinking; the answer follows."""
        if job := self._app.jobs.find(self._identify(request).name, conversation):
            job.answer_now()

    def take_ticket(self, request: gr.Request) -> int:
        """From now on this page shows something else: earlier tails of it end."""
        session = str(request.session_hash)
        self._tickets[session] = next(self._numbers)
        return self._tickets[session]

    def leave(self, request: gr.Request) -> None:
        """The page was closed. Its answers go on."""
        self._tickets.pop(str(request.session_hash), None)

    async def tail(self, conversation: str, request: gr.Request) -> AsyncIterator[Snapshot]:
        """The running answer's snapshots as they change, until it ends or the page looks elsewhere."""
        ticket = self._tickets.get(str(request.session_hash))
        job = self._app.jobs.find(self._identify(request).name, conversation)
        version = -1
        while job and self._tickets.get(str(request.session_hash)) == ticket:
            now = job.snapshot
            if now.version != version:
                version = now.version
                yield now
            if not now.running:
                return
            await asyncio.sleep(TICK_S)

    def is_current(self, request: gr.Request, ticket: int | None) -> bool:
        return self._tickets.get(str(request.session_hash)) == ticket

    def ticket(self, request: gr.Request) -> int | None:
        return self._tickets.get(str(request.session_hash))

    def meter(self, view: View) -> str:
        """How full the context was after the last answer."""
        last = _last_answer(view.entries)
        info = self._app.info(last.model) if last else None
        return render.meter(_tokens(last), info.n_ctx if info else 0) if last else ""

    def used(self, conversation: str, request: gr.Request) -> int:
        """Tokens of the chat so far, as its last answer counted them."""
        try:
            owner = self._identify(request).name
            return _tokens(_last_answer(self._app.conversations.entries(owner, conversation)))
        except GlmdeskError:
            return 0

    def notice(self, model: str) -> str:
        """What must be known of `model` before trusting it; from its card until it is loaded."""
        try:
            card = self._app.library.find(model).card
        except GlmdeskError as error:
            return error.message
        info = self._app.info(model)
        words = info.notice if info else card.notice if card else ""
        if card and card.builtin:
            return f"{words} {text.GET_A_MODEL.format(folder=_short(self._app.paths.models))}"
        return words

    def models(self) -> list[tuple[str, str]]:
        """(name, id) of what is here; what is damaged is marked."""
        return [
            (f"{model.name} ({text.DAMAGED})" if model.problem else model.name, model.id)
            for model in self._app.models()
        ]

    def first_model(self) -> str:
        """The model that was chosen last, else the best one that is here now."""
        chosen = self._app.wanted
        return chosen if chosen in [id for _, id in self.models()] else self._app.default_model()

    def load(self, model: str) -> None:
        self._app.warm(model)

    def model_status(self, model: str) -> tuple[str, bool, bool]:
        """(sentence, has it a thinking switch, is there more to come)."""
        now = self._app.pool.status
        if now.model != model:
            waits = self._app.wanted == model and self._app.jobs.busy()
            return (text.LOADS_LATER if waits else ""), True, True
        if now.state == "loading":
            name = dict((id, name) for name, id in self.models()).get(model, model)
            return text.LOADING.format(name=name, percent=round(100 * now.progress)), True, True
        if now.state == "failed":
            return now.message, True, False
        info = self._app.info(model)
        return "", bool(info and info.thinking), info is None


def _last_answer(entries: list[Entry]) -> Entry | None:
    return next((entry for entry in reversed(entries) if entry.usage.prompt_tokens), None)


def _tokens(answer: Entry | None) -> int:
    return answer.usage.prompt_tokens + answer.usage.completion_tokens if answer else 0


def _short(folder: Path) -> str:
    """A folder as people write it."""
    home = Path.home()
    return (
        f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)
    )
