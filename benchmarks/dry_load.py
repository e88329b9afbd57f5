"""Let llama.cpp open a model as the engine would, without memory, and print what it says it would take.

    python -m benchmarks.dry_load MODEL '[{"n_ctx": 4096, "cache_type_k": "q8_0"}, ...]'

One JSON object a case: bytes by part. llama.cpp names no buffer of weights here; its own sum over the
tensors stands for it, less those that it says it leaves out.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as llama

from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.context import context_params, plan_cache
from glmdesk.engines.llama.native import path_bytes, start_library
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.report import LoadReport
from glmdesk.library.gguf import header

_UNUSED = re.compile(r"model has unused tensor \S+ \(size = (\d+) bytes\)")
_CACHE = re.compile(r"llama_kv_cache: size = +([\d.]+) MiB")


class _Heard(LoadReport):
    """A report that keeps the words as well."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""

    def add(self, level: int, text: str) -> None:
        super().add(level, text)
        self.words += text


def main() -> None:
    path, cases = Path(sys.argv[1]), json.loads(sys.argv[2])
    heard = _Heard()
    start_library(heard)
    params = llama.llama_model_default_params()
    params.no_alloc, params.load_mode = True, llama.LLAMA_LOAD_MODE_NONE
    model = llama.llama_model_load_from_file(path_bytes(path), params)
    assert model, heard.reason()
    unused = sum(int(size) for size in _UNUSED.findall(heard.words))
    weights = int(llama.llama_model_size(model)) - unused
    for case in cases:
        print(json.dumps({"weights": weights, **_open(path, model, case)}))


def _open(path: Path, model: object, case: Mapping[str, Any]) -> Mapping[str, int]:
    heard, flag = _Heard(), CancelFlag()
    start_library(heard)
    spec = LoadSpec(id="dry", name="dry", model=path, **case)
    plan = plan_cache(spec, header.read(path))
    trained = int(llama.llama_model_n_ctx_train(model))
    context = llama.llama_init_from_model(model, context_params(spec, plan, trained, 1, flag))
    assert context, heard.reason()
    llama.llama_free(context)
    found = heard.report()
    cache = sum(float(size) for size in _CACHE.findall(heard.words))
    return {"cache": round(cache * 1024 * 1024), "compute": sum(found["compute"].values())}


if __name__ == "__main__":
    main()
