/** What TensorFlow's CUDA build is told before it is loaded, and what the GPU can do. On a processor nothing of this has an effect. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/records/errors';

type Environment = Record<string, string | undefined>;

/** Where set-up with --gpu unpacks CUDA's libraries; libdevice and ptxas, with which XLA compiles, are in cuda_nvcc. */
const CUDA = join(__dirname, '../../../kernel-setup/vendor/tensorflow/nvidia');

/** CUDA's devices that the user lets this program see, as they stood when it started; undefined for all. */
const VISIBLE = process.env.CUDA_VISIBLE_DEVICES;

/**
 * The device of a worker by its rank: each has one of its own, since TensorFlow's binding computes on a single one. Throws InputError where the
 * environment names fewer.
 */
export function deviceOf(rank: number, visible: string | undefined = VISIBLE): string {
  if (visible === undefined) return String(rank);
  if (visible === '' || visible === '-1') return visible;
  const devices = visible.split(',').map((device) => device.trim());
  const device = devices[rank];
  if (device !== undefined) return device;
  throw new InputError(
    `Worker ${rank} has no GPU: CUDA_VISIBLE_DEVICES=${visible} names ${devices.length}; name one for each worker, or start fewer.`,
  );
}

/**
 * Sets what is not set: one device, memory taken as it is needed (else one process takes all), products in full fp32 (TF32 keeps ten bits of a
 * number's fraction), and the place of CUDA's compiler. Nothing where TensorFlow is built for processors alone.
 */
export function prepareForGpu(env: Environment, cuda = CUDA): void {
  if (!existsSync(cuda)) return;
  env.CUDA_VISIBLE_DEVICES = deviceOf(0, env.CUDA_VISIBLE_DEVICES);
  env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  env.NVIDIA_TF32_OVERRIDE ??= '0';
  env.XLA_FLAGS ??= `--xla_gpu_cuda_data_dir=${join(cuda, 'cuda_nvcc')}`;
}

/** What a worker that this process starts is told of GPUs beyond this process's own environment. */
export const workerEnvironment = (rank: number, cuda = CUDA): Environment =>
  existsSync(cuda) ? { CUDA_VISIBLE_DEVICES: deviceOf(rank) } : {};

/** Whether the GPU computes fp32 products in TF32. */
export const usesTf32 = (env: Environment = process.env): boolean => env.NVIDIA_TF32_OVERRIDE !== '0';

/** The first compute capability with bf16 products: Ampere's. */
const BF16_SINCE = 8;

/** Whether the driver says that the GPU has bf16 products; false where it says nothing. */
export function gpuHasBf16(device = process.env.CUDA_VISIBLE_DEVICES ?? '0'): boolean {
  try {
    const query = ['--query-gpu=compute_cap', '--format=csv,noheader', `--id=${device}`];
    return Number.parseFloat(execFileSync('nvidia-smi', query, { encoding: 'utf8', timeout: 10_000 })) >= BF16_SINCE;
  } catch {
    return false;
  }
}
