/** Reads tables of your own: a map says which column contains the question, the choices, the answer, the rubric. */

import { isMap, isScalar, isSeq } from 'yaml';
import { nearestName } from '../../../base/config/nearest';
import { parseYamlFile } from '../../../base/config/yamlFile';
import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../base/records/values';
import { letterAt } from '../../grading/letters';
import { STATED_KINDS, type StatedKind } from '../answerKinds';
import { choiceOf, type Fields, metadata } from './fields';
import { rubricOf } from './rubricSets';
import { type Draft, splitOf, type TableReader } from './table';

/** The names of the columns; `choices` is one column with a list, or one column for each choice. */
export interface ColumnMap {
  readonly id?: string;
  readonly question?: string;
  readonly choices?: string | readonly string[];
  readonly answer?: string;
  readonly solution?: string;
  readonly rubric?: string;
  readonly unit?: string;
  readonly subject?: string;
  readonly difficulty?: string;
  readonly split?: string;
  /** What the answers of questions without choices are: one of STATED_KINDS; without it, each answer's looks decide. */
  readonly kind?: string;
  /** How far numbers may be off, as `metadata.tolerance` says it: `5 %`, or an amount. */
  readonly tolerance?: string;
  /** `0` or `1`: the number of the first choice, for answers that are numbers of choices. */
  readonly counts_from?: string;
  /** `true` if the right choice comes first in every row. */
  readonly correct_first?: string;
}

const NAMES: readonly (keyof ColumnMap)[] = [
  ...(['id', 'question', 'choices', 'answer', 'solution', 'rubric', 'unit', 'subject', 'difficulty', 'split'] as const),
  ...(['kind', 'tolerance', 'counts_from', 'correct_first'] as const),
];
const VALUES: Partial<Record<keyof ColumnMap, readonly string[]>> = {
  kind: STATED_KINDS,
  counts_from: ['0', '1'],
  correct_first: ['true', 'false'],
};

/** Column names that need no map: our own, TRL's and those of common data sets. */
const USUAL = {
  question: ['question', 'prompt', 'problem'],
  answer: ['answer', 'reference_answer'],
} as const;

/**
 * Reads a map, written as `question=prompt,answer=gold,choices=a|b|c` or in a YAML file with the same keys (there,
 * choices may be a list). Throws InputError that names the key and, for a file, the line.
 */
export function readColumnMap(text: string): ColumnMap {
  if (!text.includes('=')) return readMapFile(text);
  const map: Record<string, string | readonly string[]> = {};
  for (const pair of text.split(',')) {
    const [key = '', value = ''] = pair.split('=').map((part) => part.trim());
    checkKey(key, '--columns');
    map[key] = value.includes('|') ? value.split('|') : value;
    checkValue(key, map[key], '--columns');
  }
  return map as ColumnMap;
}

function readMapFile(file: string): ColumnMap {
  const { document, lineAt } = parseYamlFile(file);
  if (!isMap(document.contents))
    throw new InputError(`${file} must be a map such as question: prompt; see docs/data.md.`);
  const map: Record<string, string | readonly string[]> = {};
  for (const { key, value } of document.contents.items) {
    const node = isScalar(key) ? key : undefined;
    const place = `${file}, line ${lineAt(node?.range?.[0] ?? 0)}`;
    const name = String(node?.value);
    checkKey(name, place);
    const list = isSeq(value) ? value.items.map((item) => (isScalar(item) ? String(item.value) : '')) : undefined;
    map[name] = list ?? (isScalar(value) ? String(value.value) : '');
    checkValue(name, map[name], place);
  }
  return map as ColumnMap;
}

function checkKey(key: string, place: string): void {
  if ((NAMES as readonly string[]).includes(key)) return;
  const near = nearestName(key, NAMES);
  throw new InputError(
    `${place}: a map of columns has no key "${key}"; ${near ? `did you mean ${near}?` : `known are ${NAMES.join(', ')}.`}`,
  );
}

