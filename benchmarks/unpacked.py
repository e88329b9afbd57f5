"""Write a model file again with its weights in float16: the same model, without quantised arithmetic.

With quantised weights llama.cpp computes one token alone otherwise than several together, and the
logits move by tenths; in float16 they move by hundredths. Needs the `gguf` package.
"""

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize

FILE_TYPE_F16 = 1


def write(source: Path, target: Path) -> Path:
    """A few seconds for 135 million weights."""
    reader = GGUFReader(source)
    architecture = reader.get_field("general.architecture")
    assert architecture is not None
    writer = GGUFWriter(target, str(architecture.contents()))
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        value = FILE_TYPE_F16 if key == "general.file_type" else field.contents()
        kind = field.types[0]
        inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(key, value, kind, inner)
    for tensor in reader.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type)
        is_plain = tensor.tensor_type == GGMLQuantizationType.F32
        writer.add_tensor(tensor.name, weights if is_plain else weights.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
