/** Writes the parameters of an adapter as PEFT reads them. */
import { writeAdapter } from '../files/adapter';
import type { Params } from '../tensors/gradients';
import type { Tensor } from '../tensors/tensorflow';
import { adaptedModules } from './merge';

/** Writes a folder; values are copied from the device while it is written. `baseModel` is the name or path of its model. @internal */
export function saveAdapter(
  directory: string,
  params: Params,
  about: { readonly rank: number; readonly alpha: number; readonly baseModel: string },
): void {
  const modules = adaptedModules({ params });
  const matrix = (name: string) => {
    const tensor = params[name] as Tensor;
    return { shape: tensor.shape as [number, number], data: () => tensor.dataSync() as Float32Array };
  };
  writeAdapter(directory, {
    ...about,
    tensors: modules.map((name) => ({
      name,
      a: matrix(`${name}.lora_A.weight`),
      b: matrix(`${name}.lora_B.weight`),
    })),
    // An adapter that the user gave may have other targets than the settings.
    targets: [...new Set(modules.map((name) => name.slice(name.lastIndexOf('.') + 1)))],
  });
}
