/** From published tables to checked questions: which files, which split, which rows; nothing is left out without a note. */
import { basename } from 'node:path';
import { InputError } from '../../../base/records/errors';
import type { Question } from '../../../base/records/question';
import { isTable, openSources, rowsOf, type Source } from '../../../engine/files/rows';
import { checkQuestion } from '../science';
import type { Note } from './benchmark';
import { type Fields, fieldsOf } from './fields';

/** Where a row stands. */
export interface Place {
  /** The file's name inside the folder or archive. */
  readonly file: string;
  /** `train`, `validation` or `test` as published; undefined where the name of the file does not say. */
  readonly split: string | undefined;
  /** Number of the row in its file, from 0. */
  readonly index: number;
  /** All files that were found, tables or not. */
  readonly sources: readonly Source[];
}

/** A question before it is checked: `id` inside its set; without one the row's number serves. */
export type Draft = Omit<Question, 'id' | 'task' | 'split'> & { readonly id?: string; readonly split?: string };

/** How the tables of one benchmark are read. */
export interface TableReader {
  /** Task name of the questions, and the beginning of their ids. */
  readonly name: string;
  /** The published split that is evaluated; its rows get `split: "test"`. */
  readonly evaluated: 'test' | 'validation';
  /** Where several files are there, those that belong to this benchmark. */
  readonly files?: RegExp;
  /** Files to read beside a single one. */
  readonly companions?: (name: string) => readonly string[];
  /** Among several files, the reason for which one is not read; undefined for those that are. */
  readonly passOver?: (name: string) => string | undefined;
  /** Whether published ids may repeat: those behind the first get a number. */
  readonly repeatedIds?: boolean;
  /** Looks at all rows before the first is read, e.g. to find out from where answers are counted. */
  readonly survey?: (rows: readonly PlacedRow[], note: Note) => void;
  /** The question in a row; a text is the reason for which rows of this kind are left out. */
  question(fields: Fields, place: Place): Draft | string;
}

/** A row with its place. */
export interface PlacedRow {
  readonly fields: Fields;
  readonly place: Place;
}

const SPLITS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[^a-z])train(?:ing)?(?![a-z])/i, 'train'],
  [/(?:^|[^a-z])(?:valid|validation|val|dev)(?![a-z])/i, 'validation'],
  [/(?:^|[^a-z])test(?:s|set)?(?![a-z])/i, 'test'],
];

/** The split that a file's name (`dev.jsonl`, `ARC-Easy-Test.jsonl`, `data/train-00000-of-00001.parquet`) or its folder's says. */
export function splitOf(file: string): string | undefined {
  const parts = file.split('/');
  const named = (text: string) => SPLITS.find(([pattern]) => pattern.test(text))?.[1];
  const folder = parts.at(-2) ?? '';
  return named(basename(file)) ?? (/^[a-z]+$/i.test(folder) ? named(folder) : undefined);
}

/** Reads all tables behind a path into questions with ids of their own, in published order. */
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
    throw new InputError(`${path} holds no questions of ${reader.name} with answers; give the published files.`);
  return questions;
}

/** The tables to read; others are passed over with a note. Throws InputError when none is left. */
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
  throw new InputError(`${path} holds no file of ${reader.name} (it has ${listed.join(', ')}); name the file itself.`);
}

interface Unfinished {
  readonly reader: TableReader;
  readonly fields: Fields;
  readonly place: Place;
  /** Ids given out so far, with their places. */
  readonly ids: Map<string, string>;
  /** Rows without an id so far, by split: a split may have several files. */
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
