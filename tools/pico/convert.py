"""Turn a transformers folder into GGUF files with llama.cpp's own converter.

Needs torch, transformers and a llama.cpp source tree (there is one inside llama-cpp-python's source
distribution, under `vendor/llama.cpp`), whose `convert_hf_to_gguf.py` is run inside this process.
"""

import importlib
import json
import runpy
import shutil
import sys
from pathlib import Path

from tools.pico.batches import MEAN, MERGE, PATCH, STD

TEMPLATE = Path(__file__).with_name("chat_template.jinja")


def add_template(folder: Path) -> None:
    """Put the chat template beside the weights."""
    shutil.copy(TEMPLATE, folder / TEMPLATE.name)


def add_preprocessor(folder: Path) -> None:
    """Say how pictures are made ready, in transformers' words."""
    facts = {
        "do_rescale": True,
        "image_mean": list(MEAN),
        "image_std": list(STD),
        "image_processor_type": "Glm4vImageProcessor",
        "processor_class": "Glm4vProcessor",
        "patch_size": PATCH,
        "temporal_patch_size": 2,
        "merge_size": MERGE,
        "size": {"shortest_edge": 6272, "longest_edge": 3211264},
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(facts), encoding="utf-8")


def to_gguf(llama_cpp: Path, folder: Path, target: Path, *options: str) -> None:
    """Convert the language model, or with `--mmproj` among the options the vision tower."""
    _name_the_tokenizer(llama_cpp)
    before = sys.argv
    sys.argv = ["convert", str(folder), "--outfile", str(target), *options]
    try:
        runpy.run_path(str(llama_cpp / "convert_hf_to_gguf.py"), run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    finally:
        sys.argv = before


def _name_the_tokenizer(llama_cpp: Path) -> None:
    """The converter knows tokenizers by a hash; ours is new to it and splits text as GLM-4 does."""
    for folder in (llama_cpp / "gguf-py", llama_cpp):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    model = importlib.import_module("conversion.base").TextModel
    model.get_vocab_base_pre = lambda self, tokenizer: "glm4"
