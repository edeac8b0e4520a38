/**
 * Reads rubrics from a JSON Lines file: rows of a run's rubrics.jsonl, of a cache, of `rubrics parse`, or questions
 * with a `rubric`.
 */

import { InputError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';
import { readJsonl } from '../../engine/files/jsonl';
import { readCriteria } from './criteria';
import type { ParsedRubric } from './parse';

export type TextParser = (text: string, questionId: string) => ParsedRubric;

/** A rubric with the number of times the model was asked for it. */
export interface FileRubric extends ParsedRubric {
  readonly attempts: number;
}

/**
 * Rubrics by question from rows `{question_id | id, criteria | rubric, valid?, reason?}`. Of several rows for a
 * question, the last valid one counts. A row with nothing but raw `text` is read by `parse`. Throws `InputError` that
 * names the line of a bad row.
 */
export function readRubricFile(path: string, source: string, parse?: TextParser): Map<string, FileRubric> {
  const rubrics = new Map<string, FileRubric>();
  for (const row of readJsonl(path, (value, where) => readRow(value, { where, source, parse })))
    if (row.valid || !rubrics.get(row.questionId)?.valid) rubrics.set(row.questionId, row);
  return rubrics;
}

function readRow(
  row: unknown,
  { where, source, parse }: { readonly where: string; readonly source: string; readonly parse?: TextParser },
): FileRubric {
  const fields = isObject(row) ? row : {};
  const questionId = fields.question_id ?? fields.id;
  if (typeof questionId !== 'string')
    throw new InputError(`${where}: "question_id" (or "id") must name a question; add it to the row.`);
  const attempts = typeof fields.attempts === 'number' ? fields.attempts : 1;
  const base = { questionId, source, attempts };
  const reason = typeof fields.reason === 'string' ? fields.reason : undefined;
  if (fields.valid === false)
    return { ...base, valid: false, reason: reason ?? 'marked as invalid', criteria: [], issues: [] };
  const items = fields.criteria ?? fields.rubric;
  if (Array.isArray(items)) {
    const read = readCriteria(items);
    const valid = read.criteria.length > 0;
    return { ...base, ...read, valid, ...(!valid && { reason: 'no item has a description' }) };
  }
  const text = items ?? fields.text;
  if (parse && typeof text === 'string') return { ...parse(text, questionId), source, attempts };
  throw new InputError(`${where}: "criteria" must be an array; for raw text, run rcsd rubrics parse first.`);
}
