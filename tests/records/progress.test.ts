import { expect, test } from 'vitest';
import { duration, progressLine, progressPrinter } from '../../src/base/records/progress';

test.each([
  [0.4, '0s'],
  [59.6, '1m00s'],
  [200, '3m20s'],
  [7500, '2h05m'],
])('%d seconds print as %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('a line has count, time spent and left, numbers and detail', () => {
  const event = { stage: 'stage I', done: 20, total: 80, metrics: { loss: 0.012345, tokens: 900 }, detail: 'saved' };
  expect(progressLine(event, 10)).toBe('stage I 20/80 (10s, 30s left)  loss 0.0123  tokens 900  saved');
  expect(progressLine({ stage: 's', done: 0, total: 5 }, 1)).toBe('s 0/5 (1s)');
  expect(progressLine({ stage: 's', done: 1, total: 5 }, 0)).toBe('s 1/5 (0s)');
  expect(progressLine({ stage: 's', done: 30, total: 50 }, 10, 20)).toBe('s 30/50 (10s, 20s left)');
});

/** Replays events at given milliseconds and returns everything written. */
function written(isTTY: boolean, steps: readonly [number, string, number][]): string {
  let time = 0;
  let text = '';
  const stream = { isTTY, columns: 40, write: (part: string) => (text += part) };
  const printer = progressPrinter(stream, () => time);
  for (const [at, stage, done] of steps) {
    time = at;
    printer.onProgress({ stage, done, total: 10 });
  }
  printer.finish();
  return text;
}

test('without a terminal there is a line every five seconds and one at the end', () => {
  const steps: [number, string, number][] = [
    [0, 'train', 0],
    [1000, 'train', 1],
    [6000, 'train', 6],
    [7000, 'train', 9],
    [8000, 'train', 10],
  ];
  expect(written(false, steps)).toBe('train 0/10 (0s)\ntrain 6/10 (6s, 4s left)\ntrain 10/10 (8s)\n');
});

test('in a terminal one line renews itself and a new stage gets its own', () => {
  const text = written(true, [
    [0, 'a', 0],
    [50, 'a', 1],
    [200, 'a', 2],
    [300, 'b', 10],
  ]);
  expect(text).toBe('\r\x1b[2Ka 0/10 (0s)\r\x1b[2Ka 2/10 (0s, 1s left)\n\r\x1b[2Kb 10/10 (0s)\n');
});

test.each([false, true])('a warning is a line of its own and always printed (terminal: %s)', (isTTY) => {
  let text = '';
  const stream = { isTTY, columns: 80, write: (part: string) => (text += part) };
  const printer = progressPrinter(stream, () => 0);
  const at = (done: number, warning?: string) => ({ stage: 'a', done, total: 9, ...(warning && { warning }) });
  for (const event of [at(1), at(2), at(2, 'first'), at(2, 'second'), at(3), at(9)]) printer.onProgress(event);
  printer.finish();
  const lines = text.replaceAll('\r\x1b[2K', '\n').split('\n').filter(Boolean);
  expect(lines.slice(1, 3)).toEqual(['Warning at a 2/9: first', 'Warning at a 2/9: second']);
  expect(lines.at(-1)).toBe('a 9/9 (0s)');
  expect(text.endsWith('\n')).toBe(true);
});
