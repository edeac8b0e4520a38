"""Writes a GGUF file as a plain Hugging Face folder, once, so that PyTorch's side loads as its users do (and may train it).

Call: python peers/convert.py FILE.gguf FOLDER
"""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

source, target = Path(sys.argv[1]), Path(sys.argv[2])
partial = target.with_name(f"{target.name}.partial")
model = AutoModelForCausalLM.from_pretrained(str(source.parent), gguf_file=source.name, dtype=torch.float32)
# The weights are plain numbers by now; this mark would keep them from being saved and trained.
model.hf_quantizer, model.is_quantized, model.quantization_method = None, False, None
del model.config.quantization_config
model.save_pretrained(partial)
AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name).save_pretrained(partial)
partial.rename(target)
