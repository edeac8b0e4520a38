/** Things that are made once for each model shape, compiled graphs above all. */
import type { ModelConfig } from './config';

/** `make` with its results remembered by configuration; they go when the configuration does. */
export function perConfig<T>(make: (config: ModelConfig) => T): (config: ModelConfig) => T {
  const made = new WeakMap<ModelConfig, T>();
  return (config) => {
    let value = made.get(config);
    if (value === undefined) {
      value = make(config);
      made.set(config, value);
    }
    return value;
  };
}
