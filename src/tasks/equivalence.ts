/** Stub. */
export function equivalent(a: string, b: string): boolean {
  return a === b;
}
