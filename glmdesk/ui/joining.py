"""Which event on the page leads to what."""

from typing import Any

import gradio as gr

from glmdesk.ui.archiving import ArchivePage
from glmdesk.ui.attaching import AttachmentsPage
from glmdesk.ui.layout import Panels
from glmdesk.ui.page import Page
from glmdesk.ui.stocking import ShelfPage

_KEEP_ADDRESS = "(id) => { history.replaceState(null, '', id ? '?c=' + id : location.pathname); }"
_SHOW_ATTACHED = (
    "(state) => { document.dispatchEvent(new CustomEvent('glmdesk:attached', { detail: state })); }"
)


def join(page: gr.Blocks, panels: Panels, handlers: Page, attachments: AttachmentsPage) -> None:
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
    asked = [
        box,
        current,
        panels.composer.thinking,
        model.picker,
        panels.attachments.count,
        panels.attachments.action,
    ]
    box.submit(handlers.ask, asked, panels.view, **quick).then(
        attachments.look, [current, model.picker], panels.attachments.shown, **quick
    )
    box.stop(handlers.stop, [current], None, **quick)
    panels.composer.hurry.click(handlers.hurry, [current], None, **quick)
    panels.transcript.earlier.click(handlers.earlier, [current], panels.messages, **quick)
    model.picker.input(handlers.choose, [model.picker], [model.notice, model.timer], **quick)
    model.timer.tick(
        handlers.watch, [model.picker],
        [model.status, panels.composer.thinking, model.timer, model.notice], **quick,
    )  # fmt: skip
    page.unload(handlers.leave)


def join_shelf(panels: Panels, handlers: ShelfPage, page: Page) -> None:
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


def join_attachments(panels: Panels, handlers: AttachmentsPage) -> None:
    strip, model = panels.attachments, panels.models
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    shown = [panels.current, model.picker]
    strip.state.change(None, [strip.state], js=_SHOW_ATTACHED, **quick)
    strip.action.change(handlers.act, [strip.action, *shown], strip.shown, **quick)
    strip.timer.tick(handlers.look, shown, strip.shown, **quick)
    for changed in (panels.current, model.picker, model.status):
        changed.change(handlers.look, shown, strip.shown, **quick)


def join_archive(panels: Panels, handlers: ArchivePage) -> None:
    papers = panels.archive
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    papers.open.click(handlers.open, None, [papers.panel, *papers.shown], **quick)
    papers.close.click(lambda: gr.Column(visible=False), None, [papers.panel], **quick)
    papers.action.change(
        handlers.act,
        [papers.action, panels.current, panels.models.picker],
        [papers.panel, *papers.shown, *panels.attachments.shown],
        **quick,
    )
