/**
 * Implements `rcsd data add`: reads published files, checks them, compares them with training data, and registers them
 * under a name.
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeFolderAtomic } from '../base/records/atomic';
import { InputError } from '../base/records/errors';
import { lockFile } from '../base/records/lock';
import type { Question } from '../base/records/question';
import { sha256Of, sha256OfFile } from '../engine/files/digest';
import { writeFileAtomic } from '../engine/files/jsonl';
import { openSources } from '../engine/files/rows';
import { type GradingPlan, gradingPlan } from './gradingPlan';
import { loadTask } from './load';
import { countDuplicates, overlapping } from './overlap';
import {
  changedFile,
  type FileRecord,
  type OverlapRecord,
  type Registration,
  readRegistry,
  registryFile,
  rowsFolder,
  SPLITS,
  writeRegistration,
} from './registry';
import { benchmarkNamed, findBenchmark } from './tasks/benchmarks';
import type { Benchmark } from './tasks/benchmarks/benchmark';
import { type ColumnMap, columnReader } from './tasks/benchmarks/columns';
import { readTables } from './tasks/benchmarks/table';

/** How to read the files to add. */
export interface AddOptions {
  /** The benchmark whose format the files have, if the name is another. */
  readonly as?: string;
  /** Columns of a table of your own. */
  readonly columns?: ColumnMap;
  /** Data sets to compare with; by default the shipped and all registered ones. */
  readonly against?: readonly string[];
}

/** What was registered; `changed` is false if the same was registered already. */
export interface Added {
  readonly registration: Registration;
  readonly changed: boolean;
  /** How the responses to its questions will be graded. */
  readonly grading: GradingPlan;
}

const SHIPPED = 'science-sample';
const RESERVED = /^(?:microscience(?:-transfer)?|science-sample|registry\.json(?:\.lock)?)$/;

/** Reads, checks and registers. Throws InputError naming file and line, or another process that registers; then nothing is registered. */
export async function addData(name: string, path: string, options: AddOptions = {}): Promise<Added> {
  checkName(name);
  const lock = lockFile(registryFile(), 'rcsd data add');
  try {
    return await register(name, path, options);
  } finally {
    lock.release();
  }
}

async function register(name: string, path: string, options: AddOptions): Promise<Added> {
  const benchmark =
    options.as !== undefined ? benchmarkNamed(options.as) : options.columns ? undefined : findBenchmark(name);
  const notes: string[] = [];
  const note = (text: string) => void notes.push(text);
  const read = benchmark
    ? await benchmark.read(path, note)
    : await readTables(columnReader(name, options.columns ?? {}), path, note);
  const questions = read.map((question) => ({ ...question, task: name }));
  const asked = questions.filter(({ split }) => split === 'test').length;
  if (benchmark?.size !== undefined && asked !== benchmark.size)
    note(`${asked} questions to evaluate on, but ${benchmark.size} were published`);
  const grading = gradingPlan(asked > 0 ? questions.filter(({ split }) => split === 'test') : questions);
  const rows = { train: linesOf(questions, false), test: linesOf(questions, true) };
  const registration: Registration = {
    benchmark: benchmark?.name ?? null,
    title: benchmark?.title ?? name,
    kind: benchmark?.kind ?? null,
    licence: benchmark?.licence ?? null,
    source: benchmark?.source ?? null,
    added: new Date().toISOString().slice(0, 10),
    sources: await sourceRecords(path, benchmark?.companions),
    rows: Object.fromEntries(
      SPLITS.filter((split) => rows[split].length > 0).map((split) => [
        split,
        { count: rows[split].length, sha256: sha256Of(rows[split].join('')) },
      ]),
    ),
    counts: countBySubject(questions),
    duplicates: countDuplicates(questions),
    overlap: compare(name, questions, options.against, note),
    notes,
  };
  const changed = !isSame(name, registration);
  if (changed) await writeRows(name, rows, registration);
  return { registration, changed, grading };
}

function checkName(name: string): void {
  if (RESERVED.test(name)) throw new InputError(`The name ${name} is used by the project itself; choose another.`);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw new InputError(`"${name}" cannot be a name; use at most 64 letters, digits, dots and dashes.`);
}

const linesOf = (questions: readonly Question[], test: boolean): string[] =>
  questions.filter(({ split }) => (split === 'test') === test).map((question) => `${JSON.stringify(question)}\n`);

/** Records of the files on disk that were read; an archive counts as one file. */
async function sourceRecords(path: string, companions: Benchmark['companions']): Promise<FileRecord[]> {
  const files = [...new Set((await openSources(path, companions)).map(({ file }) => file))];
  return Promise.all(
    files.map(async (file) => ({ path: resolve(file), bytes: statSync(file).size, sha256: await sha256OfFile(file) })),
  );
}

function countBySubject(questions: readonly Question[]): Record<string, Record<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const { split, metadata } of questions) {
    const subject = typeof metadata?.subject === 'string' ? metadata.subject : 'unnamed';
    const own = counts.get(split) ?? new Map<string, number>();
    counts.set(split, own.set(subject, (own.get(subject) ?? 0) + 1));
  }
  return Object.fromEntries([...counts].map(([split, own]) => [split, Object.fromEntries(own)]));
}

/**
 * Compares the new questions to evaluate on with every training set, and the new training questions with every other
 * set's questions to evaluate on.
 */
function compare(
  name: string,
  questions: readonly Question[],
  against: readonly string[] | undefined,
  note: (text: string) => void,
): OverlapRecord[] {
  const train = questions.filter(({ split }) => split !== 'test');
  const test = questions.filter(({ split }) => split === 'test');
  const others = against ?? [SHIPPED, ...Object.keys(readRegistry())];
  const records = [overlapRecord('its own training questions', test, train)];
  for (const other of others.filter((each) => each !== name)) {
    try {
      const loaded = loadTask(other, { order: 'published' });
      records.push(overlapRecord(`training questions of ${other}`, test, loaded.train));
      records.push(overlapRecord(`questions of ${other} (here in training)`, loaded.test, train));
    } catch (error) {
      if (against || !(error instanceof InputError)) throw error;
      note(`not compared with ${other}: ${error.message}`);
    }
  }
  return records.filter(({ of }) => of > 0);
}

function overlapRecord(label: string, asked: readonly Question[], learned: readonly Question[]): OverlapRecord {
  const shared = learned.length === 0 ? [] : overlapping(asked, learned);
  const examples = shared.slice(0, 5).map(({ id }) => id);
  return { with: label, shared: shared.length, of: learned.length === 0 ? 0 : asked.length, examples };
}

/** Whether the same rows from the same files are registered already and unchanged. */
function isSame(name: string, { sources, rows, benchmark }: Registration): boolean {
  const there = readRegistry()[name];
  const key = (each: Pick<Registration, 'sources' | 'rows' | 'benchmark'>) =>
    JSON.stringify([each.benchmark, each.sources.map(({ sha256 }) => sha256), each.rows]);
  return (
    there !== undefined && key(there) === key({ sources, rows, benchmark }) && changedFile(name, there) === undefined
  );
}

async function writeRows(
  name: string,
  rows: Readonly<Record<(typeof SPLITS)[number], readonly string[]>>,
  registration: Registration,
): Promise<void> {
  await writeFolderAtomic(rowsFolder(name), (folder) => {
    for (const split of SPLITS)
      if (rows[split].length > 0) writeFileAtomic(join(folder, `${split}.jsonl`), rows[split].join(''));
  });
  writeRegistration(name, registration);
}
