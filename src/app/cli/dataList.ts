/**
 * `rcsd data list`: shows the questions that ship with the project, those that are registered, and where to get the
 * others.
 */

import { loadTask } from '../../questions/load';
import { changedFile, readRegistry } from '../../questions/registry';
import { BENCHMARKS } from '../../questions/tasks/benchmarks';
import type { Command } from './shared/command';
import { rowCounts } from './shared/dataReport';
import { print } from './shared/print';

const WIDTH = 18;
const line = (name: string, text: string): string => `  ${name.padEnd(WIDTH)} ${text}`;
const below = (text: string): string => line('', text);

function shipped(): string[] {
  const { train, test } = loadTask('science-sample');
  return [
    'Shipped with the project:',
    line('microscience', 'made from a seed: short science problems whose rules lie in strata'),
    line('science-sample', `${train.length} training and ${test.length} test questions with rubrics`),
  ];
}

function registered(): string[] {
  const sets = Object.entries(readRegistry());
  if (sets.length === 0) return ['Registered: none yet.'];
  return [
    'Registered:',
    ...sets.map(([name, registration]) => {
      const changed = changedFile(name, registration);
      const state =
        changed === undefined ? '' : `; its files have CHANGED since then (${changed}) and are refused; add it again`;
      return line(name, `${registration.title}: ${rowCounts(registration)}, added ${registration.added}${state}`);
    }),
  ];
}

function available(): string[] {
  const names = new Set(Object.keys(readRegistry()));
  return [
    'Not here yet (run rcsd data add NAME PATH, or rcsd data pull NAME for those on the hub):',
    ...BENCHMARKS.filter(({ name }) => !names.has(name)).flatMap(({ name, title, source, licence, format, hub }) => [
      line(name, `${title}; ${licence}${hub ? '; pull' : ''}`),
      below(source),
      below(`format checked against: ${format.note}`),
    ]),
  ];
}

export const command: Command = {
  options: [],
  notes: 'Other questions are given by path: a folder with train.jsonl and test.jsonl, or one JSONL file.',
  examples: ['rcsd data list', 'rcsd train data=science-sample model=smollm2-135m'],
  async run() {
    print(`${[...shipped(), '', ...registered(), '', ...available()].join('\n')}\n`);
  },
};
