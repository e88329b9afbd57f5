"""A GGUF file in the making: pico's tokenizer, numbers, and tensors drawn by their names."""

import re
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from glmdesk import paths

Floats = NDArray[np.float32]

_WORD = re.compile("[Ġ]?[A-Za-z]{2,}")
_KEPT = ("model", "pre", "merges", "bos_token_id", "eos_token_id", "unknown_token_id",
         "padding_token_id", "eot_token_id")  # fmt: skip
_CONTROL = 3


@cache
def _pico() -> Mapping[str, Any]:
    """The tokenizer's values and their GGUF types, by the names they have in the file."""
    reader = gguf.GGUFReader(paths.shipped("models") / "pico" / "pico-f16.gguf")
    return {
        name: (field.contents(), field.types[0], field.types[-1])
        for name, field in reader.fields.items()
        if name.startswith("tokenizer.ggml.")
    }


def draw(name: str, *shape: int, scale: float = 1.0) -> Floats:
    """Numbers of a normal distribution; the same for the same name and shape."""
    source = np.random.default_rng(zlib.crc32(name.encode()))
    return source.standard_normal(shape, dtype=np.float32) * np.float32(scale)


class TinyFile:
    """Collects what belongs into a file, and writes it."""

    def __init__(
        self,
        architecture: str,
        template: str,
        *,
        more_tokens: Sequence[str] = (),
        shard_tensors: int = 0,
    ) -> None:
        """`shard_tensors`: how many tensors a shard has; 0 makes one file of all."""
        self._writer = gguf.GGUFWriter(None, architecture, split_max_tensors=shard_tensors)
        self._architecture = architecture
        self._writer.add_string("general.name", f"tiny {architecture}")
        self._writer.add_string("tokenizer.chat_template", template)
        self.tokens = [*_pico()["tokenizer.ggml.tokens"][0], *more_tokens]
        self._add_tokenizer(len(more_tokens))

    def _add_tokenizer(self, more: int) -> None:
        kinds = [*_pico()["tokenizer.ggml.token_type"][0], *[_CONTROL] * more]
        self._writer.add_array("tokenizer.ggml.tokens", self.tokens)
        self._writer.add_array("tokenizer.ggml.token_type", kinds)
        for key in _KEPT:
            value, kind, inner = _pico()[f"tokenizer.ggml.{key}"]
            self._writer.add_key_value(f"tokenizer.ggml.{key}", value, kind, inner)

    def number(self, **values: float | bool) -> None:
        """Hyper-parameters of the architecture; `__` in a name stands for a dot."""
        for name, value in values.items():
            key = f"{self._architecture}.{name.replace('__', '.')}"
            if isinstance(value, bool):
                self._writer.add_bool(key, value)
            elif isinstance(value, int):
                self._writer.add_uint32(key, value)
            else:
                self._writer.add_float32(key, value)

    def tensor(self, name: str, values: Floats) -> None:
        """`values` has llama.cpp's shape the other way round, as numpy writes it."""
        self._writer.add_tensor(name, values.astype(np.float32))

    def noise(self, name: str, *shape: int, scale: float = 1.0) -> None:
        """A weight of `shape` that keeps the size of what goes through it, times `scale`."""
        self.tensor(name, draw(name, *shape, scale=scale / shape[-1] ** 0.5))

    def norm(self, name: str, width: int) -> None:
        self.tensor(name, 1 + draw(name, width, scale=0.1))

    def vocabulary(self, width: int, *, head: str = "output.weight") -> Floats:
        """The embeddings, and the head in which each word is followed by another. Gives the head."""
        embeddings = draw("token_embd.weight", len(self.tokens), width)
        self.tensor("token_embd.weight", embeddings)
        words = [place for place, text in enumerate(self.tokens) if _WORD.fullmatch(text)]
        after = np.random.default_rng(len(words)).permutation(words)
        weights = np.zeros_like(embeddings)
        weights[after] = embeddings[words] / np.float32(width**0.5)
        self.tensor(head, weights)
        self.norm("output_norm.weight", width)
        return weights

    def write(self, folder: Path, name: str) -> Path:
        """Gives the path of the file, or of its first shard."""
        path = folder / f"{name}.gguf"
        self._writer.write_header_to_file(path)
        self._writer.write_kv_data_to_file()
        self._writer.write_tensors_to_file()
        self._writer.close()
        return path if path.exists() else next(folder.glob(f"{name}-00001-of-*.gguf"))
