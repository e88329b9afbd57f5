"""A vision tower, straight from llama.cpp: pixels in, numbers or cells of the cache out."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as llama
from llama_cpp import mtmd_cpp as mtmd

from glmdesk.engines.llama.context import MICRO_BATCH
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Picture


class Tower:
    """The projector of one model. Close it when done, and before the model."""

    def __init__(self, model: LlamaModel, spec: LoadSpec) -> None:
        assert spec.mmproj is not None
        self._model = model
        params = mtmd.mtmd_context_params_default()
        params.print_timings = False
        params.n_threads = model.threads
        params.image_min_tokens = spec.image_min_tokens
        params.image_max_tokens = spec.image_max_tokens
        self._context = mtmd.mtmd_init_from_file(str(spec.mmproj).encode(), model.pointer, params)

    def embed(self, picture: Picture) -> Any:
        """One row of numbers for each token of `picture`."""
        with self._encoded(picture) as chunk:
            shape = (mtmd.mtmd_input_chunk_get_n_tokens(chunk), self._model.embedding_size)
            return np.ctypeslib.as_array(mtmd.mtmd_get_output_embd(self._context), shape).copy()

    def show(self, picture: Picture, position: int) -> int:
        """Decode `picture` into the model's cache at `position`; gives the position after it."""
        after = llama.llama_pos(position)
        with self._encoded(picture) as chunk:
            code = mtmd.mtmd_helper_decode_image_chunk(
                self._context, self._model.context, chunk,
                mtmd.mtmd_get_output_embd(self._context), position, 0, MICRO_BATCH,
                ctypes.byref(after), mtmd.mtmd_helper_post_decode_callback(), None,
            )  # fmt: skip
        if code:
            raise RuntimeError("llama.cpp could not decode this picture")
        return int(after.value)

    @contextmanager
    def _encoded(self, picture: Picture) -> Iterator[object]:
        """The chunk of a picture that has just been encoded."""
        pixels = picture.path.read_bytes()
        data = (ctypes.c_uint8 * len(pixels)).from_buffer_copy(pixels)
        bitmap = mtmd.mtmd_bitmap_init(picture.width, picture.height, data)
        chunks = mtmd.mtmd_input_chunks_init()
        try:
            part = mtmd.mtmd_input_part(text=None, bitmap=bitmap)
            parts = (ctypes.POINTER(mtmd.mtmd_input_part) * 1)(ctypes.pointer(part))
            if mtmd.mtmd_tokenize_from_parts(self._context, chunks, parts, 1, False):
                raise RuntimeError("llama.cpp does not take this picture")
            chunk = _image(chunks)
            if mtmd.mtmd_encode_chunk(self._context, chunk):
                raise RuntimeError("llama.cpp could not encode this picture")
            yield chunk
        finally:
            mtmd.mtmd_input_chunks_free(chunks)
            mtmd.mtmd_bitmap_free(bitmap)

    def close(self) -> None:
        mtmd.mtmd_free(self._context)


def _image(chunks: object) -> object:
    for place in range(mtmd.mtmd_input_chunks_size(chunks)):
        chunk = mtmd.mtmd_input_chunks_get(chunks, place)
        if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE:
            return chunk
    raise RuntimeError("llama.cpp made no picture of this")
