"""The chats at the side."""

from dataclasses import dataclass

import gradio as gr

from glmdesk.ui import text


@dataclass(frozen=True, kw_only=True)
class History:
    new: gr.Button
    chats: gr.Radio


def place() -> History:
    gr.HTML(f"<h1>{text.TITLE}</h1>", elem_id="brand", padding=False)
    new = gr.Button(text.NEW_CHAT, elem_id="new-chat", variant="secondary")
    chats = gr.Radio([], label=text.CHATS, elem_id="history", container=False)
    return History(new=new, chats=chats)
