/** node:os in a tab. */
export const hostname = (): string => 'browser';
export const cpus = (): { model: string }[] => [{ model: 'WebAssembly' }];
export const availableParallelism = (): number => 1;
export const totalmem = (): number => 4e9;
