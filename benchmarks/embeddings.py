"""What a vision tower makes of a picture, straight from llama.cpp: pixels in, an array of numbers out."""

import ctypes
from typing import Any

import numpy as np
from llama_cpp import mtmd_cpp as mtmd

from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Picture


class Tower:
    """The projector of one model. Close it when done."""

    def __init__(self, spec: LoadSpec) -> None:
        assert spec.mmproj is not None
        self._model = LlamaModel(spec, CancelFlag(), lambda done: None)
        params = mtmd.mtmd_context_params_default()
        params.print_timings = False
        params.n_threads = self._model.threads
        params.image_min_tokens = spec.image_min_tokens
        params.image_max_tokens = spec.image_max_tokens
        path = str(spec.mmproj).encode()
        self._context = mtmd.mtmd_init_from_file(path, self._model.pointer, params)

    def embed(self, picture: Picture) -> Any:
        """One row of numbers for each token of `picture`."""
        pixels = picture.path.read_bytes()
        data = (ctypes.c_uint8 * len(pixels)).from_buffer_copy(pixels)
        bitmap = mtmd.mtmd_bitmap_init(picture.width, picture.height, data)
        chunks = mtmd.mtmd_input_chunks_init()
        try:
            part = mtmd.mtmd_input_part(text=None, bitmap=bitmap)
            parts = (ctypes.POINTER(mtmd.mtmd_input_part) * 1)(ctypes.pointer(part))
            if mtmd.mtmd_tokenize_from_parts(self._context, chunks, parts, 1, False):
                raise RuntimeError("llama.cpp does not take this picture")
            return self._encode(self._image(chunks))
        finally:
            mtmd.mtmd_input_chunks_free(chunks)
            mtmd.mtmd_bitmap_free(bitmap)

    def _image(self, chunks: object) -> object:
        for place in range(mtmd.mtmd_input_chunks_size(chunks)):
            chunk = mtmd.mtmd_input_chunks_get(chunks, place)
            if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE:
                return chunk
        raise RuntimeError("llama.cpp made no picture of this")

    def _encode(self, chunk: object) -> Any:
        if mtmd.mtmd_encode_chunk(self._context, chunk):
            raise RuntimeError("llama.cpp could not encode this picture")
        shape = (mtmd.mtmd_input_chunk_get_n_tokens(chunk), self._model.embedding_size)
        return np.ctypeslib.as_array(mtmd.mtmd_get_output_embd(self._context), shape).copy()

    def close(self) -> None:
        mtmd.mtmd_free(self._context)
        self._model.close()
