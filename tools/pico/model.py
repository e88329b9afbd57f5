"""pico's architecture: GLM-4.6V-Flash's, made tiny.

Needs torch and transformers; gives a model with random weights, or one saved before.
"""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    Glm4vConfig,
    Glm4vForConditionalGeneration,
    PreTrainedTokenizerFast,
)

from tools.pico.cells import FEATURES
from tools.pico.tokenizer import make_tokenizer
from tools.pico.vocabulary import ENDS_OF_TURN

SPREAD = 0.07
"""Standard deviation of new weights; halved where a layer adds to the stream."""
ADDING = ("o_proj.weight", "down_proj.weight")


def load(folder: Path) -> Any:
    """The model saved in a folder."""
    return Glm4vForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer saved in a folder."""
    return PreTrainedTokenizerFast.from_pretrained(folder)


def make(folder: Path) -> Any:
    """A new model, whose tokenizer is made and saved in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    make_tokenizer().save_pretrained(folder)
    model = Glm4vForConditionalGeneration(_config(load_tokenizer(folder)))
    for name, weights in model.named_parameters():
        if weights.dim() >= 2:
            torch.nn.init.normal_(weights, 0, SPREAD / (2 if name.endswith(ADDING) else 1))
    return model


def picture_ids(tokenizer: Any) -> dict[str, int]:
    """The marks of pictures and films, under the names of `Glm4vConfig`."""
    tokens = {
        "image_token_id": "<|image|>",
        "video_token_id": "<|video|>",
        "image_start_token_id": "<|begin_of_image|>",
        "image_end_token_id": "<|end_of_image|>",
        "video_start_token_id": "<|begin_of_video|>",
        "video_end_token_id": "<|end_of_video|>",
    }
    return {name: tokenizer.convert_tokens_to_ids(token) for name, token in tokens.items()}


def _config(tokenizer: Any) -> Glm4vConfig:
    return Glm4vConfig(
        text_config=_text_config(tokenizer),
        vision_config={
            "depth": 3,
            "hidden_size": 128,
            "num_heads": 4,
            "image_size": 112,
            "patch_size": 14,
            "out_hidden_size": FEATURES,
            "intermediate_size": 256,
        },
        tie_word_embeddings=True,
        **picture_ids(tokenizer),
    )


def _text_config(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": FEATURES,
        "intermediate_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "max_position_embeddings": 8192,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.5,
            "mrope_section": [2, 3, 3],
        },
        "pad_token_id": 0,
        "eos_token_id": [tokenizer.convert_tokens_to_ids(token) for token in ENDS_OF_TURN],
        "attention_bias": True,
    }