function checkValue(key: string, value: string | readonly string[], place: string): void {
  const allowed = VALUES[key as keyof ColumnMap];
  if (Array.isArray(value) ? key !== 'choices' || value.includes('') : value === '')
    throw new InputError(`${place}: "${key}" needs the name of a column${key === 'choices' ? ' or several' : ''}.`);
  if (allowed && !allowed.includes(value as string))
    throw new InputError(`${place}: "${key}" is ${allowed.join(' or ')}, not "${value}".`);
}

/** A reader for tables of your own under a map. */
export function columnReader(name: string, map: ColumnMap): TableReader {
  const question = map.question === undefined ? USUAL.question : [map.question];
  const kept = (fields: Fields): Record<string, never> => {
    const value = fields.value('metadata');
    return isObject(value) ? (value as Record<string, never>) : {};
  };
  return {
    name,
    evaluated: 'test',
    question: (fields, { split }) => {
      const column = (key: keyof ColumnMap): string | undefined =>
        fields.optional((map[key] as string | undefined) ?? key);
      const choices = choicesOf(fields, map);
      const rubric = rubricIn(fields, map);
      const stated = column('split');
      return {
        id: column('id'),
        split: (stated === undefined ? undefined : (splitOf(`${stated}.jsonl`) ?? stated)) ?? split,
        question: fields.text(...question),
        choices,
        answer: answerOf(fields, { map, choices, rubric }),
        solution: column('solution'),
        rubric,
        metadata: metadata({
          ...kept(fields),
          kind: choices
            ? undefined
            : (map.kind ?? kindIn(fields) ?? kept(fields).kind ?? (rubric ? 'open' : undefined)),
          tolerance: map.tolerance ?? kept(fields).tolerance,
          unit: column('unit') ?? kept(fields).unit,
          subject: column('subject') ?? kept(fields).subject,
          difficulty: column('difficulty') ?? kept(fields).difficulty,
          correct_first: map.correct_first === 'true' ? true : kept(fields).correct_first,
        }),
      };
    },
  };
}

/** A row's own kind, in a column of that name. */
const kindIn = (fields: Fields): StatedKind | undefined =>
  STATED_KINDS.find((kind) => kind === fields.optional('kind'));

function choicesOf(fields: Fields, { choices }: ColumnMap): readonly string[] | undefined {
  if (Array.isArray(choices)) return choices.map((column: string) => fields.text(column));
  const column = (choices as string | undefined) ?? 'choices';
  if (choices === undefined && fields.value(column) === undefined) return undefined;
  return fields.texts(column);
}

const rubricIn = (fields: Fields, { rubric }: ColumnMap): Draft['rubric'] =>
  rubric === undefined && fields.value('rubric') === undefined ? undefined : rubricOf(fields, rubric ?? 'rubric');

interface AnswerPlace {
  readonly map: ColumnMap;
  readonly choices: readonly string[] | undefined;
  readonly rubric: Draft['rubric'];
}

/**
 * The answer: with choices a letter, the text of a choice, or its number; otherwise a text. A question with a rubric
 * needs none, and a blank cell says that a question has none.
 */
function answerOf(fields: Fields, { map, choices, rubric }: AnswerPlace): string {
  const columns = map.answer === undefined ? USUAL.answer : [map.answer];
  if (!choices) return rubric ? (fields.optional(...columns) ?? '') : fields.blankable(...columns);
  const text = fields.text(...columns);
  const places = choices.flatMap((choice, i) => (choice === text ? [i] : []));
  if (map.counts_from !== undefined) {
    const place = fields.integer(...columns) - Number(map.counts_from);
    if (choices[place] !== undefined) return letterAt(place);
    throw fields.wrong(
      `the answer ${text} is more than the ${choices.length} choices; correct the row or counts_from.`,
    );
  }
  if (places.length === 1) return letterAt(places[0] as number);
  if (/^\d+$/.test(text))
    throw fields.wrong(`the answer is the number ${text}; add counts_from=0 or counts_from=1 to --columns.`);
  return choiceOf(fields, choices, ...columns);
}
