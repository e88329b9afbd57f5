"""The messages: finished ones, the answer under way, and what it is doing."""

from dataclasses import dataclass

import gradio as gr

from glmdesk.ui import render, text

LATEX = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]
"""A single dollar is money, not mathematics."""


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """Finished messages change only between turns; the running answer has a Chatbot of its own."""

    empty: gr.HTML
    earlier: gr.Button
    finished: gr.Chatbot
    live: gr.Chatbot
    status: gr.HTML


def place() -> Transcript:
    with gr.Column(elem_id="transcript"):
        empty = gr.HTML(render.empty_chat(), elem_id="empty-chat")
        earlier = gr.Button(text.EARLIER, elem_id="earlier", size="sm", visible=False)
        finished = _chatbot("finished")
        live = _chatbot("live")
        status = gr.HTML("", elem_id="status", padding=False)
    return Transcript(empty=empty, earlier=earlier, finished=finished, live=live, status=status)


def _chatbot(name: str) -> gr.Chatbot:
    return gr.Chatbot(
        elem_id=name,
        elem_classes=["messages"],
        show_label=False,
        container=False,
        height=None,
        autoscroll=False,
        buttons=["copy"],
        feedback_options=None,
        latex_delimiters=LATEX,
        layout="bubble",
        visible=False,
    )
