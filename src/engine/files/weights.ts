/** One view of a weight file, whatever its format. */

/** Named matrices on disk; values are read one tensor at a time as fp32. */
export interface WeightSource {
  readonly names: readonly string[];
  /** Row-major shape, Hugging Face order (`[out, in]`). Throws InputError for an unknown name. */
  shape(name: string): readonly number[];
  /** The values, converted to fp32. */
  read(name: string): Float32Array;
  close(): void;
}
