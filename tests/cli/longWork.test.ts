/** Long work that is stopped, or could not be written: what a command says is kept is on the disk; a place to write is tried first. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command as doctor } from '../../src/app/cli/doctor';
import { command as generate } from '../../src/app/cli/generate';
import { command as judge } from '../../src/app/cli/judge';
import { command as audit } from '../../src/app/cli/probes/audit';
import { command as clipping } from '../../src/app/cli/probes/clipping';
import { command as contexts } from '../../src/app/cli/probes/contexts';
import { command as quickstart } from '../../src/app/cli/quickstart';
import { command as rubricsGenerate } from '../../src/app/cli/rubricsGenerate';
import { command as rubricsQuality } from '../../src/app/cli/rubricsQuality';
import { command as score } from '../../src/app/cli/score';
import { throwIfAborted } from '../../src/base/records/errors';
import type { ProgressEvent } from '../../src/base/records/events';
import { here } from './runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-stopped-'));
const file = (name: string, rows: readonly object[]): string => {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
};

/** A context whose Ctrl-C comes with the first event of a stage. */
function stopsAt(stage: string) {
  const controller = new AbortController();
  const onProgress = (event: ProgressEvent) => {
    if (event.stage === stage) controller.abort();
  };
  return { signal: controller.signal, progress: { onProgress, finish: () => undefined } };
}

test('the error of a stopped operation promises nothing', () => {
  expect(() => throwIfAborted(AbortSignal.abort())).toThrow(/^Stopped on request\.$/);
});

describe('rcsd contexts', () => {
  const words = ['contexts', 'data=microscience', '--questions', '14'];
  const rowsOf = (path: string): unknown[] =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line));

  test('keeps what is finished, goes on with it, and ends with the rows of an uninterrupted run', async () => {
    const [whole, output] = [join(folder, 'whole.jsonl'), join(folder, 'stopped.jsonl')];
    const printed = await here(contexts, [...words, '--output', whole]);
    await expect(here(contexts, [...words, '--output', output], stopsAt('placebo'))).rejects.toThrow(
      `Stopped on request; what is finished is in ${output}.partial, and the same command goes on.`,
    );
    expect(rowsOf(`${output}.partial`)).toEqual(rowsOf(whole).slice(0, 3 * 14));
    const stages = new Set<string>();
    const progress = { onProgress: ({ stage }: ProgressEvent) => stages.add(stage), finish: () => undefined };
    expect(await here(contexts, [...words, '--output', output], { progress })).toBe(printed);
    expect([...stages]).toEqual(['placebo', 'generic', 'answer', 'wrong answer']);
    expect(rowsOf(output)).toEqual(rowsOf(whole));
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  test('says that nothing is kept without --output', async () => {
    await expect(here(contexts, words, stopsAt('placebo'))).rejects.toThrow(
      /nothing of it is kept; with --output FILE/,
    );
  });
});

const prompts = file('prompts.jsonl', [{ id: 1, prompt: 'v' }]);
const pairs = file('pairs.jsonl', [{ id: 1, prompt: 'v', completion: 'v' }]);
const answers = file('answers.jsonl', [{ id: 1, question: 'q', response: 'r', reference: 'r' }]);
const NOTHING = 'Stopped on request; nothing of it is kept, and the same command begins anew.';

test.each([
  [doctor, ['doctor', '--train', '--samples', '0']],
  [clipping, ['clipping', 'data=microscience', '--questions', '7', '--output', join(folder, 'never')]],
  [
    rubricsQuality,
    ['quality', 'data=microscience', '--sources', 'reference', 'questions=7', '--output', join(folder, 'never')],
  ],
  [score, ['score', '--input', pairs, '--output', join(folder, 'never')]],
] as const)('nothing is kept, and nothing is said to be: %#', async (command, words) => {
  const before = readdirSync(folder);
  await expect(here(command, words, { signal: AbortSignal.abort() })).rejects.toThrow(NOTHING);
  expect(readdirSync(folder)).toEqual(before);
});

