/**
 * GPQA (Rein et al. 2023): CSV with the right answer in a separate column, so that the published order would give it
 * away.
 */
import type { Benchmark } from './benchmark';
import { metadata } from './fields';
import { readTables } from './table';

function gpqa(set: 'diamond' | 'main' | 'extended', size: number): Benchmark {
  const name = `gpqa-${set}`;
  return {
    name,
    title: `GPQA ${set}`,
    kind: 'multiple-choice',
    source:
      'https://huggingface.co/datasets/Idavidrein/gpqa (gated: accept its terms), or dataset.zip of github.com/idavidrein/gpqa',
    licence: 'CC BY 4.0, not to be republished in plain text',
    size,
    format: {
      columns: 'Question, Correct Answer, Incorrect Answer 1..3, High-level domain, Subdomain, Record ID',
      note: 'columns of a public copy of the set and of lm-evaluation-harness and simple-evals, which read it',
    },
    hub: { repo: 'Idavidrein/gpqa', files: [`gpqa_${set}.csv`] },
    read: (path, note) =>
      readTables(
        {
          name,
          evaluated: 'test',
          files: new RegExp(`gpqa_${set}\\.`, 'i'),
          question: (fields) => ({
            id: fields.optional('Record ID'),
            question: fields.text('Question'),
            choices: ['Correct Answer', 'Incorrect Answer 1', 'Incorrect Answer 2', 'Incorrect Answer 3'].map(
              (column) => fields.text(column),
            ),
            answer: 'A',
            solution: fields.optional('Explanation'),
            metadata: metadata({
              subject: fields.optional('High-level domain'),
              subdomain: fields.optional('Subdomain'),
              difficulty: fields.optional("Writer's Difficulty Estimate"),
              correct_first: true,
            }),
          }),
        },
        path,
        note,
      ),
  };
}

/** Its three data sets; diamond is a part of main, and main a part of extended. */
export const GPQA: readonly Benchmark[] = [gpqa('diamond', 198), gpqa('main', 448), gpqa('extended', 546)];
