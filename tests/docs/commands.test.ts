import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/app/cli/commands';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { root } from './blocks';

const FILES = [
  'README.md',
  'CONTRIBUTING.md',
  'environment.md',
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : [])),
];

/** What follows `rcsd` in code blocks and code spans; a backslash at the end of a line joins it with the next. */
function commandLines(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/\\\n\s*/g, ' ');
  const blocks = [...text.matchAll(/^```[\s\S]*?^```$/gm)].map(([block]) => block);
  const spans = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]*)`/g)].map(
    (match) => match[1] as string,
  );
  return [...blocks, ...spans]
    .flatMap((code) => [...code.matchAll(/(?:^|npx )rcsd ([^\n#]+)/gm)])
    .map((match) => (match[1] as string).trim());
}

const lines = FILES.flatMap((file) => commandLines(file).map((line) => ({ file, line })));

test('commands that the documentation names exist', () => {
  const known = [...COMMANDS.map(({ name }) => name), 'help', 'version', '<command>'];
  expect(lines.length).toBeGreaterThan(30);
  expect(lines.filter(({ line }) => !known.some((name) => `${line} `.startsWith(`${name} `)))).toEqual([]);
});

test('training commands that can be copied are accepted', () => {
  // Words in capitals, dots and options stand for something or belong to the command line itself.
  const whole = lines.filter(({ line }) => /^train /.test(line) && !/[A-Z]{2}|\.\.\.|--/.test(line));
  expect(whole.length).toBeGreaterThan(5);
  for (const { file, line } of whole) {
    const overrides = line.split(/\s+/).slice(1);
    expect(() => resolveTrainConfig({ overrides }), `${file}: ${line}`).not.toThrow();
  }
});
