/** The rows of `rcsd judge`: what is judged, what the labels mean, and what is written. */

import { InputError } from '../../../base/records/errors';
import type { Rubric } from '../../../base/records/rubric';
import { type JudgeCase, judgedText } from '../../../method/prompts/judge';
import { type JudgeSettings, lackOf } from '../../../method/rewards/judges/evaluator';
import { LEVELS } from '../../../method/rewards/judges/forms';
import type { Judgement } from '../../../method/rewards/judges/judgement';
import { JUDGE_KINDS, type JudgeKind } from '../../../method/rewards/judges/kinds';
import { readCriteria } from '../../../method/rubrics/criteria';
import { formatRubric } from '../../../method/rubrics/format';
import { parseRubric } from '../../../method/rubrics/parse';
import type { JudgedRow, LabelScale } from '../../../results/judges/judgeReport';
import { carriedFields, type InputRow, textField } from './jsonl';

/** Fields that are read and not copied to the output. Labels are copied. */
const KNOWN = ['question', 'choices', 'response', 'response_b', 'rubric', 'reference', 'answer'];

/** A row with its case and its labels. */
export interface JudgeRow {
  readonly row: InputRow;
  readonly judged: JudgeCase;
  readonly label?: number;
  readonly criteria?: readonly (number | null)[];
}

const optionalText = (row: InputRow, ...names: readonly string[]): string | undefined => {
  const name = names.find((each) => row.fields[each] !== undefined && row.fields[each] !== null);
  return name === undefined ? undefined : textField(row, name);
};

function choicesOf({ fields, where }: InputRow): readonly string[] | undefined {
  const { choices } = fields;
  if (choices === undefined || choices === null) return undefined;
  if (Array.isArray(choices) && choices.every((choice) => typeof choice === 'string')) return choices;
  throw new InputError(`${where}: the field "choices" must be a list of texts.`);
}

function rubricOf({ fields, where }: InputRow): Rubric | undefined {
  const { id, rubric } = fields;
  if (rubric === undefined || rubric === null) return undefined;
  const base = { questionId: String(id), source: 'reference' };
  if (typeof rubric === 'string') {
    const { criteria, reason } = parseRubric(rubric, base);
    if (reason === undefined) return { ...base, criteria };
    throw new InputError(`${where}: the field "rubric" contains no rubric: ${reason}.`);
  }
  const criteria = Array.isArray(rubric) ? readCriteria(rubric).criteria : [];
  if (criteria.length > 0) return { ...base, criteria };
  throw new InputError(
    `${where}: the field "rubric" must be a list of criteria with descriptions, or such a list as text.`,
  );
}

/** Reads a row for a kind of judge. Throws InputError, naming the line, if something is missing or malformed. */
export function readJudgeRow(row: InputRow, kind: JudgeKind): JudgeRow {
  const choices = choicesOf(row);
  const [rubric, reference, other] = [
    rubricOf(row),
    optionalText(row, 'reference', 'answer'),
    optionalText(row, 'response_b'),
  ];
  const judged: JudgeCase = {
    question: {
      id: String(row.fields.id),
      task: 'judge',
      split: 'test',
      question: textField(row, 'question'),
      answer: reference ?? '',
      ...(choices && { choices }),
    },
    response: judgedResponse(row, kind, rubric),
    ...(rubric && { rubric }),
    ...(reference !== undefined && { reference }),
    ...(other !== undefined && { other }),
  };
  const lack = lackOf(kind, judged);
  if (lack !== undefined) {
    const field = { rubric: '"rubric"', reference: '"reference" (or "answer")', pair: '"response_b"' }[kind.needs];
    throw new InputError(`${row.where}: ${lack}; add the field ${field}.`);
  }
  const label = labelOf(row, kind);
  const criteria = criteriaLabels(row, kind, rubric?.criteria.length ?? 0);
  return { row, judged, ...(label !== undefined && { label }), ...(criteria && { criteria }) };
}

/** The text that is judged: a response or, of a kind that judges rubrics, also the criteria in the field `rubric`. */
function judgedResponse(row: InputRow, { form }: JudgeKind, rubric: Rubric | undefined): string {
  const written = row.fields.response !== undefined && row.fields.response !== null;
  return form === 'dimensions' && !written && rubric ? formatRubric(rubric.criteria) : textField(row, 'response');
}

