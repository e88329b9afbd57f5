"""The documents panel: everything that was attached before, to be used again or removed."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from glmdesk.ui import text


@dataclass(frozen=True, kw_only=True)
class Archive:
    """`action` is what a button of a document asks for: the page's script writes JSON into it."""

    open: gr.Button
    close: gr.Button
    panel: gr.Column
    papers: gr.HTML
    said: gr.HTML
    action: gr.Textbox

    @property
    def shown(self) -> list[Any]:
        """What a look at the documents changes; see `ArchivePage.look`."""
        return [self.papers, self.said]


def place_button() -> gr.Button:
    return gr.Button(text.DOCUMENTS, elem_id="open-documents", variant="secondary")


def place(opened: gr.Button) -> Archive:
    """A sheet over the page; outside the sidebar, which would keep it inside."""
    with gr.Column(visible=False, elem_id="documents-panel") as panel:
        with gr.Row(elem_id="documents-head"):
            gr.HTML(f"<h1>{text.DOCUMENTS}</h1>", padding=False)
            close = gr.Button(
                text.DOCUMENTS_CLOSE, elem_id="close-documents", size="sm", scale=0, min_width=90
            )  # fmt: skip
        said = gr.HTML("", elem_id="documents-said", padding=False)
        papers = gr.HTML("", elem_id="documents", padding=False)
    action = gr.Textbox("", visible="hidden", elem_id="documents-action")
    return Archive(
        open=opened, close=close, panel=panel, papers=papers, said=said, action=action
    )  # fmt: skip
