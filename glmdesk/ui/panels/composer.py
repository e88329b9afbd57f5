"""Where a person writes: words, files, the thinking switch, and how full the context is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from glmdesk.errors import GlmdeskError
from glmdesk.ui import text

EMPTY: dict[str, Any] = {"text": "", "files": []}
LONGEST_PASTE = 50_000
"""Characters; a longer paste becomes a file."""


@dataclass(frozen=True, kw_only=True)
class Composer:
    box: gr.MultimodalTextbox
    thinking: gr.Radio
    meter: gr.HTML
    hurry: gr.Button
    """Shown while a model thinks: close the thinking."""


def place(uploaded: Callable[[str], Path]) -> Composer:
    """`uploaded` raises GlmdeskError for a path that did not come through this page."""
    with gr.Column(elem_id="composer-area"):
        box = gr.MultimodalTextbox(
            EMPTY,
            elem_id="composer",
            placeholder=text.COMPOSER,
            show_label=False,
            file_count="multiple",
            sources=["upload"],
            max_plain_text_length=LONGEST_PASTE,
            autofocus=True,
            max_lines=12,
        )
        box.async_move_resource_to_block_cache = _only(uploaded)
        with gr.Row(elem_id="composer-row"):
            thinking = gr.Radio(
                list(text.THINKING_CHOICES),
                value="auto",
                label=text.THINKING,
                elem_id="thinking-switch",
                container=False,
                min_width=220,
            )
            hurry = gr.Button(
                text.ANSWER_NOW,
                elem_id="answer-now",
                size="sm",
                visible=False,
                min_width=110,
                scale=0,
            )
            meter = gr.HTML("", elem_id="context-meter", padding=False)
    return Composer(box=box, thinking=thinking, meter=meter, hurry=hurry)


def ready(*, running: bool, clear: bool = False) -> Any:
    """The composer's buttons: send, or stop while an answer runs."""
    buttons = {"submit_btn": not running, "stop_btn": running}
    return gr.update(value=EMPTY, **buttons) if clear else gr.update(**buttons)


def _only(uploaded: Callable[[str], Path]) -> Callable[[str | Path | None], Awaitable[str | None]]:
    """Instead of Gradio's own: it would copy any file of this machine, and fetch any address."""

    async def take(path: str | Path | None) -> str | None:
        try:
            return str(uploaded(str(path))) if path else None
        except (GlmdeskError, OSError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    return take
