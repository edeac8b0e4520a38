/**
 * Loads our loops (kernel-setup/addon/wasm.cc) into the memory of tfjs's WebAssembly, so that both work on the same tensors: a side
 * module, whose few bytes of data and whose stack lie where tfjs's allocator puts them.
 */

/** What tfjs's WebAssembly offers beside its kernels. */
export interface Host {
  readonly asm: { readonly memory: WebAssembly.Memory };
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** The functions of the module. */
export type Loops = Readonly<Record<string, (...numbers: number[]) => number>>;

const DATA = 4096;
const STACK = 2 ** 20;

/** The loops, as functions of numbers and of addresses in the host's memory. */
export async function loadLoops(bytes: BufferSource, host: Host): Promise<Loops> {
  const module = await WebAssembly.compile(bytes);
  const { memory } = host.asm;
  const constant = (value: number, mutable = false) => new WebAssembly.Global({ value: 'i32', mutable }, value);
  // Compiled code counts on addresses that are multiples of 16.
  const aligned = (size: number): number => (host._malloc(size + 16) + 15) & ~15;
  const zeros = (size: number): number => {
    const address = aligned(size);
    new Uint8Array(memory.buffer, address, size).fill(0);
    return address;
  };
  const known: Record<string, WebAssembly.ImportValue> = {
    memory,
    __indirect_function_table: new WebAssembly.Table({ element: 'anyfunc', initial: 64 }),
    __stack_pointer: constant(aligned(STACK) + STACK, true),
    __memory_base: constant(zeros(DATA)),
    __table_base: constant(0),
    malloc: (size: number) => host._malloc(size),
    calloc: (count: number, size: number) => {
      const address = host._malloc(count * size);
      new Uint8Array(memory.buffer, address, count * size).fill(0);
      return address;
    },
    free: (address: number) => host._free(address),
    log: Math.log,
    __cxa_atexit: () => 0,
  };
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    // What is left belongs to C++'s exceptions, which only a full memory throws.
    const missing = kind === 'global' ? constant(0, true) : failed;
    imports[from] = { ...imports[from], [name]: known[name] ?? missing };
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  const relocate = exports.__wasm_apply_data_relocs as (() => void) | undefined;
  relocate?.();
  return exports as unknown as Loops;
}

function failed(): never {
  throw new Error('The tab has no memory left; close others, or take fewer questions.');
}
