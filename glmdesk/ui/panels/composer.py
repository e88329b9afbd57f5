"""Where a person writes: words, files, the thinking switch, and how full the context is."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from glmdesk.ui import text

FILE_TYPES = [
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".pdf", ".txt", ".md", ".markdown", "text",
]  # fmt: skip
EMPTY: dict[str, Any] = {"text": "", "files": []}
LONGEST_PASTE = 50_000
"""Characters; a longer paste becomes a file."""


@dataclass(frozen=True, kw_only=True)
class Composer:
    box: gr.MultimodalTextbox
    thinking: gr.Radio
    meter: gr.HTML


def place() -> Composer:
    with gr.Column(elem_id="composer-area"):
        box = gr.MultimodalTextbox(
            EMPTY,
            elem_id="composer",
            placeholder=text.COMPOSER,
            show_label=False,
            file_count="multiple",
            file_types=FILE_TYPES,
            sources=["upload"],
            max_plain_text_length=LONGEST_PASTE,
            autofocus=True,
            max_lines=12,
        )
        with gr.Row(elem_id="composer-row"):
            thinking = gr.Radio(
                list(text.THINKING_CHOICES),
                value="auto",
                label=text.THINKING,
                elem_id="thinking-switch",
                container=False,
                min_width=220,
            )
            meter = gr.HTML("", elem_id="context-meter", padding=False)
    return Composer(box=box, thinking=thinking, meter=meter)


def ready(*, running: bool, clear: bool = False) -> Any:
    """The composer's buttons: send, or stop while an answer runs."""
    buttons = {"submit_btn": not running, "stop_btn": running}
    return gr.update(value=EMPTY, **buttons) if clear else gr.update(**buttons)
