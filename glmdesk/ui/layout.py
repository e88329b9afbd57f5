"""Where everything on the page stands."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from glmdesk.ui.panels import archive, attachments, composer, history, models, shelf, transcript
from glmdesk.ui.panels.archive import Archive
from glmdesk.ui.panels.attachments import Attachments
from glmdesk.ui.panels.composer import Composer
from glmdesk.ui.panels.history import History
from glmdesk.ui.panels.models import Models
from glmdesk.ui.panels.shelf import Shelf
from glmdesk.ui.panels.transcript import Transcript
from glmdesk.ui.viewing import Viewing


@dataclass(frozen=True, kw_only=True)
class Panels:
    """Everything on the page. `current` is the id of the chat that is shown; a new value of
    `tailing` makes the page follow that chat's answer."""

    current: gr.Textbox
    tailing: gr.Textbox
    history: History
    models: Models
    transcript: Transcript
    attachments: Attachments
    composer: Composer
    shelf: Shelf
    archive: Archive

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


def place(viewing: Viewing) -> Panels:
    first = viewing.first_model()
    with gr.Sidebar(width=280, elem_id="sidebar"):
        chats = history.place(shelf.place_button, archive.place_button)
    current = gr.Textbox("", visible="hidden", elem_id="conversation")
    tailing = gr.Textbox("", visible="hidden", elem_id="tailing")
    picked = models.place(viewing.models(), first)
    shown = transcript.place()
    attached = attachments.place()
    written = composer.place(viewing.uploaded)
    stock = shelf.place(chats.models)
    papers = archive.place(chats.documents)
    return Panels(
        current=current,
        tailing=tailing,
        history=chats,
        models=picked,
        transcript=shown,
        attachments=attached,
        composer=written,
        shelf=stock,
        archive=papers,
    )
