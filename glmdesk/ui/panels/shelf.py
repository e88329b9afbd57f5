"""The models panel: cards, downloads, and whether a model fits, moved by the context slider."""

import html
from dataclasses import dataclass
from typing import Any

import gradio as gr

from glmdesk.ui import text

SMALLEST, USUAL, LARGEST, STEP = 4_096, 131_072, 1_048_576, 1_024
"""Of the context slider, in tokens; `USUAL` is its end where a model does not tell its own."""
LOOK_S, REST_S = 0.7, 2.5
"""Between two looks at the models: while something moves, and while nothing does."""


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """`action` is what a button of a card asks for: the page's script writes JSON into it."""

    open: gr.Button
    close: gr.Button
    panel: gr.Column
    cards: gr.HTML
    action: gr.Textbox
    said: gr.HTML
    details: gr.Column
    chosen: gr.Textbox
    facts: gr.HTML
    variant: gr.Dropdown
    context: gr.Slider
    fit: gr.HTML
    pull: gr.Button
    more: gr.HTML
    address: gr.Textbox
    add: gr.Button
    token: gr.Textbox
    keep: gr.Button
    timer: gr.Timer

    @property
    def shown(self) -> list[Any]:
        """What a look at the models changes; see `ShelfPage.look`."""
        return [self.cards, self.said, self.timer, self.details]

    @property
    def closer(self) -> list[Any]:
        """What choosing a model changes; see `ShelfPage.choose`."""
        return [
            self.details, self.chosen, self.facts, self.variant, self.context, self.fit, self.pull,
            self.more,
        ]  # fmt: skip


def place_button() -> gr.Button:
    return gr.Button(text.MODELS, elem_id="open-models", variant="secondary")


def place(opened: gr.Button) -> Shelf:
    """A sheet over the page; outside the sidebar, which would keep it inside. Its timer lies in it, and
    so rests while it is closed."""
    with gr.Column(visible=False, elem_id="models-panel") as panel:
        with gr.Row(elem_id="models-head"):
            gr.HTML(f"<h1>{text.MODELS}</h1>", padding=False)
            close = gr.Button(
                text.MODELS_CLOSE, elem_id="close-models", size="sm", scale=0, min_width=90
            )
        said = gr.HTML("", elem_id="models-said", padding=False)
        with gr.Column(visible=False, elem_id="model-details") as details:
            facts = gr.HTML("", padding=False)
            with gr.Row():
                variant = gr.Dropdown([], label=text.VARIANT, elem_id="model-variant", scale=1)
                context = gr.Slider(
                    SMALLEST, LARGEST, SMALLEST, step=STEP, label=text.CONTEXT,
                    elem_id="fit-context", scale=2,
                )  # fmt: skip
            fit = gr.HTML("", elem_id="fit", padding=False)
            pull = gr.Button(text.DOWNLOAD_THIS, elem_id="pull-variant", size="sm", visible=False)
            more = gr.HTML("", elem_id="model-more", padding=False)
        cards = gr.HTML("", elem_id="model-cards", padding=False)
        with gr.Row(elem_id="models-add"):
            address = gr.Textbox(label=text.ADD, placeholder=text.ADD_HINT, elem_id="model-address")
            add = gr.Button(text.ADD_BUTTON, elem_id="add-model", scale=0)
        with gr.Row(elem_id="models-token"):
            token = gr.Textbox(
                label=text.TOKEN, info=text.TOKEN_HINT, type="password", elem_id="hub-token"
            )
            keep = gr.Button(text.TOKEN_BUTTON, elem_id="keep-token", scale=0)
        gr.HTML(_forget(), elem_id="forget-token", padding=False)
        timer = gr.Timer(LOOK_S, active=False)
    action = gr.Textbox("", visible="hidden", elem_id="models-action")
    chosen = gr.Textbox("", visible="hidden", elem_id="models-chosen")
    return Shelf(
        open=opened, close=close, panel=panel, cards=cards, action=action, said=said, details=details,
        chosen=chosen, facts=facts, variant=variant, context=context, fit=fit, pull=pull, more=more, address=address, add=add,
        token=token, keep=keep, timer=timer,
    )  # fmt: skip


def _forget() -> str:
    ask = html.escape(text.SURE["forget"])
    return f'<button type="button" class="plain" data-do="forget" data-ask="{ask}">{text.TOKEN_REMOVE}</button>'