const PREFERENCES: Readonly<Record<string, number>> = { a: 1, b: 0, tie: 0.5 };

function labelOf({ fields, where }: InputRow, { form }: JudgeKind): number | undefined {
  const { label } = fields;
  if (label === undefined || label === null) return undefined;
  if (form === 'pairwise') {
    const preference = typeof label === 'string' ? PREFERENCES[label] : undefined;
    if (preference !== undefined) return preference;
    throw new InputError(`${where}: the field "label" of a pair must be "a", "b" or "tie".`);
  }
  if (typeof label === 'boolean') return Number(label);
  if (typeof label === 'number' && label >= 0 && label <= 10) return label;
  throw new InputError(
    `${where}: the field "label" must be true, false, a score from 0 to 1 or a rating from 1 to 10.`,
  );
}

function criteriaLabels({ fields, where }: InputRow, kind: JudgeKind, count: number): (number | null)[] | undefined {
  const { labels } = fields;
  if (kind.form !== 'criteria' || labels === undefined || labels === null) return undefined;
  const degrees = (Array.isArray(labels) ? labels : []).map((label: unknown) => {
    if (label === null) return null;
    if (kind.scale === 'met') return typeof label === 'boolean' ? Number(label) : undefined;
    const level = (LEVELS as readonly unknown[]).indexOf(label);
    return level < 0 ? undefined : level / (LEVELS.length - 1);
  });
  if (degrees.length === count && degrees.every((degree) => degree !== undefined)) return degrees;
  const allowed = kind.scale === 'met' ? 'true, false' : LEVELS.map((level) => `"${level}"`).join(', ');
  throw new InputError(
    `${where}: the field "labels" must be a list of ${allowed} or null for each of the ${count} criteria.`,
  );
}

/** The scale of all labels; undefined if there are none. Throws InputError when they do not fit together. */
export function labelScale(rows: readonly JudgeRow[], { form }: JudgeKind): LabelScale | undefined {
  const labelled = rows.filter(({ label }) => label !== undefined);
  const all = (fits: (label: number) => boolean) => labelled.every(({ label }) => fits(label as number));
  if (labelled.length === 0) return undefined;
  if (form === 'pairwise') return 'preference';
  if (all((label) => label === 0 || label === 1)) return 'binary';
  if (all((label) => label <= 1)) return 'score';
  if (form === 'rating' && all((label) => Number.isInteger(label) && label >= 1)) return 'rating';
  const odd = labelled.find(({ label = 0 }) => label > 1) ?? labelled[0];
  throw new InputError(
    `${odd?.row.where}: the field "label" is above 1, but ${form === 'rating' ? 'other labels are not ratings from 1 to 10' : 'this kind gives scores from 0 to 1'}; bring all labels to one scale.`,
  );
}

/** One output row: the copied fields, then the judgement. */
export function outputRow(
  { row, judged }: JudgeRow,
  judgement: Judgement,
  { settings, judge, repeat }: { readonly settings: JudgeSettings; readonly judge: string; readonly repeat?: number },
): object {
  const cut = judgedText(judged.response, settings).cut + judgedText(judged.other ?? '', settings).cut;
  return {
    ...carriedFields(row, KNOWN),
    kind: settings.kind,
    judge,
    ...(repeat !== undefined && { repeat }),
    ...(cut > 0 && { cut }),
    ...judgement,
  };
}

/** A row with its judgements, for the report. */
export function judgedRow(
  { judged, label, criteria }: JudgeRow,
  judgements: readonly Judgement[],
  settings: JudgeSettings,
): JudgedRow {
  const lengthOf = (text: string) =>
    judgedText(text, { ...settings, maxResponse: Number.POSITIVE_INFINITY }).text.length;
  const pair = JUDGE_KINDS[settings.kind].form === 'pairwise';
  return {
    length: lengthOf(judged.response) - (pair ? lengthOf(judged.other ?? '') : 0),
    judgements,
    ...(label !== undefined && { label }),
    ...(criteria && { criteria }),
  };
}
