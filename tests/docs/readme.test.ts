/** The README's first run in TypeScript trains: here two steps, on a few questions. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as rcsd from '../../src';
import { root } from './blocks';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('the snippet runs on the public surface and prints what the text says', async () => {
  const code = /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? '';
  const [, names, body] = /^import \{ (.+) \} from 'rcsd';\n([\s\S]*)$/.exec(code) ?? [];
  const runs = mkdtempSync(join(tmpdir(), 'readme-'));
  const printed: unknown[] = [];
  const globals = {
    ...rcsd,
    console: { log: (line: unknown) => printed.push(line), table: (rows: unknown) => printed.push(rows) },
    trainConfig: (settings: rcsd.TrainInput) =>
      rcsd.trainConfig({ ...settings, runs, steps: 2, batch_size: 4, evaluation: { questions: 4 } }),
    train: async (config: rcsd.TrainConfig) => {
      const outcome = await rcsd.train(config);
      outcome.model.dispose();
      return outcome;
    },
  };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  const run: (scope: unknown) => Promise<void> = new AsyncFunction(
    'scope',
    `const { console, ${names} } = scope;${body}`,
  );
  try {
    await run(globals);
    const estimate = { value: expect.any(Number), low: expect.any(Number), high: expect.any(Number), n: 4 };
    const [table, report] = printed;
    expect(table).toEqual({ before: expect.objectContaining(estimate), after: expect.objectContaining(estimate) });
    expect(readFileSync(report as string, 'utf8')).toContain('<html');
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
});
