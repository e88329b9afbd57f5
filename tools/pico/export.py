"""Make pico's two GGUF files from the trained model.

Needs what `train` saved and a llama.cpp source tree; gives `pico-f16.gguf`, `mmproj-pico-f16.gguf`.

    python -m tools.pico.export --llama-cpp PATH
"""

import json
from pathlib import Path

from tools.pico.convert import add_preprocessor, add_template, to_gguf
from tools.pico.folders import model_folder, parser
from tools.pico.vocabulary import TAGS


def main() -> None:
    """Complete the saved folder, then convert it."""
    options = parser(__doc__)
    options.add_argument("--llama-cpp", type=Path, required=True, help="a llama.cpp source tree")
    chosen = options.parse_args()
    folder = model_folder(chosen.folder)
    keep_tags_as_text(folder / "tokenizer.json")
    add_template(folder)
    add_preprocessor(folder)
    kind = ("--outtype", "f16", "--model-name", "pico")
    to_gguf(chosen.llama_cpp, folder, chosen.folder / "pico-f16.gguf", *kind)
    to_gguf(chosen.llama_cpp, folder, chosen.folder / "mmproj-pico-f16.gguf", "--mmproj", *kind)


def keep_tags_as_text(tokenizer: Path) -> None:
    """Mark thinking and tool tags as not special, as in GLM's own tokenizer."""
    facts = json.loads(tokenizer.read_text(encoding="utf-8"))
    for token in facts["added_tokens"]:
        token["special"] = token["content"] not in TAGS
    tokenizer.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
