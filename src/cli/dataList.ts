/** `rcsd data list`: the questions that ship with the project. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonl } from '../files/jsonl';
import { projectRoot } from '../files/models';
import type { Command } from './command';

function countRows(file: string): string {
  return existsSync(file) ? String(readJsonl(file, (row) => row).length) : 'no';
}

/** The command. */
export const command: Command = {
  options: [],
  notes: 'Other questions are named by their path: a folder with train.jsonl and test.jsonl, or one JSONL file.',
  examples: ['rcsd data list', 'rcsd train data=data/science-sample model=smollm2-135m'],
  async run() {
    const sample = join('data', 'science-sample');
    const [train, test] = ['train', 'test'].map((split) => countRows(join(projectRoot, sample, `${split}.jsonl`)));
    process.stdout.write(`data=microscience         made from a seed: short science problems in eight families\n`);
    process.stdout.write(`data=${sample}  ${train} training and ${test} test questions with rubrics\n`);
  },
};
