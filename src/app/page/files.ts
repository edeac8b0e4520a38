/** The files that a page loads for its workers, by their names, with the places at which the library looks for them. */
const MODEL = 'data/microscience';

export const PLACES: Readonly<Record<string, string>> = {
  'config.json': MODEL,
  'model.safetensors': MODEL,
  'tokenizer.json': MODEL,
  'tokenizer_config.json': MODEL,
  'special_tokens_map.json': MODEL,
  'pretraining.json': MODEL,
  // Reports run it.
  'inspector.js': 'dist/browser',
};

/** The WebAssembly that computes: tfjs's, and our own loops. */
export const WASM = { tfjs: 'tfjs.wasm', loops: 'loops.wasm' } as const;
