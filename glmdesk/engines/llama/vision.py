"""Pictures for a loaded model: how many tokens one takes, and its cells in the cache.

Pictures arrive at the exact size the model sees, so llama.cpp copies them unchanged. Encoding looks at
the cancel flag after every node of the graph, since the abort callback does not reach the vision tower.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from llama_cpp import llama_cpp as llama
from llama_cpp import mtmd_cpp as mtmd

from glmdesk.engines.llama.model import MICRO_BATCH, Cancelled, LlamaModel, path_bytes
from glmdesk.engines.llama.prefix import Cells
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.errors import EngineError, ModelUnsupported
from glmdesk.messages import Picture


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a picture of one size takes: its tokens, and the ids that frame it."""

    n_tokens: int
    n_pos: int
    before: tuple[int, ...]
    after: tuple[int, ...]


class Vision:
    """A projector beside a model. Raises ModelUnsupported when they do not fit together."""

    def __init__(self, model: LlamaModel, spec: LoadSpec) -> None:
        self._model = model
        self._sizes: dict[tuple[int, int], Size] = {}
        params = mtmd.mtmd_context_params_default()
        params.print_timings = False
        params.n_threads = model.threads
        params.image_min_tokens = spec.image_min_tokens or -1
        params.image_max_tokens = spec.image_max_tokens or -1
        self._watch = llama.ggml_backend_sched_eval_callback(self._go_on)
        params.cb_eval = self._watch
        assert spec.mmproj is not None
        self._context = mtmd.mtmd_init_from_file(path_bytes(spec.mmproj), model.pointer, params)
        if not self._context:
            raise ModelUnsupported(
                f"{spec.mmproj.name} belongs to another model, or is damaged: pictures are off. "
                "Text works."
            )

    def _go_on(self, _: object, asking: bool, __: object) -> bool:
        """llama.cpp's question at each node: asking, "tell me after this one?"; else, "go on?"."""
        return bool(asking) or not self._model.flag.is_set

    def size(self, picture: Picture) -> Size:
        """What `picture` takes, without encoding it."""
        key = (picture.width, picture.height)
        if key not in self._sizes:
            with self._chunks(picture, pixels=None) as chunks:
                self._sizes[key] = _size(chunks)
        return self._sizes[key]

    def cells(self, picture: Picture) -> Cells:
        size = self.size(picture)
        return Cells(id=picture.id, n_tokens=size.n_tokens, n_pos=size.n_pos)

    def read(self, picture: Picture) -> None:
        """Encode `picture` and decode it into the model's cache.

        Raises Cancelled or EngineError; the cache is then as it was before.
        """
        with self._chunks(picture, pixels=self._pixels(picture)) as chunks:
            chunk = _image_chunk(chunks)
            failed = mtmd.mtmd_encode_chunk(self._context, chunk)
            if self._model.flag.is_set:
                raise Cancelled
            if failed:
                raise EngineError(
                    f"The picture {picture.name} could not be encoded. Your chat is safe; try a "
                    "smaller picture."
                )
            self._decode(chunk, mtmd.mtmd_get_output_embd(self._context))
        cells = self.cells(picture)
        self._model.took(cells, cells.n_pos)

    def _decode(self, chunk: object, embeddings: object) -> None:
        start = self._model.positions
        end = llama.llama_pos(start)
        code = mtmd.mtmd_helper_decode_image_chunk(
            self._context, self._model.context, chunk, embeddings, start, 0, MICRO_BATCH,
            ctypes.byref(end), mtmd.mtmd_helper_post_decode_callback(), None,
        )  # fmt: skip
        self._model.settle(code)

    def _pixels(self, picture: Picture) -> bytes:
        try:
            pixels = picture.path.read_bytes()
        except OSError:
            pixels = b""
        if len(pixels) != picture.width * picture.height * 3:
            raise EngineError(
                f"The prepared copy of {picture.name or 'a picture'} is missing or damaged. "
                "Nothing is lost; send the question again."
            )
        return pixels

    @contextmanager
    def _chunks(self, picture: Picture, *, pixels: bytes | None) -> Iterator[object]:
        """llama.cpp's chunks of one picture; without pixels only their sizes are right."""
        data = (ctypes.c_uint8 * len(pixels)).from_buffer_copy(pixels) if pixels else None
        bitmap = mtmd.mtmd_bitmap_init(picture.width, picture.height, data)
        chunks = mtmd.mtmd_input_chunks_init()
        try:
            mtmd.mtmd_bitmap_set_id(bitmap, picture.id.encode())
            part = mtmd.mtmd_input_part(text=None, bitmap=bitmap)
            parts = (ctypes.POINTER(mtmd.mtmd_input_part) * 1)(ctypes.pointer(part))
            if mtmd.mtmd_tokenize_from_parts(self._context, chunks, parts, 1, False):
                raise EngineError(
                    f"llama.cpp does not accept a picture of {picture.width} × {picture.height}. "
                    "Nothing is lost; try another picture."
                )
            yield chunks
        finally:
            mtmd.mtmd_input_chunks_free(chunks)
            mtmd.mtmd_bitmap_free(bitmap)

    def close(self) -> None:
        mtmd.mtmd_free(self._context)


def _chunk_list(chunks: object) -> list[object]:
    count = mtmd.mtmd_input_chunks_size(chunks)
    return [mtmd.mtmd_input_chunks_get(chunks, place) for place in range(count)]


def _is_image(chunk: object) -> bool:
    return bool(mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE)


def _image_chunk(chunks: object) -> object:
    return next(chunk for chunk in _chunk_list(chunks) if _is_image(chunk))


def _text_ids(chunk: object) -> tuple[int, ...]:
    count = ctypes.c_size_t(0)
    ids = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count))
    return tuple(ids[: count.value]) if ids else ()


def _size(chunks: object) -> Size:
    """Raises EngineError for a picture that llama.cpp would cut into several (none of GLM's are)."""
    found = _chunk_list(chunks)
    images = [place for place, chunk in enumerate(found) if _is_image(chunk)]
    if len(images) != 1:
        raise EngineError(
            "This model cuts pictures into tiles, which glmdesk does not support yet."
        )
    image = images[0]
    return Size(
        n_tokens=int(mtmd.mtmd_input_chunk_get_n_tokens(found[image])),
        n_pos=int(mtmd.mtmd_input_chunk_get_n_pos(found[image])),
        before=tuple(token for chunk in found[:image] for token in _text_ids(chunk)),
        after=tuple(token for chunk in found[image + 1 :] for token in _text_ids(chunk)),
    )
