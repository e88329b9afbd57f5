"""The chats at the side."""

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from glmdesk.ui import text


@dataclass(frozen=True, kw_only=True)
class History:
    new: gr.Button
    models: gr.Button
    documents: gr.Button
    chats: gr.Radio


def place(
    place_models: Callable[[], gr.Button], place_documents: Callable[[], gr.Button]
) -> History:
    """Both put the button that opens a panel below "New chat"."""
    gr.HTML(f"<h1>{text.TITLE}</h1>", elem_id="brand", padding=False)
    new = gr.Button(text.NEW_CHAT, elem_id="new-chat", variant="secondary")
    models, documents = place_models(), place_documents()
    chats = gr.Radio([], label=text.CHATS, elem_id="history", container=False)
    return History(new=new, models=models, documents=documents, chats=chats)
