/**
 * MedMCQA (Pal et al. 2022). The right option `cop` counts from 1 in the authors' files (JSON Lines or CSV), and from 0
 * in the hub's Parquet and its exports. The values decide which it is, because a wrong guess would shift every answer.
 */

import { InputError } from '../../../base/records/errors';
import { letterAt } from '../../grading/letters';
import type { Benchmark, Note } from './benchmark';
import { metadata } from './fields';
import { type PlacedRow, readTables } from './table';

const name = 'medmcqa';
const OPTIONS = ['opa', 'opb', 'opc', 'opd'];
const unlabelled = (cop: string | undefined): boolean => cop === undefined || cop === '-1';

/**
 * The number of the first option in these rows. Throws InputError when the values contradict each other or do not
 * decide it.
 */
function firstOption(rows: readonly PlacedRow[]): 0 | 1 {
  const holding = (value: string) => rows.find(({ fields }) => fields.optional('cop') === value)?.fields.where;
  const [zero, four] = [holding('0'), holding('4')];
  if (zero !== undefined && four !== undefined)
    throw new InputError(
      `"cop" is 0 at ${zero} and 4 at ${four}, so files of two distributions are mixed; give only one of them.`,
    );
  if (zero !== undefined) return 0;
  if (four !== undefined) return 1;
  const where = rows[0]?.fields.where ?? name;
  throw new InputError(
    `${where}: "cop" is never 0 and never 4, so it cannot be told whether it counts from 0 or 1; give a whole file.`,
  );
}

/** The validation split is evaluated, because test labels were never published. */
export const MEDMCQA: Benchmark = {
  name,
  title: 'MedMCQA',
  kind: 'multiple-choice',
  source:
    'data.zip, linked from github.com/medmcqa/medmcqa, or https://huggingface.co/datasets/openlifescienceai/medmcqa',
  licence: 'Apache-2.0 on the hub, MIT in the authors’ repository',
  size: 4183,
  format: {
    columns: 'id, question, opa, opb, opc, opd, cop, exp, subject_name, topic_name, choice_type',
    note: 'the validation split of a public export; the authors’ README and the loading script that subtracts 1 from cop',
  },
  hub: { repo: 'openlifescienceai/medmcqa', files: ['*.parquet'] },
  read: (path, note) => {
    let first: 0 | 1 = 0;
    const survey = (rows: readonly PlacedRow[], tell: Note): void => {
      const labelled = rows.filter(
        ({ fields, place }) => place.split !== 'test' || !unlabelled(fields.optional('cop')),
      );
      first = firstOption(labelled);
      tell(`"cop" counts from ${first} in these files`);
    };
    return readTables(
      {
        name,
        evaluated: 'validation',
        survey,
        question: (fields, { split }) => {
          if (split === 'test' && unlabelled(fields.optional('cop'))) return 'its labels are not published';
          const place = fields.integer('cop') - first;
          if (place < 0 || place > 3)
            throw fields.wrong(`"cop" is ${place + first}, outside ${first} to ${first + 3}; correct the row.`);
          return {
            id: fields.text('id'),
            question: fields.text('question'),
            choices: OPTIONS.map((option) => fields.text(option)),
            answer: letterAt(place),
            solution: fields.optional('exp'),
            metadata: metadata({
              subject: fields.optional('subject_name'),
              topic: fields.optional('topic_name'),
              choice_type: fields.optional('choice_type'),
            }),
          };
        },
      },
      path,
      note,
    );
  },
};
