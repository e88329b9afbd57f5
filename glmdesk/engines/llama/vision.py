"""Pictures for a loaded model: how many tokens one takes, and what the vision tower makes of it.

Pictures arrive at the exact size the model sees, so llama.cpp copies them unchanged. Encoding looks at
the cancel flag after every node of the graph, since the abort callback does not reach the vision tower.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from llama_cpp import llama_cpp as llama
from llama_cpp import mtmd_cpp as mtmd

from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.native import path_bytes
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


class EncodingCancelled(Exception):
    """The tower's flag was set."""


@dataclass(frozen=True, kw_only=True)
class Embeddings:
    """What the tower makes of a picture: `n_tokens` cells, ready to be decoded."""

    floats: "ctypes.Array[ctypes.c_float]"
    """n_tokens × width, cell after cell."""
    n_tokens: int
    sections: tuple[tuple[int, ...], ...]
    """Positions from 0 on: one list a section of M-RoPE (t, y, x, z), or one where there is none."""
    causal: bool
    """False: all cells must be decoded at once, each seeing all others."""

    @property
    def n_bytes(self) -> int:
        return ctypes.sizeof(self.floats)

    def address(self, cell: int) -> int:
        """Where the floats of a cell begin."""
        width = len(self.floats) // self.n_tokens
        return ctypes.addressof(self.floats) + 4 * width * cell


class Vision:
    """A projector beside a model. Raises ModelUnsupported when they do not fit together."""

    def __init__(self, model: LlamaModel, spec: LoadSpec) -> None:
        self.flag = CancelFlag()
        self._width = model.embedding_size
        self._sizes: dict[tuple[int, int], Size] = {}
        params = mtmd.mtmd_context_params_default()
        params.print_timings = False
        params.n_threads = model.threads
        params.use_gpu = spec.mmproj_offload
        # Pictures arrive at their final size: llama.cpp must not resize them once more.
        params.image_min_tokens = 1
        params.image_max_tokens = max(spec.image_max_tokens, spec.image_ceiling_tokens) or -1
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
        return bool(asking) or not self.flag.is_set

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

    def encode(self, picture: Picture) -> Embeddings:
        """Run the tower over `picture`. Raises EncodingCancelled or EngineError."""
        with self._chunks(picture, pixels=self._pixels(picture)) as chunks:
            chunk = _image_chunk(chunks)
            failed = mtmd.mtmd_encode_chunk(self._context, chunk)
            if self.flag.is_set:
                raise EncodingCancelled
            if failed:
                raise EngineError(
                    f"The picture {picture.name} could not be encoded. Your chat is safe; try a "
                    "smaller picture."
                )
            return self._embeddings(chunk)

    def _embeddings(self, chunk: object) -> Embeddings:
        count = int(mtmd.mtmd_input_chunk_get_n_tokens(chunk))
        floats = (ctypes.c_float * (count * self._width))()
        output = mtmd.mtmd_get_output_embd(self._context)
        ctypes.memmove(floats, output, ctypes.sizeof(floats))
        return Embeddings(
            floats=floats,
            n_tokens=count,
            sections=self._sections(chunk, count),
            causal=not mtmd.mtmd_decode_use_non_causal(self._context, chunk),
        )

    def _sections(self, chunk: object, count: int) -> tuple[tuple[int, ...], ...]:
        """Positions of the cells from 0 on, in the order in which llama.cpp wants them."""
        if not mtmd.mtmd_decode_use_mrope(self._context):
            return (tuple(range(count)),)
        image = mtmd.mtmd_input_chunk_get_tokens_image(chunk)
        places = [mtmd.mtmd_image_tokens_get_decoder_pos(image, 0, cell) for cell in range(count)]
        return tuple(
            tuple(int(getattr(place, section)) for place in places)
            for section in ("t", "y", "x", "z")
        )

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
