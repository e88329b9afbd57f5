"""Make a wide model of pico's architecture with random weights, to time pictures and their reuse.

Needs torch, transformers, what `export` left and a llama.cpp source tree; gives 194 M parameters as
`hollow-q8_0.gguf` and `mmproj-hollow-q8_0.gguf`. What it says is noise.

    python -m tools.pico.hollow --llama-cpp PATH
"""

from pathlib import Path
from typing import Any

import torch
from transformers import Glm4vConfig, Glm4vForConditionalGeneration

from tools.pico.convert import add_preprocessor, add_template, to_gguf
from tools.pico.folders import model_folder, parser
from tools.pico.model import load_tokenizer, picture_ids

WIDTH = 1024
HEADS = 16
INNER = 2816


def main() -> None:
    """Make, save and convert it."""
    options = parser(__doc__)
    options.add_argument("--llama-cpp", type=Path, required=True, help="a llama.cpp source tree")
    chosen = options.parse_args()
    tokenizer = load_tokenizer(model_folder(chosen.folder))
    folder = chosen.folder / "hollow"
    make(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    add_template(folder)
    add_preprocessor(folder)
    kind = ("--outtype", "q8_0")
    to_gguf(chosen.llama_cpp, folder, chosen.folder / "hollow-q8_0.gguf", *kind)
    to_gguf(chosen.llama_cpp, folder, chosen.folder / "mmproj-hollow-q8_0.gguf", "--mmproj", *kind)


def make(tokenizer: Any) -> Any:
    """The model, always with the same weights."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float16)
    try:
        return Glm4vForConditionalGeneration(_config(tokenizer))
    finally:
        torch.set_default_dtype(torch.float32)


def _config(tokenizer: Any) -> Glm4vConfig:
    vision_config = {
        "depth": 12,
        "hidden_size": WIDTH,
        "num_heads": HEADS,
        "image_size": 336,
        "patch_size": 14,
        "out_hidden_size": WIDTH,
        "intermediate_size": INNER,
    }
    return Glm4vConfig(
        text_config=_text_config(tokenizer),
        vision_config=vision_config,
        **picture_ids(tokenizer),
    )


def _text_config(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": 8,
        "num_attention_heads": HEADS,
        "num_key_value_heads": 2,
        "head_dim": 64,
        "max_position_embeddings": 32768,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 500000.0,
            "partial_rotary_factor": 0.5,
            "mrope_section": [4, 6, 6],
        },
        "pad_token_id": 0,
        "attention_bias": True,
    }


if __name__ == "__main__":
    main()
