#!/usr/bin/env bash
# The first things to know on a machine with an NVIDIA GPU, in under ten minutes behind the set-up: does it load, are the numbers those of a
# processor, does it train, and how fast is it beside transformers? Needs the driver, Node 20, g++, Python 3.10 with venv, and the package registries.
#
#   benchmarks/gpu.sh [FOLDER]      reports go to FOLDER (default: runs/gpu); each part's output is in a file of its own
#
# TensorFlow takes the first device that CUDA_VISIBLE_DEVICES names. Products are in full fp32 unless NVIDIA_TF32_OVERRIDE=1.
set -uo pipefail
PATH=$PATH:/sbin:/usr/sbin
cd "$(dirname "$0")/.."
out=${1:-runs/gpu}
failed=0

stop() {
  echo "$1" >&2
  exit 2
}

# What is missing is said before anything is fetched.
command -v nvidia-smi > /dev/null || stop 'nvidia-smi was not found: install the NVIDIA driver, or run this in a container that has it (--gpus all).'
nvidia-smi -L > /dev/null 2>&1 || stop 'nvidia-smi finds no GPU: load the driver, or give the container the device (--gpus all).'
ldconfig -p 2> /dev/null | grep -q 'libcuda\.so\.1' || stop 'libcuda.so.1 was not found: the driver'"'"'s libraries are not visible here; in a container, use the NVIDIA runtime.'
driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -n 1)
[ "${driver%%.*}" -ge 525 ] || stop "The driver $driver is too old for CUDA 12: update it to 525 or newer."
command -v node > /dev/null || stop 'Node was not found: install Node 20.19 or newer.'
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  stop "Node $(node --version) is too old: install Node 20.19 or newer."
command -v python3 > /dev/null || stop 'python3 was not found: install Python 3.10 or newer with venv.'
mkdir -p "$out" || stop "$out cannot be written."

# part NAME SECONDS COMMAND...: runs it, keeps what it prints, says how it ended.
part() {
  local name=$1 limit=$2 started=$SECONDS
  shift 2
  printf '%-14s ' "$name"
  if timeout "$limit" "$@" > "$out/$name.txt" 2>&1; then echo "ok, $((SECONDS - started)) s"; else
    failed=$((failed + 1))
    echo "FAILED, $((SECONDS - started)) s: $(grep -v '^[[:space:]]*$' "$out/$name.txt" | tail -n 1 | cut -c 1-160)"
  fi
}

nvidia-smi --query-gpu=index,name,driver_version,compute_cap,memory.total --format=csv | tee "$out/device.txt"
part setup 3600 node kernel-setup/setup.mjs --gpu
[ "$failed" -eq 0 ] || stop "The set-up failed; $out/setup.txt says why."
part loaded 120 node -e 'const { runtimeInfo } = require("./dist/engine/tensors/tensorflow.js");
  const { hasBf16, kernelsInUse } = require("./dist/engine/tensors/hardware.js");
  console.log(runtimeInfo(), kernelsInUse(), "bf16 products:", hasBf16());
  if (!runtimeInfo().gpu) { console.error("TensorFlow sees no GPU; TF_CPP_MIN_LOG_LEVEL=0 makes it say why."); process.exit(1); }'
part doctor 120 npx rcsd doctor
part model 300 npx rcsd models pull smollm2-135m
# Against committed numbers of transformers, and the gradients of every operation.
part parity 300 npx vitest run tests/parity/microscience.test.ts tests/parity/smollm2.test.ts tests/parity/policyGradient.test.ts
part gradients 180 npx vitest run tests/tensors/ops.test.ts tests/losses
part embedded 120 npx rcsd train algorithm=opsd steps=10 "runs=$out/runs" name=embedded
part smollm2 240 npx rcsd train algorithm=opsd model=smollm2-135m data=data/science-sample steps=10 batch_size=8 \
  microbatch_size=4 max_tokens=64 evaluation.questions=8 evaluation.samples=1 evaluation.max_tokens=64 "runs=$out/runs" name=smollm2
for precision in fp32 bf16; do
  part "speed-$precision" 180 npx rcsd benchmark stages=decode-16,teacher,student,update "precision=$precision" "output=$out/$precision.json"
done
peers=benchmarks/peers/.venv/bin/python
if [ -x "$peers" ] && "$peers" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2> /dev/null; then
  for stage in decode-16 teacher student update; do
    part "peer-$stage" 120 "$peers" benchmarks/peers/transformers_peft.py "$stage" precision=bf16 device=cuda
  done
else
  echo "transformers    not run: $peers has no PyTorch that sees the GPU (node benchmarks/compare.mjs makes it)"
fi
nvidia-smi --query-gpu=memory.used,utilization.gpu --format=csv >> "$out/device.txt"
echo "$failed parts failed; the reports are in $out"
exit $((failed > 0))
