"""Which model answers, and what it is doing while it loads."""

from dataclasses import dataclass

import gradio as gr

from glmdesk.ui import text


@dataclass(frozen=True, kw_only=True)
class Models:
    picker: gr.Dropdown
    status: gr.HTML
    notice: gr.HTML
    timer: gr.Timer


def place(choices: list[tuple[str, str]], value: str) -> Models:
    with gr.Row(elem_id="model-row"):
        picker = gr.Dropdown(
            choices,
            value=value,
            label=text.MODEL,
            show_label=False,
            container=False,
            elem_id="model-picker",
            filterable=False,
            min_width=200,
        )
        status = gr.HTML("", elem_id="model-status", padding=False)
    notice = gr.HTML("", elem_id="model-notice", padding=False)
    return Models(picker=picker, status=status, notice=notice, timer=gr.Timer(0.7))
