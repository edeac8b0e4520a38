/** The interface of an open weight file, whatever its format. */

/** Named matrices on disk; values are read one tensor at a time, as fp32. */
export interface WeightSource {
  readonly names: readonly string[];
  /** Shape in Hugging Face's order (`[out, in]`), row-major. Throws InputError for an unknown name. */
  shape(name: string): readonly number[];
  /** Whether it holds numbers (not flags or whole numbers, which no weight of a supported model is). */
  isFloat(name: string): boolean;
  /** Throws InputError for a type that cannot be read. */
  read(name: string): Float32Array;
  /** Whether it is stored in bf16. */
  isBf16(name: string): boolean;
  /** The values as bits of bf16; those of other types are rounded. */
  readBf16(name: string): Uint16Array;
  close(): void;
}
