/**
 * Benchmarks with a rubric for each question: RaR-Science and RaR-Medicine, ResearchQA, RubricHub. Their answers are scored by a judge.
 */

import type { RubricItem } from '../../../base/records/question';
import { isObject } from '../../../base/records/values';
import { parseJson } from '../../../engine/files/jsonl';
import type { Benchmark } from './benchmark';
import { type Fields, metadata } from './fields';
import { heldOut, UNSPLIT } from './heldOut';
import { readTables } from './table';

const DESCRIPTIONS = ['description', 'criterion', 'criteria', 'requirement', 'rubric_item', 'text'];
const WEIGHTS = ['weight', 'points', 'score'];

/**
 * The items of a rubric column: objects with the names that the published data sets use, or plain texts of weight 1, as
 * a list or as its JSON text. Throws InputError naming the item.
 */
export function rubricOf(fields: Fields, ...columns: readonly string[]): RubricItem[] {
  const column = columns.find((each) => fields.value(each) !== undefined) ?? (columns[0] as string);
  const value = fields.value(column);
  const items = typeof value === 'string' ? parseJson(value, `${fields.where}, column "${column}"`) : value;
  if (!Array.isArray(items) || items.length === 0)
    throw fields.wrong(`the column "${column}" needs a list of rubric items; correct the row.`);
  return items.map((item: unknown, i) => {
    const wrong = () => fields.wrong(`"${column}" item ${i + 1} needs a description and a weight; correct the row.`);
    if (typeof item === 'string' && item.trim() !== '') return { description: item.trim(), weight: 1 };
    if (!isObject(item)) throw wrong();
    const description = DESCRIPTIONS.map((name) => item[name]).find((text) => typeof text === 'string' && text.trim());
    const stated = WEIGHTS.map((name) => item[name]).find((each) => each !== undefined && each !== null);
    const weight = stated === undefined ? 1 : Number(stated);
    if (typeof description !== 'string' || !Number.isFinite(weight)) throw wrong();
    const title = typeof item.title === 'string' && item.title.trim() !== '' ? { title: item.title.trim() } : {};
    return { ...title, description: description.trim(), weight };
  });
}

/** The two sets of Rubrics as Rewards (Gunjal et al. 2025). */
const rar = (field: 'Science' | 'Medicine'): Benchmark => {
  const name = `rar-${field.toLowerCase()}`;
  const repo = `anisha2102/RaR-${field}`;
  return {
    name,
    title: `RaR-${field}`,
    kind: 'rubric',
    source: `https://huggingface.co/datasets/${repo}`,
    licence: 'ODC-BY as its readers state it; see the page of the set',
    format: {
      columns:
        'question, reference_answer, rubric [{title, description, weight}], rubric_list, rubric_count, question_source',
      note: 'column names of public readers (Oumi, RCSD’s release); the files themselves were not seen',
    },
    hub: { repo, files: ['*.parquet', '*.jsonl', '*.json'] },
    read: async (path, note) => {
      const read = await readTables(
        {
          name,
          evaluated: 'test',
          question: (fields, { split }) => ({
            split: split ?? UNSPLIT,
            question: fields.text('question'),
            answer: fields.blankable('reference_answer'),
            rubric: rubricOf(fields, 'rubric', 'rubric_list'),
            metadata: metadata({ kind: 'open', source: fields.optional('question_source') }),
          }),
        },
        path,
        note,
      );
      return heldOut(read, note);
    },
  };
};

/**
 * ResearchQA (Yifei et al. 2025). Its items are questions that an answer should cover, all with the same weight; there
 * is no reference answer.
 */
const RESEARCHQA: Benchmark = {
  name: 'researchqa',
  title: 'ResearchQA',
  kind: 'rubric',
  source: 'https://huggingface.co/datasets/realliyifei/ResearchQA (test.json, valid.json, full.json)',
  licence: 'MIT',
  size: 3750,
  format: {
    columns: 'id, general_domain, subdomain, field, query, date, rubric [{rubric_item, type, citation_metadata}]',
    note: 'the authors’ loader and the card of the set; the files themselves were not seen',
  },
  hub: { repo: 'realliyifei/ResearchQA', files: ['test.json', 'valid.json'] },
  read: (path, note) =>
    readTables(
      {
        name: 'researchqa',
        evaluated: 'test',
        passOver: (file) => {
          if (/(?:^|\/)full/.test(file)) return 'it repeats the other splits; name it alone to read it';
          return /test_mini/.test(file) ? 'it is a part of test' : undefined;
        },
        question: (fields) => ({
          id: fields.text('id'),
          question: fields.text('query'),
          answer: '',
          rubric: rubricOf(fields, 'rubric'),
          metadata: metadata({
            kind: 'open',
            subject: fields.optional('field'),
            domain: fields.optional('general_domain'),
            subdomain: fields.optional('subdomain'),
            date: fields.optional('date'),
          }),
        }),
      },
      path,
      note,
    ),
};

/** The text of a prompt that is given as chat messages. */
function userTurn(fields: Fields): string {
  const prompt = fields.value('prompt');
  if (!Array.isArray(prompt)) return fields.text('question', 'query', 'prompt');
  const turns: unknown[] = prompt.filter((turn) => isObject(turn) && turn.role === 'user');
  const last = turns.at(-1);
  if (isObject(last) && typeof last.content === 'string' && last.content.trim() !== '') return last.content.trim();
  throw fields.wrong('"prompt" has no user message with text; correct the row.');
}

/** RubricHub (Li et al. 2026): both published parts, and the output of its synthesis. */
const RUBRICHUB: Benchmark = {
  name: 'rubrichub',
  title: 'RubricHub',
  kind: 'rubric',
  source: 'https://huggingface.co/datasets/sojuL/RubricHub_v1 (RuRL/rurbichub_v1_Science.parquet)',
  licence: 'Apache-2.0',
  format: {
    columns:
      'prompt [{role, content}], reward_model {ground_truth}, Rubrics [{criterion, points}], ability; or query, answer, rubrics, source',
    note: 'column names of the authors’ exporter and of public readers; the published files were not seen',
  },
  hub: { repo: 'sojuL/RubricHub_v1', files: ['RuRL/*Science*.parquet'] },
  read: (path, note) =>
    readTables(
      {
        name: 'rubrichub',
        evaluated: 'test',
        repeatedIds: true,
        question: (fields, { split }) => {
          const model = fields.value('reward_model');
          const truth = isObject(model) && typeof model.ground_truth === 'string' ? model.ground_truth.trim() : '';
          return {
            ...(fields.optional('id') && { id: fields.optional('id') }),
            // Published as training data without a test split; questions to evaluate on are drawn from it.
            split: split ?? 'train',
            question: userTurn(fields),
            answer: fields.optional('answer') ?? truth,
            rubric: rubricOf(fields, 'Rubrics', 'rubrics'),
            metadata: metadata({
              kind: 'open',
              subject: fields.optional('ability'),
              source: fields.optional('data_source', 'source'),
            }),
          };
        },
      },
      path,
      note,
    ),
};

export const RUBRIC_SETS: readonly Benchmark[] = [rar('Science'), rar('Medicine'), RESEARCHQA, RUBRICHUB];
