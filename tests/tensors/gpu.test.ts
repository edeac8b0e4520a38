import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { deviceOf, gpuHasBf16, prepareForGpu, usesTf32, workerEnvironment } from '../../src/engine/tensors/gpu';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-gpu-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what TensorFlow is told of GPUs', () => {
  it('keeps what the user says, and else takes one device, memory as needed and full fp32', () => {
    const none = {};
    prepareForGpu(none, folder);
    expect(none).toEqual({
      CUDA_VISIBLE_DEVICES: '0',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      NVIDIA_TF32_OVERRIDE: '0',
      XLA_FLAGS: `--xla_gpu_cuda_data_dir=${join(folder, 'cuda_nvcc')}`,
    });
    const own = { CUDA_VISIBLE_DEVICES: '3,1', NVIDIA_TF32_OVERRIDE: '1', XLA_FLAGS: '--own' };
    prepareForGpu(own, folder);
    expect(own).toMatchObject({ CUDA_VISIBLE_DEVICES: '3', NVIDIA_TF32_OVERRIDE: '1', XLA_FLAGS: '--own' });
    const processor = { CUDA_VISIBLE_DEVICES: '0' };
    prepareForGpu(processor, join(folder, 'absent'));
    expect(processor).toEqual({ CUDA_VISIBLE_DEVICES: '0' });
    expect(workerEnvironment(1, join(folder, 'absent'))).toEqual({});
    expect([usesTf32(none), usesTf32(own), usesTf32({})]).toEqual([false, true, true]);
  });

  it.each([
    [0, undefined, '0'],
    [2, undefined, '2'],
    [1, '4, 6', '6'],
    [3, '', ''],
    [1, '-1', '-1'],
    [0, 'GPU-5d1c', 'GPU-5d1c'],
  ])('gives worker %i of the devices %j the device %j', (rank, visible, device) =>
    expect(deviceOf(rank, visible)).toBe(device),
  );

  it('refuses a worker without a device', () => {
    expect(() => deviceOf(2, '0,1')).toThrow(InputError);
    expect(() => deviceOf(2, '0,1')).toThrow('Worker 2 has no GPU: CUDA_VISIBLE_DEVICES=0,1 names 2');
  });

  it.each([
    ['8.0', true],
    ['9.0', true],
    ['7.5', false],
    ['', false],
  ])('knows by the compute capability %j whether there are bf16 products', (capability, has) => {
    const bin = join(folder, `bin-${capability}`);
    mkdirSync(bin);
    writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\n[ "$3" = --id=1 ] && echo "${capability}"\n`);
    chmodSync(join(bin, 'nvidia-smi'), 0o755);
    const path = process.env.PATH;
    process.env.PATH = `${bin}:${path}`;
    try {
      expect([gpuHasBf16('1'), gpuHasBf16('0')]).toEqual([has, false]);
    } finally {
      process.env.PATH = path;
    }
  });

  it('has libdevice and an executable ptxas unpacked', () => {
    const [wheels, target] = [join(folder, 'wheels'), join(folder, 'unpacked')];
    mkdirSync(wheels);
    const text = new Uint8Array([35]);
    writeFileSync(
      join(wheels, 'nvcc.whl'),
      zipSync({
        'nvidia/cuda_nvcc/bin/ptxas': text,
        'nvidia/cuda_nvcc/bin/cuobjdump': text,
        'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc': text,
        'nvidia/cuda_nvcc/nvvm/lib64/libnvvm.so': text,
      }),
    );
    execFileSync('python3', [join(__dirname, '../../kernel-setup/lib/unpack.py'), wheels, target]);
    const files = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).sort()).toEqual(['libdevice.10.bc', 'libnvvm.so', 'ptxas']);
    expect(statSync(join(target, 'nvidia/cuda_nvcc/bin/ptxas')).mode & 0o111).toBe(0o111);
  });
});
