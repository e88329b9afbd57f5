"""What the library of documents does: show the visitor's documents, use one again, remove one."""

import html
from collections.abc import Callable
from typing import Any

import gradio as gr

from glmdesk.app import App
from glmdesk.errors import GlmdeskError
from glmdesk.sizes import size
from glmdesk.ui import archive, text
from glmdesk.ui.attaching import AttachmentsPage
from glmdesk.ui.viewing import Identify
from glmdesk.ui.wishes import read


class ArchivePage:
    """The handlers of the documents panel. Everyone has their own documents; no one sees another's."""

    def __init__(self, app: App, identify: Identify, attachments: AttachmentsPage) -> None:
        self._app = app
        self._identify = identify
        self._attachments = attachments

    def open(self, request: gr.Request) -> list[Any]:
        """Updates for the panel, then `Archive.shown`."""
        return [gr.Column(visible=True), *self.look(request)]

    def look(self, request: gr.Request, said: str = "") -> list[Any]:
        """Updates for `Archive.shown`."""
        try:
            shelved = self._app.papers.library(self._identify(request).name)
        except GlmdeskError as error:
            return [gr.skip(), _said(error.message)]
        return [archive.draw(shelved), _said(said)]

    def act(self, action: str, conversation: str, model: str, request: gr.Request) -> list[Any]:
        """What a button asks for. Updates for the panel, `Archive.shown` and `Attachments.shown`."""
        actions: dict[str, Callable[[str], str]] = {
            "use": lambda sha256: self._use(sha256, conversation, request),
            "keep": lambda sha256: self._keep(sha256, request, kept=True),
            "loose": lambda sha256: self._keep(sha256, request, kept=False),
            "remove": lambda sha256: self._remove(sha256, request),
        }
        said, panel = "", gr.skip()
        for wish in read(action):
            if wish.do not in actions:
                continue
            try:
                said = actions[wish.do](wish.word("sha256"))
                panel = gr.Column(visible=False) if wish.do == "use" else panel
            except GlmdeskError as error:
                said = error.message
        strip = self._attachments.look(conversation, model, request)
        return [panel, *self.look(request, said), *strip]

    def _use(self, sha256: str, conversation: str, request: gr.Request) -> str:
        attachment = self._attachments.attach(sha256, conversation, request)
        return text.USED_HERE.format(name=attachment.name)

    def _keep(self, sha256: str, request: gr.Request, *, kept: bool) -> str:
        self._app.papers.keep(self._identify(request).name, sha256, kept=kept)
        return ""

    def _remove(self, sha256: str, request: gr.Request) -> str:
        owner = self._identify(request).name
        _, attachment = self._app.files.find(owner, sha256)
        freed = self._app.papers.remove(owner, sha256)
        self._attachments.forget(sha256, request)
        return text.REMOVED_DOCUMENT.format(name=attachment.name, size=size(freed))


def _said(message: str) -> str:
    return f'<p role="status">{html.escape(message)}</p>' if message else ""
