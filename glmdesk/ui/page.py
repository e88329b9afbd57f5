"""What happens on the page, in terms of its panels."""

import asyncio
import html
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from glmdesk.errors import GlmdeskError
from glmdesk.messages import Think
from glmdesk.store.conversations import Entry
from glmdesk.ui import render
from glmdesk.ui.attaching import AttachmentsPage, Shown
from glmdesk.ui.layout import Panels
from glmdesk.ui.panels import composer
from glmdesk.ui.viewing import SHOWN, View, Viewing, Written

LINGER_S = 1.0
"""How long a tail outlives what it showed, so that it does not end while the next one begins."""


class Page:
    """The handlers of the chat that is shown, and of the model that answers."""

    def __init__(self, viewing: Viewing, panels: Panels, attachments: AttachmentsPage) -> None:
        self._viewing = viewing
        self._panels = panels
        self._attachments = attachments

    def view(self, view: View, request: gr.Request, *, clear: bool = False) -> list[Any]:
        """Updates for `Panels.view`."""
        return [
            view.conversation,
            self._chats(view, request),
            *self.messages(view),
            composer.ready(running=view.job is not None, clear=clear),
            view.think if view.conversation else gr.skip(),
            *self._models(view.model),
            str(self._viewing.take_ticket(request)) if view.job else gr.skip(),
        ]

    def _chats(self, view: View, request: gr.Request) -> Any:
        return gr.Radio(choices=self._viewing.chats(request), value=view.conversation or None)

    def _models(self, model: str) -> list[Any]:
        """The picker follows the chat that is shown."""
        if not model:
            return [gr.skip(), gr.skip(), gr.skip()]
        return [gr.Dropdown(value=model), self._notice(model), gr.Timer(active=True)]

    def messages(self, view: View) -> list[Any]:
        """Updates for `Panels.messages`."""
        shown = render.bubbles(
            view.visible,
            running=view.job is not None,
            before=view.entries[: len(view.entries) - len(view.visible)],
        )
        running = render.live(view.job.snapshot, view.entries) if view.job else []
        status = render.status(view.job.snapshot) if view.job else ""
        return [
            gr.HTML(visible=not view.entries),
            gr.Button(visible=view.hidden > 0),
            gr.Chatbot(shown, visible=bool(shown)),
            gr.Chatbot(running, visible=bool(running)),
            html.escape(status),
            self._viewing.meter(view),
            gr.Button(visible=view.job is not None and render.is_thinking(view.job.snapshot)),
        ]

    def arrive(self, request: gr.Request) -> list[Any]:
        """A page was opened or reloaded: show the chat its address names.

        Without one only the list is filled: the person may have sent something already.
        """
        conversation = str(request.query_params.get("c", ""))
        if conversation:
            return self.open(conversation, request)
        view = self._viewing.look("", request)
        return [gr.skip(), self._chats(view, request), *[gr.skip()] * (len(self._panels.view) - 2)]

    def open(self, conversation: str = "", request: gr.Request | None = None) -> list[Any]:
        assert request is not None
        self._viewing.take_ticket(request)
        return self.view(self._viewing.look(conversation or "", request), request)

    def ask(  # noqa: PLR0913 - all that a person sends
        self,
        box: dict[str, Any],
        conversation: str,
        think: Think,
        model: str,
        files: str,
        action: str,
        request: gr.Request,
    ) -> list[Any]:
        """`files` and `action` are what the strip of attachments shows; see `Shown`."""
        shown = Shown(files=files, action=action)
        try:
            tray = self._attachments.collect(shown, conversation, model, request)
            written = Written(
                text=box.get("text") or "",
                files=tuple(box.get("files") or ()),
                attachments=tray.attachments,
                detail=tray.detail,
            )
            chat = self._viewing.ask(written, conversation, think, model, request)
        except GlmdeskError as error:
            return self._refused(error)
        self._attachments.sent(tray, conversation, request)
        return self.view(self._viewing.look(chat, request), request, clear=True)

    def _refused(self, error: GlmdeskError) -> list[Any]:
        """Say why nothing was sent; everything else stays as it is."""
        updates = [gr.skip()] * len(self._panels.view)
        updates[self._panels.view.index(self._panels.transcript.status)] = render.refusal(
            error.message
        )
        return updates

    async def tail(self, conversation: str, request: gr.Request) -> AsyncIterator[list[Any]]:
        """Draw the running answer as it grows; at its end, the chat as it is stored.

        Something is always yielded: Gradio empties the outputs of a generator that yields nothing.
        """
        yield [gr.skip()] * len(self._panels.tail)
        ticket = self._viewing.ticket(request)
        saved, before = True, list[Entry]()
        async for now in self._viewing.tail(conversation, request):
            saved = now.saved
            if now.text and not before:  # what the question was sent with is stored by now
                before = self._viewing.look(conversation, request).entries
            bubbles = render.live(now, before)
            yield [
                gr.skip(), gr.skip(), gr.skip(), gr.Chatbot(bubbles, visible=bool(bubbles)),
                html.escape(render.status(now)), gr.skip(),
                gr.Button(visible=render.is_thinking(now)), gr.skip(),
            ]  # fmt: skip
        if not self._viewing.is_current(request, ticket):
            await asyncio.sleep(LINGER_S)
            yield [gr.skip()] * len(self._panels.tail)  # Gradio sends the last one again at the end
        elif not saved:  # the page is the only place that has all of it: leave it there
            kept = [gr.skip()] * len(self._panels.messages)
            kept[self._panels.messages.index(self._panels.transcript.status)] = render.refusal(
                now.error
            )
            yield [*kept, composer.ready(running=False)]
        elif conversation:
            view = self._viewing.look(conversation, request)
            yield [*self.messages(view), composer.ready(running=view.job is not None)]

    def earlier(self, conversation: str, request: gr.Request) -> list[Any]:
        view = self._viewing.look(conversation, request, shown=SHOWN * 1000)
        return self.messages(view)

    def stop(self, conversation: str, request: gr.Request) -> None:
        self._viewing.stop(conversation, request)

    def hurry(self, conversation: str, request: gr.Request) -> None:
        """Answer now."""
        self._viewing.hurry(conversation, request)

    def list_models(self) -> list[Any]:
        """Files may have come or gone since the page was built."""
        first = self._viewing.first_model()
        return [gr.Dropdown(choices=self._viewing.models(), value=first), self._notice(first)]

    def choose(self, model: str) -> list[Any]:
        self._viewing.load(model)
        return [self._notice(model), gr.Timer(active=True)]

    def use(self, model: str) -> list[Any]:
        """A model chosen in the models panel. Updates for picker, notice and timer."""
        notice, timer = self.choose(model)
        return [gr.Dropdown(choices=self._viewing.models(), value=model), notice, timer]

    def close_models(self, model: str) -> list[Any]:
        """Files may have come or gone meanwhile. Updates for panel and picker."""
        choices = self._viewing.models()
        here = model in [id for _, id in choices]
        value = model if here else self._viewing.first_model()
        return [gr.Column(visible=False), gr.Dropdown(choices=choices, value=value)]

    def watch(self, model: str) -> list[Any]:
        """While a model loads, say so; then stop asking."""
        sentence, thinking, more = self._viewing.model_status(model)
        return [
            html.escape(sentence),
            gr.Radio(visible=thinking),
            gr.Timer(active=more),
            self._notice(model) if not more else gr.skip(),
        ]

    def _notice(self, model: str) -> str:
        notice = self._viewing.notice(model)
        return f"<p>{html.escape(notice)}</p>" if notice else ""

    def leave(self, request: gr.Request) -> None:
        self._viewing.leave(request)
        self._attachments.leave(request)
