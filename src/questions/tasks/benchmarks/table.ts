/**
 * Turns published tables into checked questions: selects files, splits and rows. Everything that is left out is
 * reported.
 */
import { basename } from 'node:path';
import { InputError } from '../../../base/records/errors';
import type { Question } from '../../../base/records/question';
import { isTable, openSources, rowsOf, type Source } from '../../../engine/files/rows';
import { checkQuestion } from '../science';
import type { Note } from './benchmark';
import { type Fields, fieldsOf } from './fields';

/** The place of a row. */
export interface Place {
  /** The file's name inside the folder or archive. */
  readonly file: string;
  /** `train`, `validation` or `test` as published; undefined where the file's name does not say. */
  readonly split: string | undefined;
  /** Number of the row in its file, from 0. */
  readonly index: number;
  /** All files that were found, including those that are not tables. */
  readonly sources: readonly Source[];
}

/** A question before it is checked. `id` is its id within the data set; without one, the row's number is used. */
export type Draft = Omit<Question, 'id' | 'task' | 'split'> & { readonly id?: string; readonly split?: string };

/** How the tables of one benchmark are read. */
export interface TableReader {
  /** Task name of the questions, with which their ids begin. */
  readonly name: string;
  /** The published split that is evaluated; its rows get `split: "test"`. */
  readonly evaluated: 'test' | 'validation';
  /** Among several files, those that belong to this benchmark. */
  readonly files?: RegExp;
  /** Files to read together with a single given one. */
  readonly companions?: (name: string) => readonly string[];
  /** Among several files, the reason why one is not read; undefined for those that are read. */
  readonly passOver?: (name: string) => string | undefined;
  /** Whether published ids may repeat; repeated ones then get a number. */
  readonly repeatedIds?: boolean;
  /** Looks at all rows before the first is read, e.g. to find out from which number answers are counted. */
  readonly survey?: (rows: readonly PlacedRow[], note: Note) => void;
  /** The question in a row; or a text with the reason why rows of this kind are left out. */
  question(fields: Fields, place: Place): Draft | string;
}

export interface PlacedRow {
  readonly fields: Fields;
  readonly place: Place;
}

const SPLITS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[^a-z])train(?:ing)?(?![a-z])/i, 'train'],
  [/(?:^|[^a-z])(?:valid|validation|val|dev)(?![a-z])/i, 'validation'],
  [/(?:^|[^a-z])test(?:s|set)?(?![a-z])/i, 'test'],
];

/**
 * The split that the name of a file (`dev.jsonl`, `ARC-Easy-Test.jsonl`, `data/train-00000-of-00001.parquet`) or of its
 * folder says.
 */
export function splitOf(file: string): string | undefined {
  const parts = file.split('/');
  const named = (text: string) => SPLITS.find(([pattern]) => pattern.test(text))?.[1];
  const folder = parts.at(-2) ?? '';
  return named(basename(file)) ?? (/^[a-z]+$/i.test(folder) ? named(folder) : undefined);
}

/** Reads all tables behind a path into questions with unique ids, in published order. */
export async function readTables(reader: TableReader, path: string, note: Note = () => {}): Promise<Question[]> {
  const sources = await openSources(path, reader.companions);
  const rows: PlacedRow[] = [];
  for (const source of chosenTables(reader, sources, path, note)) {
    const split = splitOf(source.name);
    const read = await rowsOf(source);
    read.forEach((row, index) => {
      rows.push({ fields: fieldsOf(row), place: { file: source.name, split, index, sources } });
    });
  }
  reader.survey?.(rows, note);
  const leftOut = new Map<string, number>();
  const ids = new Map<string, string>();
  const numbers = new Map<string, number>();
  const questions = rows.flatMap(({ fields, place }) => {
    const draft = reader.question(fields, place);
    if (typeof draft !== 'string') return [finish(draft, { reader, fields, place, ids, numbers })];
    const reason = `of ${place.file} left out: ${draft}`;
    leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
    return [];
  });
  for (const [reason, count] of leftOut) note(`${count} ${count === 1 ? 'row' : 'rows'} ${reason}`);
  if (questions.length === 0)
    throw new InputError(`${path} contains no questions of ${reader.name} with answers; give the published files.`);
  return questions;
}

/** The tables to read; others are reported and left out. Throws InputError when none remains. */
function chosenTables(reader: TableReader, sources: readonly Source[], path: string, note: Note): Source[] {
  const all = sources.filter(isTable);
  const tables = all.filter(({ name }) => {
    const reason = all.length > 1 ? reader.passOver?.(name) : undefined;
    if (reason !== undefined) note(`${name} passed over: ${reason}`);
    return reason === undefined;
  });
  const { files } = reader;
  if (!files || tables.length <= 1) return tables;
  const fitting = tables.filter(({ name }) => files.test(name));
  if (fitting.length > 0) return fitting;
  const listed = tables.slice(0, 5).map(({ name }) => name);
  throw new InputError(
    `${path} contains no file of ${reader.name} (it has ${listed.join(', ')}); give the path of the file itself.`,
  );
}

interface Unfinished {
  readonly reader: TableReader;
  readonly fields: Fields;
  readonly place: Place;
  /** Ids used so far, with their places. */
  readonly ids: Map<string, string>;
  /** Number of rows without an id so far, by split, because a split may have several files. */
  readonly numbers: Map<string, number>;
}

function finish(draft: Draft, unfinished: Unfinished): Question {
  const { reader, fields, place } = unfinished;
  const published = draft.split ?? place.split ?? reader.evaluated;
  const split = published === reader.evaluated ? 'test' : published;
  const own = draft.id ?? numbered(unfinished);
  const question = checkQuestion({ ...draft, task: reader.name, id: `${reader.name}/${own}`, split }, fields.where);
  return { ...question, id: uniqueId(question.id, unfinished) };
}

function numbered({ place: { split = 'row' }, numbers }: Unfinished): string {
  const number = (numbers.get(split) ?? 0) + 1;
  numbers.set(split, number);
  return `${split}-${String(number).padStart(6, '0')}`;
}

function uniqueId(id: string, { reader, fields, place, ids }: Unfinished): string {
  const earlier = ids.get(id);
  ids.set(id, earlier ?? fields.where);
  if (earlier === undefined) return id;
  if (!reader.repeatedIds)
    throw new InputError(`${fields.where}: the id "${id}" was used at ${earlier}; remove one of the two rows.`);
  for (let i = 2; ; i++) {
    const numbered = `${id}#${i}`;
    if (ids.has(numbered)) continue;
    ids.set(numbered, `${fields.where} (${place.file})`);
    return numbered;
  }
}
