/** Runs something with a variable of the environment set. */
function withVariable<T>(name: string, value: string, run: () => T): T {
  const before = process.env[name];
  process.env[name] = value;
  const restore = (): void => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  };
  try {
    const result = run();
    if (result instanceof Promise) return result.finally(restore) as T;
    restore();
    return result;
  } catch (error) {
    restore();
    throw error;
  }
}

/** Runs something op by op, as RCSD_EAGER=1 in the environment does. */
export const eagerly = <T>(run: () => T): T => withVariable('RCSD_EAGER', '1', run);

/** Runs something with TensorFlow's stock operations in place of our kernels; what is compiled already stays as it is. */
export const stock = <T>(run: () => T): T => withVariable('RCSD_KERNELS', '0', run);
