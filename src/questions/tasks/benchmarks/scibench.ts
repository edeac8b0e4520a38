/**
 * SciBench (Wang et al. 2024): problems from college textbooks with numeric answers, one JSON file for each textbook.
 */
import { basename } from 'node:path';
import type { Benchmark } from './benchmark';
import { metadata } from './fields';
import { readTables } from './table';

/** Subjects of the ten textbooks. */
const SUBJECTS: Readonly<Record<string, string>> = {
  atkins: 'chemistry',
  chemmc: 'chemistry',
  matter: 'chemistry',
  quan: 'chemistry',
  fund: 'physics',
  class: 'physics',
  thermo: 'physics',
  calculus: 'math',
  diff: 'math',
  stat: 'math',
};

const name = 'scibench';
/** Its own grader takes every number within 5 %. */
const tolerance = '5 %';

/**
 * The text-only problems. In the official folder, those with a worked solution are in separate files
 * (`atkins_sol.json`).
 */
export const SCIBENCH: Benchmark = {
  name,
  title: 'SciBench',
  kind: 'numeric',
  tolerance,
  source: 'dataset/original of github.com/mandyyyyii/scibench, or https://huggingface.co/datasets/xw27/scibench',
  licence: 'MIT',
  format: {
    columns: 'problem_text, answer_number, answer_latex, unit, source, problemid, solution, comment',
    note: 'the 20 official JSON files (692 problems) and the three files of lm-open-science-evaluation (640) read without loss',
  },
  hub: { repo: 'xw27/scibench', files: ['*.parquet', '*.json', '*.jsonl'] },
  read: (path, note) =>
    readTables(
      {
        name,
        evaluated: 'test',
        repeatedIds: true,
        passOver: (file) =>
          /(?:^|\/)img\//.test(file) || /(?:^|\/)problem\/\d+\//.test(file) ? 'its problems need images' : undefined,
        question: (fields, { file }) => {
          const source = fields.optional('source') ?? basename(file).replace(/(?:_sol)?\.\w+$/, '');
          const solution = fields.optional('solution');
          return {
            id: `${source}-${fields.text('problemid')}`,
            // The published split has no meaning here: all problems are evaluated.
            split: 'test',
            question: fields.text('problem_text'),
            answer: fields.text('answer_number').replaceAll('−', '-'),
            solution,
            metadata: metadata({
              kind: 'numeric',
              tolerance,
              unit: fields.optional('unit') ?? '',
              subject: fields.optional('subject') ?? SUBJECTS[source],
              source,
              answer_latex: fields.optional('answer_latex'),
              comment: fields.optional('comment'),
            }),
          };
        },
      },
      path,
      note,
    ),
};
