"""The shapes that the tensors of GLM's vision tower must have; llama.cpp does not compare them."""

import re
from collections.abc import Iterator, Mapping

from glmdesk.library.gguf.header import Header, shown

_BLOCK = re.compile(r"^v\.blk\.\d+\.")
_Shape = tuple[int, ...]


def misfits(header: Header) -> Iterator[str]:
    """Each as half a sentence; nothing for other towers, and for tensors that GLM's does not have."""
    if header.metadata.get("clip.projector_type") != "glm4v":
        return
    found = {tensor.name: tensor.shape for tensor in header.tensors}
    wanted = _shapes(header, found)
    for name, shape in found.items():
        expected = wanted.get(_BLOCK.sub("", name), shape)
        if shape != expected:
            yield f"tensor {shown(name)} has the shape {shown(shape)} and not {shown(expected)}"


def _shapes(header: Header, found: Mapping[str, _Shape]) -> dict[str, _Shape]:
    """By name, without the block's number. The inner widths are the file's own."""
    width, patch, image, merge = (
        int(header.metadata.get(f"clip.vision.{key}", default))
        for key, default in (
            ("embedding_length", 0), ("patch_size", 14), ("image_size", 0), ("spatial_merge_size", 2)
        )
    )  # fmt: skip
    out = int(header.metadata.get("clip.vision.projection_dim", 0))
    feed, inner = (_columns(found, name) for name in ("v.blk.0.ffn_up.weight", "mm.up.weight"))
    patches = (patch, patch, 3, width)
    return {
        "v.patch_embd.weight": patches, "v.patch_embd.weight.1": patches,
        "v.patch_embd.bias": (width,), "v.norm_embd.weight": (width,), "v.post_ln.weight": (width,),
        "v.position_embd.weight": (width, (image // patch) ** 2),
        "attn_qkv.weight": (width, 3 * width), "attn_out.weight": (width, width),
        "ln1.weight": (width,), "ln2.weight": (width,),
        "ffn_gate.weight": (width, feed), "ffn_up.weight": (width, feed),
        "ffn_down.weight": (feed, width),
        "mm.patch_merger.weight": (merge, merge, width, out), "mm.patch_merger.bias": (out,),
        "mm.model.fc.weight": (out, out), "mm.post_norm.weight": (out,), "mm.post_norm.bias": (out,),
        "mm.gate.weight": (out, inner), "mm.up.weight": (out, inner), "mm.down.weight": (inner, out),
    }  # fmt: skip


def _columns(found: Mapping[str, _Shape], name: str) -> int:
    shape = found.get(name, ())
    return shape[1] if len(shape) == 2 else 0
