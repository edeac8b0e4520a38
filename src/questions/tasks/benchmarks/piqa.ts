/** PIQA (Bisk et al. 2020): two solutions to a goal. Originally JSON Lines with the labels in a separate file. */

import { InputError } from '../../../base/records/errors';
import { linesOf } from '../../../engine/files/rows';
import { letterAt } from '../../grading/letters';
import type { Benchmark } from './benchmark';
import { type Fields, metadata } from './fields';
import { type Place, readTables } from './table';

const name = 'piqa';
const UNLABELLED = 'its labels are not published';
const labelFile = (file: string): string => file.replace(/\.jsonl$/i, '-labels.lst');
const companions = (file: string): readonly string[] => (/\.jsonl$/i.test(file) ? [labelFile(file)] : []);

/** The label in the row, or on the same line of the label file; undefined if neither is there. */
function labelOf(
  fields: Fields,
  { file, index, sources }: Place,
  labels: Map<string, readonly string[]>,
): string | undefined {
  const own = fields.optional('label');
  if (own !== undefined) return own;
  const source = sources.find((each) => each.name === labelFile(file));
  if (!source) return undefined;
  if (!labels.has(source.name)) labels.set(source.name, linesOf(source));
  const lines = labels.get(source.name) ?? [];
  const line = lines[index]?.trim();
  if (line === '0' || line === '1') return line;
  throw new InputError(
    line === undefined
      ? `${source.where} has ${lines.length} lines, fewer than ${file} has questions; get both files again.`
      : `${source.where} line ${index + 1}: a label is 0 or 1, not "${line}"; get the file again.`,
  );
}

/** The validation split is evaluated, because test labels were never published. */
export const PIQA: Benchmark = {
  name,
  title: 'PIQA',
  kind: 'multiple-choice',
  source:
    'physicaliqa-train-dev.zip, linked from https://yonatanbisk.com/piqa; as Parquet: https://huggingface.co/datasets/baber/piqa',
  licence: 'AFL 3.0',
  size: 1838,
  format: {
    columns: 'goal, sol1, sol2; label, or the lines of dev-labels.lst',
    note: 'the validation split with labels as lm-open-science-evaluation has it; the pair of files as several public readers open it',
  },
  hub: { repo: 'baber/piqa', files: ['*.parquet'] },
  companions,
  read: async (path, note) => {
    const labels = new Map<string, readonly string[]>();
    const asked = new Map<string, number>();
    const questions = await readTables(
      {
        name,
        evaluated: 'validation',
        companions,
        question: (fields, place) => {
          const label = labelOf(fields, place, labels);
          asked.set(labelFile(place.file), place.index + 1);
          if (label === undefined || label === '-1') {
            if (place.split === 'test') return UNLABELLED;
            throw fields.wrong(
              `there is no "label" and no ${labelFile(place.file)} beside it; put the label file there.`,
            );
          }
          if (label !== '0' && label !== '1') throw fields.wrong(`"label" is "${label}", not 0 or 1; correct the row.`);
          return {
            id: fields.optional('id'),
            question: fields.text('goal'),
            choices: [fields.text('sol1'), fields.text('sol2')],
            answer: letterAt(Number(label)),
            metadata: metadata({ subject: 'physical commonsense' }),
          };
        },
      },
      path,
      note,
    );
    for (const [file, lines] of labels)
      if (lines.length !== asked.get(file))
        throw new InputError(
          `${path}: ${file} has ${lines.length} lines for ${asked.get(file)} questions; get both again.`,
        );
    return questions;
  },
};
