/** Reads questions from JSONL files: science-sample, which ships with the project, and any file of the same form. */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/records/errors';
import type { Question, RubricItem } from '../../base/records/question';
import { isObject } from '../../base/records/values';
import { readJsonl } from '../../engine/files/jsonl';
import { readQuantity } from '../grading/equivalence/units';
import { letterAt } from '../grading/letters';
import { STATED_KINDS } from './answerKinds';
import { gradeResponse, kindOf, sameAnswer, toleranceOf } from './grading';
import type { Task } from './task';

/** Graded by rule; prompts come from the model's chat template, rubrics from the questions themselves. */
export const scienceTask: Task = { name: 'science', grade: gradeResponse, sameAnswer };

export interface QuestionSplits {
  readonly train: Question[];
  readonly test: Question[];
}

/**
 * Reads a folder with train.jsonl and test.jsonl (one may be missing), or one file whose rows may name their `split`
 * (default `train`). Throws `InputError` naming file, line and field.
 */
export function readQuestions(path: string): QuestionSplits {
  const seen = new Map<string, string>();
  const read = (file: string, split: string): Question[] =>
    readJsonl(file, (row, where) => {
      const question = checkQuestion(row, where, split);
      const earlier = seen.get(question.id);
      if (earlier !== undefined)
        throw new InputError(`${where}: the id "${question.id}" was used at ${earlier}; give every question its own.`);
      seen.set(question.id, where);
      return question;
    });
  const files = ['train', 'test'].map((split) => ({ split, file: join(path, `${split}.jsonl`) }));
  const present = files.filter(({ file }) => existsSync(file));
  if (present.length === 0 && existsSync(path) && statSync(path).isDirectory())
    throw new InputError(
      `${path} contains neither train.jsonl nor test.jsonl; add one, or give the path of the JSONL file itself.`,
    );
  const questions = present.length > 0 ? present.flatMap(({ file, split }) => read(file, split)) : read(path, 'train');
  if (questions.length === 0) throw new InputError(`${path} contains no questions; add some rows.`);
  return {
    train: questions.filter((question) => question.split !== 'test'),
    test: questions.filter((question) => question.split === 'test'),
  };
}

/** Checks one row. `split` is used if the row names none. */
export function checkQuestion(row: unknown, where: string, split = 'train'): Question {
  if (!isObject(row)) throw new InputError(`${where}: a question must be a JSON object.`);
  const text = (name: string): string => {
    const value = row[name];
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw new InputError(`${where}: "${name}" must be a text that is not empty; add it to the row.`);
  };
  const optionalText = (name: string): string | undefined => (row[name] === undefined ? undefined : text(name));
  if (row.metadata !== undefined && !isObject(row.metadata))
    throw new InputError(`${where}: "metadata" must be a JSON object; correct or remove it.`);
  const choices = checkChoices(row.choices, where);
  const rubric = checkRubric(row.rubric, where);
  const solution = optionalText('solution');
  const question: Question = {
    id: text('id'),
    task: optionalText('task') ?? scienceTask.name,
    split: optionalText('split') ?? split,
    question: text('question'),
    ...(choices && { choices }),
    answer: checkReference(row, where),
    ...(solution !== undefined && { solution }),
    ...(rubric && { rubric }),
    // The row came from JSON, so its values are JSON.
    ...(row.metadata !== undefined && { metadata: row.metadata as Question['metadata'] }),
  };
  checkAnswer(question, where);
  return question;
}

/** The reference answer; empty where the row says that it has none, or has a rubric to be judged by instead. */
function checkReference({ answer, rubric }: Readonly<Record<string, unknown>>, where: string): string {
  if (answer === '' || answer === null || (answer === undefined && rubric !== undefined)) return '';
  if (typeof answer === 'string' && answer.trim() !== '') return answer;
  throw new InputError(
    `${where}: "answer" must be a text that is not empty; add it to the row, or write "answer": "" for a question without a reference answer.`,
  );
}

function checkChoices(value: unknown, where: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (
    Array.isArray(value) &&
    value.length >= 2 &&
    value.length <= 26 &&
    value.every((item) => typeof item === 'string')
  )
    return value;
  throw new InputError(`${where}: "choices" must be an array of 2 to 26 texts; correct or remove it.`);
}

function checkAnswer(question: Question, where: string): void {
  const { choices, answer } = question;
  const last = choices && letterAt(choices.length - 1);
  if (last && !(/^[A-Z]$/.test(answer) && answer <= last))
    throw new InputError(
      `${where}: "answer" is "${answer}", but ${choices.length} choices need a letter from A to ${last}.`,
    );
  const kind = question.metadata?.kind;
  if (kind !== undefined && !STATED_KINDS.some((known) => known === kind))
    throw new InputError(
      `${where}: metadata.kind is ${JSON.stringify(kind)}; use one of ${STATED_KINDS.join(', ')}, or leave it out.`,
    );
  if ((kind === 'choice' || kind === 'multiple-choice') && !choices)
    throw new InputError(
      `${where}: metadata.kind is ${kind}, but there are no "choices"; add them or change the kind.`,
    );
  if (answer !== '' && kindOf(question) === 'numeric' && !readQuantity(answer))
    throw new InputError(
      `${where}: "answer" is "${answer}", but metadata.kind is ${String(kind ?? 'numeric')}; give a number.`,
    );
  if (question.metadata?.tolerance !== undefined) toleranceOf(question);
}

function checkRubric(value: unknown, where: string): readonly RubricItem[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value))
    throw new InputError(`${where}: "rubric" must be an array of items; correct or remove it.`);
  value.forEach((item: unknown, i) => {
    const valid = isObject(item) && typeof item.description === 'string' && Number.isFinite(item.weight);
    if (!valid)
      throw new InputError(`${where}: "rubric" item ${i + 1} needs a "description" text and a "weight" number.`);
  });
  return value as readonly RubricItem[];
}
