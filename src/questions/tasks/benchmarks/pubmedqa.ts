/**
 * PubMedQA (Jin et al. 2019): the 1,000 questions labelled by experts. A separate file names the 500 of them that are
 * the test set.
 */

import { isObject } from '../../../base/records/values';
import { decodeUtf8, parseJson } from '../../../engine/files/jsonl';
import type { Source } from '../../../engine/files/rows';
import { letterAt } from '../../grading/letters';
import type { Benchmark } from './benchmark';
import { type Fields, metadata } from './fields';
import { readTables } from './table';

const name = 'pubmedqa';
const TRUTH = 'test_ground_truth.json';
const DECISIONS = ['yes', 'no', 'maybe'];
const isTruth = (file: string): boolean => file.endsWith(TRUTH);
const companions = (file: string): readonly string[] => (isTruth(file) ? [] : [TRUTH]);

/** Test ids with their labels; undefined if the file is not there. */
function truthOf(sources: readonly Source[]): Readonly<Record<string, unknown>> | undefined {
  const source = sources.find((each) => isTruth(each.name));
  const value = source && parseJson(decodeUtf8(source.bytes(), source.where), source.where);
  return isObject(value) ? value : undefined;
}

function contextsOf(fields: Fields): string[] {
  const context = fields.value('context');
  const texts = fields.value('CONTEXTS') ?? (isObject(context) ? context.contexts : undefined);
  if (Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === 'string')) return texts;
  throw fields.wrong('there is no list of texts under "CONTEXTS" or "context.contexts"; correct the row.');
}

/** The question includes the abstract above it; `metadata.stem` and `metadata.contexts` have the two separately. */
export const PUBMEDQA: Benchmark = {
  name,
  title: 'PubMedQA',
  kind: 'multiple-choice',
  source: `data/ori_pqal.json with data/${TRUTH} of github.com/pubmedqa/pubmedqa, or https://huggingface.co/datasets/qiaojin/PubMedQA (pqa_labeled)`,
  licence: 'MIT',
  size: 500,
  format: {
    columns:
      'id: {QUESTION, CONTEXTS, LONG_ANSWER, final_decision}; or pubid, question, context.contexts, long_answer, final_decision',
    note: 'both official JSON files and a copy of the hub’s form read without loss',
  },
  hub: { repo: 'qiaojin/PubMedQA', files: ['pqa_labeled/*.parquet'] },
  companions,
  read: (path, note) => {
    let truth: Readonly<Record<string, unknown>> | undefined;
    return readTables(
      {
        name,
        evaluated: 'test',
        companions,
        passOver: (file) => (isTruth(file) ? 'it names the test questions' : undefined),
        survey: (rows, tell) => {
          truth = truthOf(rows[0]?.place.sources ?? []);
          if (!truth && rows.length > 500)
            tell(`no ${TRUTH} beside it: all questions count as test, where the official test set is 500 of them`);
        },
        question: (fields) => {
          const id = fields.key ?? fields.text('pubid', 'id', 'PMID');
          const decision = fields.text('final_decision').toLowerCase();
          if (!DECISIONS.includes(decision))
            throw fields.wrong(`"final_decision" is "${decision}", not yes, no or maybe.`);
          const expected = truth?.[id];
          if (expected !== undefined && expected !== decision)
            throw fields.wrong(
              `"final_decision" is "${decision}", but ${TRUTH} says "${expected}"; get both files again.`,
            );
          const [stem, contexts] = [fields.text('QUESTION', 'question'), contextsOf(fields)];
          return {
            id,
            split: truth && expected === undefined ? 'train' : 'test',
            question: `${contexts.join('\n')}\n\n${stem}`,
            choices: DECISIONS,
            answer: letterAt(DECISIONS.indexOf(decision)),
            solution: fields.optional('LONG_ANSWER', 'long_answer'),
            metadata: metadata({ subject: 'biomedicine', stem, contexts }),
          };
        },
      },
      path,
      note,
    );
  },
};
