"""Writes a quantised GGUF file with the same weights as plain numbers, so that llama.cpp decodes at our precision.

Call: python peers/plain_gguf.py FILE.gguf TARGET.gguf fp32|bf16
"""

import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize

TYPES = {"fp32": GGMLQuantizationType.F32, "bf16": GGMLQuantizationType.BF16}
FILE_TYPES = {"fp32": 0, "bf16": 32}

source, target, precision = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
reader = GGUFReader(source)
partial = target.with_name(f"{target.name}.partial")
writer = GGUFWriter(partial, reader.fields["general.architecture"].contents())
for name, field in reader.fields.items():
    # The writer counts these, or has written them, or they are about to change.
    if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type", "general.quantization_version"):
        continue
    inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
    writer.add_key_value(name, field.contents(), field.types[0], sub_type=inner)
writer.add_file_type(FILE_TYPES[precision])
for tensor in reader.tensors:
    values = np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
    # As llama.cpp's own conversion does: matrices in the wanted type, norms in fp32.
    kind = TYPES[precision] if values.ndim > 1 else GGMLQuantizationType.F32
    writer.add_tensor(tensor.name, quantize(values, kind), raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
partial.rename(target)
