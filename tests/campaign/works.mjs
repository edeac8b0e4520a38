// The kinds of long work that are killed, starved of disk and started twice: each with words for a folder, and how it goes on.
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rcsd } from './program.mjs';

const TINY = ['layers=1', 'hidden_size=16', 'heads=2', 'intermediate_size=32', 'batch_tokens=1024'];

/** A model far too small to learn, which makes the runs short; returns its folder. */
export async function tinyModel(folder) {
  const output = join(folder, 'base');
  const { status, stderr } = await rcsd(['pretrain', 'steps=3', `output=${output}`, ...TINY]);
  if (status !== 0) throw new Error(`the campaign's own model could not be made: ${stderr}`);
  return join(output, 'model');
}

const begun = (folder, file) => existsSync(join(folder, file));

/** Two short runs of one method. */
const gridOf = (model) => `base:
  profile: microscience
  model: ${model}
  data: microscience
  algorithm: sft
  steps: 4
  batch_size: 4
  checkpoint_every: 2
  evaluation: {questions: 7, max_tokens: 8}
grid:
  learning_rate: [1e-4, 1e-3]
`;

/** By name: `words(folder, model)` gives the command line, which also continues what was begun there. */
export const WORKS = {
  train: (folder, model) => [
    'train',
    ...[
      `model=${model}`,
      'data=microscience',
      `runs=${folder}`,
      'name=run',
      'rubric_source=generated',
      'rubric_min_valid=0',
    ],
    ...[
      'batch_size=4',
      'max_tokens=16',
      'steps=4',
      'checkpoint_every=2',
      'evaluation.questions=8',
      'evaluation.max_tokens=12',
    ],
    ...['stages=both', 'rubric_sampling.max_tokens=24', 'rubric_source=reference'],
    ...(begun(join(folder, 'run'), 'config.json') ? ['--resume'] : []),
  ],
  grpo: (folder, model) => [
    'train',
    ...[
      `model=${model}`,
      'data=microscience',
      `runs=${folder}`,
      'name=run',
      'algorithm=grpo',
      'rank=2',
      'alpha=4',
      'rewards=answer,format',
    ],
    ...[
      'batch_size=8',
      'num_generations=4',
      'max_tokens=16',
      'steps=8',
      'checkpoint_every=3',
      'evaluation.questions=8',
      'evaluation.max_tokens=12',
      'validation.every=4',
      'validation.questions=8',
    ],
    ...(begun(join(folder, 'run'), 'config.json') ? ['--resume'] : []),
  ],
  evaluate: (folder, model) => [
    'evaluate',
    `model=${model}`,
    'data=microscience',
    'questions=120',
    'samples=4',
    'max_tokens=24',
    '--output',
    join(folder, 'evaluation'),
  ],
  score: (folder, model) => {
    const input = join(dirname(model), 'score.jsonl');
    const row = (id) => ({
      id,
      prompt_ids: [3, 4 + (id % 20)],
      completion_ids: [5 + (id % 7), 6, 7],
      note: 'x'.repeat(60),
    });
    if (!existsSync(input))
      writeFileSync(input, Array.from({ length: 1500 }, (_, id) => `${JSON.stringify(row(id))}\n`).join(''));
    return ['score', `model=${model}`, '--input', input, '--output', join(folder, 'scored.jsonl')];
  },
  rubrics: (folder) => [
    'rubrics',
    'generate',
    'model=microscience',
    'data=microscience',
    '--questions',
    '48',
    '--cache',
    join(folder, 'cache'),
    '--output',
    join(folder, 'rubrics.jsonl'),
  ],
  sweep: (folder, model) => {
    // Beside the model: the place of the runs may be a disk that is mounted later.
    const file = join(dirname(model), 'grid.yaml');
    if (!existsSync(file)) writeFileSync(file, gridOf(model));
    return ['sweep', file, `runs=${folder}`];
  },
  study: (folder) => [
    'study',
    '--tier',
    'minutes',
    '--experiment',
    'contexts',
    '--present',
    '--workers',
    '1',
    '--results',
    join(folder, 'rows'),
  ],
};
