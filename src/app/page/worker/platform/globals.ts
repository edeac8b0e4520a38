/** What every module in Node can name, for a tab. */
export { Buffer } from 'buffer';

export const process = {
  // One operation after the other: a page compiles no graphs.
  env: { RCSD_EAGER: '1' } as Record<string, string | undefined>,
  versions: {},
  pid: 1,
  platform: 'browser',
  arch: 'wasm32',
  cwd: (): string => '/',
  hrtime: { bigint: (): bigint => BigInt(Math.round(performance.now() * 1e6)) },
  memoryUsage: () => ({ rss: 0 }),
  resourceUsage: () => ({ maxRSS: 0 }),
  availableMemory: (): number => 4e9,
  constrainedMemory: (): number => 0,
};

/** Timers would wait 4 ms; messages do not. */
export function setImmediate(run: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(0);
}
