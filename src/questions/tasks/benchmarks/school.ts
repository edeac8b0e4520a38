/**
 * School science: ARC, whose choices have labels of their own, and SciQ, with the right answer in a separate column.
 */

import { isObject } from '../../../base/records/values';
import { letterAt } from '../../grading/letters';
import type { Benchmark } from './benchmark';
import { type Fields, metadata } from './fields';
import { readTables } from './table';

/** Labels (`A`.. or `1`..) and texts of choices: a list of `{text, label}`, or two lists. */
export function labelledChoices(fields: Fields, value: unknown): { labels: string[]; texts: string[] } {
  const lists = isObject(value) ? { labels: value.label, texts: value.text } : undefined;
  const items = Array.isArray(value) && value.every(isObject) ? value : [];
  const labels: unknown = lists?.labels ?? items.map((item) => item.label);
  const texts: unknown = lists?.texts ?? items.map((item) => item.text);
  const isTexts = (list: unknown): list is string[] =>
    Array.isArray(list) && list.length > 0 && list.every((each) => typeof each === 'string' && each.trim() !== '');
  if (!isTexts(labels) || !isTexts(texts) || labels.length !== texts.length)
    throw fields.wrong('"choices" needs as many labels as texts; correct the row.');
  return { labels, texts: texts.map((text) => text.trim()) };
}

/** The letter of the choice whose label the answer key names. */
export function keyedAnswer(fields: Fields, labels: readonly string[]): string {
  const key = fields.text('answerKey');
  const place = labels.indexOf(key);
  if (place >= 0) return letterAt(place);
  throw fields.wrong(`"answerKey" is "${key}", but the labels are ${labels.join(', ')}; correct the row.`);
}

function arc(set: 'Challenge' | 'Easy', size: number): Benchmark {
  const name = `arc-${set.toLowerCase()}`;
  return {
    name,
    title: `ARC-${set}`,
    kind: 'multiple-choice',
    source: 'ARC-V1-Feb2018.zip of https://allenai.org/data/arc, or https://huggingface.co/datasets/allenai/ai2_arc',
    licence: 'CC BY-SA 4.0',
    size,
    format: {
      columns:
        'id, question {stem, choices [{text, label}]}, answerKey; or id, question, choices {text, label}, answerKey',
      note: 'both forms as public readers open them (lm-evaluation-harness the second); the files themselves were not seen',
    },
    hub: { repo: 'allenai/ai2_arc', files: [`ARC-${set}/*.parquet`] },
    read: (path, note) =>
      readTables(
        {
          name,
          evaluated: 'test',
          files: new RegExp(`ARC-${set}`, 'i'),
          question: (fields) => {
            const nested = fields.value('question');
            const stem = isObject(nested) ? nested.stem : nested;
            if (typeof stem !== 'string' || stem.trim() === '')
              throw fields.wrong('the question has no text; correct the row.');
            const { labels, texts } = labelledChoices(
              fields,
              isObject(nested) ? nested.choices : fields.value('choices'),
            );
            return {
              id: fields.text('id'),
              question: stem.trim(),
              choices: texts,
              answer: keyedAnswer(fields, labels),
              metadata: metadata({ subject: 'school science', difficulty: set.toLowerCase() }),
            };
          },
        },
        path,
        note,
      ),
  };
}

/**
 * SciQ (Welbl et al. 2017). The supporting text names the answer, so it goes into `metadata.support` instead of the
 * question.
 */
const SCIQ: Benchmark = {
  name: 'sciq',
  title: 'SciQ',
  kind: 'multiple-choice',
  source: 'SciQ.zip of https://allenai.org/data/sciq, or https://huggingface.co/datasets/allenai/sciq',
  licence: 'CC BY-NC 3.0',
  size: 1000,
  format: {
    columns: 'question, correct_answer, distractor1, distractor2, distractor3, support',
    note: 'the loading script of the set and lm-evaluation-harness; the files themselves were not seen',
  },
  hub: { repo: 'allenai/sciq', files: ['data/*.parquet'] },
  read: (path, note) =>
    readTables(
      {
        name: 'sciq',
        evaluated: 'test',
        question: (fields) => ({
          question: fields.text('question'),
          choices: ['correct_answer', 'distractor1', 'distractor2', 'distractor3'].map((column) => fields.text(column)),
          answer: 'A',
          metadata: metadata({ subject: 'school science', support: fields.optional('support'), correct_first: true }),
        }),
      },
      path,
      note,
    ),
};

/** ARC's two data sets and SciQ. */
export const SCHOOL: readonly Benchmark[] = [arc('Challenge', 1172), arc('Easy', 2376), SCIQ];
