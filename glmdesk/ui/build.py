"""The page: panels put in their places and joined."""

import asyncio
import html
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from glmdesk import paths
from glmdesk.app import App
from glmdesk.errors import GlmdeskError
from glmdesk.messages import Think
from glmdesk.ui import render, text
from glmdesk.ui.panels import composer, history, models, shelf, transcript
from glmdesk.ui.panels.composer import Composer
from glmdesk.ui.panels.history import History
from glmdesk.ui.panels.models import Models
from glmdesk.ui.panels.shelf import Shelf
from glmdesk.ui.panels.transcript import Transcript
from glmdesk.ui.stocking import ShelfPage
from glmdesk.ui.viewing import SHOWN, Identify, View, Viewing

QUEUE_LOOK_S = 0.02
"""Gradio looks for work a thousand times a second: 3 % of a core while nobody does anything."""
LINGER_S = 1.0
"""How long a tail outlives what it showed, so that it does not end while the next one begins."""
_KEEP_ADDRESS = "(id) => { history.replaceState(null, '', id ? '?c=' + id : location.pathname); }"


@dataclass(frozen=True, kw_only=True)
class Panels:
    """Everything on the page. `current` is the id of the chat that is shown; a new value of
    `tailing` makes the page follow that chat's answer."""

    current: gr.Textbox
    tailing: gr.Textbox
    history: History
    models: Models
    transcript: Transcript
    composer: Composer
    shelf: Shelf

    @property
    def view(self) -> list[Any]:
        """What changes when another chat is shown; see `Page.view`."""
        return [
            self.current, self.history.chats, *self.messages, self.composer.box,
            self.composer.thinking, self.models.picker, self.models.notice, self.models.timer,
            self.tailing,
        ]  # fmt: skip

    @property
    def messages(self) -> list[Any]:
        """What changes when an answer ends; see `Page.messages`."""
        shown = self.transcript
        return [
            shown.empty,
            shown.earlier,
            shown.finished,
            shown.live,
            shown.status,
            self.composer.meter,
            self.composer.hurry,
        ]

    @property
    def tail(self) -> list[Any]:
        return [*self.messages, self.composer.box]


def build(app: App, identify: Identify) -> gr.Blocks:
    viewing = Viewing(app, identify)
    with gr.Blocks(
        title=text.TITLE, analytics_enabled=False, fill_height=True, fill_width=True
    ) as page:
        panels = _place(viewing)
        handlers = Page(viewing, panels)
        _join(page, panels, handlers)
        _join_shelf(panels, ShelfPage(app, identify), handlers)
    page._queue.sleep_when_free = QUEUE_LOOK_S
    page.has_launched = True  # a mounted page never says so, and Gradio then checks no path
    return page


def dress() -> dict[str, Any]:
    """Theme, style and script, all from this machine."""
    assets = paths.shipped("assets")
    return {
        "theme": gr.themes.Soft(
            primary_hue="indigo", neutral_hue="slate", font=["system-ui", "sans-serif"]
        ),
        "css": (assets / "css" / "page.css").read_text(encoding="utf-8"),
        "js": (assets / "js" / "page.js").read_text(encoding="utf-8"),
    }


def _place(viewing: Viewing) -> Panels:
    first = viewing.first_model()
    with gr.Sidebar(width=280, elem_id="sidebar"):
        chats = history.place(shelf.place_button)
    current = gr.Textbox("", visible="hidden", elem_id="conversation")
    tailing = gr.Textbox("", visible="hidden", elem_id="tailing")
    picked = models.place(viewing.models(), first)
    shown = transcript.place()
    written = composer.place(viewing.uploaded)
    stock = shelf.place(chats.models)
    return Panels(
        current=current,
        tailing=tailing,
        history=chats,
        models=picked,
        transcript=shown,
        composer=written,
        shelf=stock,
    )


def _join(page: gr.Blocks, panels: Panels, handlers: "Page") -> None:
    """Only the tail goes through Gradio's queue: of two events that begin and end together there,
    the browser can lose one."""
    current, box, model = panels.current, panels.composer.box, panels.models
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    streamed: dict[str, Any] = {**quick, "queue": True, "concurrency_limit": None}

    page.load(handlers.list_models, None, [model.picker, model.notice], **quick).then(
        handlers.arrive, None, panels.view, **quick
    )
    current.change(None, [current], js=_KEEP_ADDRESS, **quick)
    panels.tailing.change(handlers.tail, [current], panels.tail, **streamed)
    panels.history.chats.input(handlers.open, [panels.history.chats], panels.view, **quick)
    panels.history.new.click(handlers.open, None, panels.view, **quick)
    asked = [box, current, panels.composer.thinking, model.picker]
    box.submit(handlers.ask, asked, panels.view, **quick)
    box.stop(handlers.stop, [current], None, **quick)
    panels.composer.hurry.click(handlers.hurry, [current], None, **quick)
    panels.transcript.earlier.click(handlers.earlier, [current], panels.messages, **quick)
    model.picker.input(handlers.choose, [model.picker], [model.notice, model.timer], **quick)
    model.timer.tick(
        handlers.watch, [model.picker],
        [model.status, panels.composer.thinking, model.timer, model.notice], **quick,
    )  # fmt: skip
    page.unload(handlers.leave)


def _join_shelf(panels: Panels, handlers: ShelfPage, page: "Page") -> None:
    stock, model = panels.shelf, panels.models

    def use(action: str, request: gr.Request) -> list[Any]:
        wanted = handlers.used(action, request)
        return [gr.Column(visible=False), *page.use(wanted)] if wanted else [gr.skip()] * 4

    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    stock.open.click(handlers.open, None, [stock.panel, *stock.shown], **quick)
    stock.close.click(page.close_models, [model.picker], [stock.panel, model.picker], **quick)
    stock.action.change(
        use, [stock.action], [stock.panel, model.picker, model.notice, model.timer], **quick
    )
    stock.timer.tick(handlers.look, None, stock.shown, **quick)
    stock.action.change(handlers.act, [stock.action], stock.shown, **quick)
    stock.action.change(handlers.choose, [stock.action], stock.closer, **quick)
    wished = [stock.chosen, stock.variant, stock.context]
    for event in (stock.context.input, stock.variant.input):
        event(handlers.fit, wished, [stock.fit], **quick)
    chosen = [stock.chosen, stock.variant]
    stock.pull.click(handlers.pull_variant, chosen, stock.shown, **quick)
    stock.add.click(handlers.add, [stock.address], [stock.address, *stock.shown], **quick)
    stock.keep.click(handlers.keep_token, [stock.token], [stock.token, stock.said], **quick)


class Page:
    """What happens on the page, in terms of its panels."""

    def __init__(self, viewing: Viewing, panels: Panels) -> None:
        self._viewing = viewing
        self._panels = panels

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
        shown = render.bubbles(view.visible, running=view.job is not None)
        running = render.live(view.job.snapshot) if view.job else []
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

    def ask(
        self, box: dict[str, Any], conversation: str, think: Think, model: str, request: gr.Request
    ) -> list[Any]:
        try:
            chat = self._viewing.ask(box, conversation, think, model, request)
        except GlmdeskError as error:
            return self._refused(error)
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
        saved = True
        async for now in self._viewing.tail(conversation, request):
            saved = now.saved
            bubbles = render.live(now)
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
