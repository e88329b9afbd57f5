"""The strip of what is attached, above the composer; the page's script draws it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

TICK_S = 0.3
"""Between two looks while something is read."""


@dataclass(frozen=True, kw_only=True)
class Attachments:
    """`state` is JSON that the script shows; into `action` it writes what the person wants; `count` is
    how many files the page shows."""

    state: gr.Textbox
    action: gr.Textbox
    count: gr.Textbox
    timer: gr.Timer

    @property
    def shown(self) -> list[Any]:
        """What a look changes; see `AttachmentsPage.look`."""
        return [self.state, self.count, self.timer]


def place() -> Attachments:
    gr.HTML("", elem_id="attachments", padding=False)
    return Attachments(
        state=gr.Textbox("", visible="hidden", elem_id="attachments-state"),
        action=gr.Textbox("", visible="hidden", elem_id="attachments-action"),
        count=gr.Textbox("", visible="hidden", elem_id="attachments-count"),
        timer=gr.Timer(TICK_S, active=False),
    )
