/** Keeps what is made once for each model shape, above all compiled graphs. */
import type { ModelConfig } from './config';

/** Remembers the results of `make` by configuration; a result is freed together with its configuration. */
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