test('generate keeps what it drew when the output cannot be written, and ends with the rows of an untroubled run', async () => {
  const three = file(
    'three.jsonl',
    [1, 2, 3].map((id) => ({ id, prompt: 'v' })),
  );
  const words = ['generate', '--max_tokens', '9', '--samples', '600', '--input', three];
  const [whole, output] = [join(folder, 'whole-rows.jsonl'), join(folder, 'blocked', 'rows.jsonl')];
  await here(generate, [...words, '--output', whole]);
  mkdirSync(join(folder, 'blocked'));
  // Nothing can be renamed to a folder: the output fails at the end, when every row is drawn.
  const block = { onProgress: () => mkdirSync(output, { recursive: true }), finish: () => undefined };
  await expect(here(generate, [...words, '--output', output], { progress: block })).rejects.toThrow(
    `what is finished is in ${output}.partial, and the same command goes on`,
  );
  const kept = readFileSync(`${output}.partial`, 'utf8').split('\n').slice(1).join('\n');
  expect(kept).toBe(readFileSync(whole, 'utf8'));
  rmSync(output, { recursive: true });
  // A piece of which the last row is gone is drawn again as a whole.
  writeFileSync(`${output}.partial`, readFileSync(`${output}.partial`, 'utf8').split('\n').slice(0, 1300).join('\n'));
  await here(generate, [...words, '--output', output]);
  expect(readFileSync(output, 'utf8')).toBe(readFileSync(whole, 'utf8'));
  expect(readdirSync(join(folder, 'blocked'))).toEqual(['rows.jsonl']);
});

test('rows that another model made are not gone on with', async () => {
  const output = join(folder, 'other-model.jsonl');
  const words = ['contexts', 'data=microscience', '--questions', '4', '--output', output];
  await expect(here(contexts, words, stopsAt('placebo'))).rejects.toThrow('and the same command goes on');
  const [first = '', ...rows] = readFileSync(`${output}.partial`, 'utf8').split('\n');
  const head = JSON.parse(first);
  head.inputs.weights = '0'.repeat(64);
  writeFileSync(`${output}.partial`, [JSON.stringify(head), ...rows].join('\n'));
  await expect(here(contexts, words)).rejects.toThrow(/begun with other weights \(SHA-256 000000000000\.\.\. there/);
});

test('rubrics generate keeps finished rubrics in its cache alone', async () => {
  const words = ['rubrics generate', 'data=microscience', '--questions', '3'];
  const signal = AbortSignal.abort();
  await expect(here(rubricsGenerate, words, { signal })).rejects.toThrow('nothing of it is kept; with --cache FOLDER');
  const cache = join(folder, 'cache');
  await expect(here(rubricsGenerate, [...words, '--cache', cache], { signal })).rejects.toThrow(
    `Stopped on request; finished rubrics are in ${cache}, and the same command goes on.`,
  );
});

test('judge names the file that it goes on from', async () => {
  const words = ['judge', '--kind', 'grpo', '--judge', 'microscience', '--readout', 'logprobs', '--input', answers];
  const signal = AbortSignal.abort();
  await expect(here(judge, words, { signal })).rejects.toThrow('nothing of it is kept; with --output FILE');
  const output = join(folder, 'judged.jsonl');
  await expect(here(judge, [...words, '--output', output], { signal })).rejects.toThrow(
    `Stopped on request; what is finished is in ${output}.partial, and the same command goes on.`,
  );
});

test('quickstart says how to go on in the folder it was given', async () => {
  const words = ['quickstart', 'steps=1', 'evaluation.questions=7', '--runs', join(folder, 'runs'), '--name', 'mine'];
  await expect(here(quickstart, words, { signal: AbortSignal.abort() })).rejects.toThrow(
    `with: npx rcsd quickstart --runs ${join(folder, 'runs')} --name mine steps=1 evaluation.questions=7`,
  );
});

test.each([
  [contexts, ['contexts', 'data=microscience', '--questions', '4'], '--output'],
  [audit, ['audit', 'data=microscience', '--questions', '4'], '--output'],
  [audit, ['audit', 'data=microscience', '--questions', '4'], '--figure'],
  [clipping, ['clipping', 'data=microscience', '--questions', '4'], '--output'],
  [rubricsQuality, ['quality', 'data=microscience', '--sources', 'reference', 'questions=4'], '--output'],
  [rubricsGenerate, ['generate', 'data=microscience', '--questions', '2'], '--output'],
  [generate, ['generate', '--max_tokens', '9', '--input', prompts], '--output'],
  [score, ['score', '--input', pairs], '--output'],
  [judge, ['judge', '--kind', 'grpo', '--judge', 'microscience', '--input', answers], '--output'],
  [judge, ['judge', '--kind', 'grpo', '--judge', 'microscience', '--input', answers], '--summary'],
] as const)('a place that cannot be written to is refused before the work: %#', async (command, words, option) => {
  // Stopped at once: a place that was tried too late would not be what is told.
  const stop = { signal: AbortSignal.abort() };
  await expect(here(command, [...words, option, folder], stop)).rejects.toThrow(`${option} ${folder} is a folder`);
  await expect(here(command, [...words, option, join(prompts, 'x')], stop)).rejects.toThrow(`Cannot write ${prompts}`);
});
