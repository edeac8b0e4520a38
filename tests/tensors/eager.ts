/** Runs something op by op, as RCSD_EAGER=1 in the environment does. */
export function eagerly<T>(run: () => T): T {
  const before = process.env.RCSD_EAGER;
  process.env.RCSD_EAGER = '1';
  const restore = (): void => {
    if (before === undefined) delete process.env.RCSD_EAGER;
    else process.env.RCSD_EAGER = before;
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
