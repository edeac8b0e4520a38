/**
 * The output folder of a running evaluation: its settings, and the answers as they come, so that it can be stopped and
 * resumed.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireWritable, writeFileAtomic } from '../../base/records/atomic';
import { difference } from '../../base/records/differences';
import { InputError } from '../../base/records/errors';
import { type Machine, otherMachine, requireSameInputs } from '../../base/records/inputs';
import { appendLines, cutLines } from '../../base/records/lines';
import { lockFolder } from '../../base/records/lock';
import type { Inputs } from '../../base/records/rows';
import { readObject, samplesFile } from '../../base/records/runReader';
import type { Precision } from '../../engine/tensors/hardware';

/** One line of answers_TASK.jsonl: an answer as it was drawn. */
export interface AnswerRow {
  /** The question's id. */
  readonly id: string;
  readonly sample: number;
  /** Which decoding of a ladder it belongs to (`decodingName`); absent where there is one decoding. */
  readonly decoding?: string;
  readonly text: string;
  readonly tokens: number;
  readonly prompt_tokens: number;
  /** `failed` where a server gave no usable reply; the text is empty, and is not graded. */
  readonly finish_reason: 'stop' | 'length' | 'failed';
  /** Why it failed. */
  readonly failure?: string;
  /** Taken from the cache of replies, without computation or cost. */
  readonly cached?: true;
}

/** What identifies a kept row: a question, the number of the sample and the decoding if there are several. */
export interface KeptRow {
  readonly id: string;
  readonly sample?: number;
  readonly decoding?: string;
}

/** The kinds of rows that an evaluation keeps of one task. */
export type Kept = 'answers' | 'judgements' | 'loglikelihoods';

/** The rows of one task; on disk if there is a folder. */
export interface RowLog<T extends KeptRow> {
  has(id: string, sample?: number, decoding?: string): boolean;
  add(rows: readonly T[]): void;
  count(): number;
  row(id: string, sample?: number, decoding?: string): T;
  close(): void;
}

/** How an evaluation begins or goes on. */
export interface Beginning {
  /** Frozen in evaluation.json with the inputs and, where it computes here, the machine. */
  readonly settings: object;
  readonly inputs: Inputs;
  readonly machine?: Machine;
  /** Adds to an older program's file what that program did where it names nothing. */
  readonly understand?: (begun: Readonly<Record<string, unknown>>) => object;
  readonly say: (sentence: string) => void;
}

/** Whether a folder has rows of a kind, of any task. */
export const hasRows = (folder: string, kept: Kept): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(`${kept}_`));

const isBegun = (folder: string): boolean => hasRows(folder, 'answers') || hasRows(folder, 'loglikelihoods');

/** A folder and those above it that do not exist yet, the innermost first. */
function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingFolders(dirname(folder))];
}

/** A begun evaluation, whose folder is locked. */
export interface OpenedEvaluation {
  /** Gives the folder free. */
  release(): void;
  /** Gives it free and takes back what was written there, if there is still no row: what failed holds no corrected command back. */
  takeBack(): void;
}

/**
 * Begins an evaluation in a folder, or resumes one. The settings bind as soon as there is a row. Throws InputError where the folder
 * cannot be written to, where another process writes there, or where it contains an evaluation with other settings or inputs; it
 * names what differs.
 */
export function openEvaluation(folder: string, beginning: Beginning): OpenedEvaluation {
  const { settings, inputs, machine, say } = beginning;
  const made = missingFolders(folder);
  const begun = requireSameEvaluation(folder, beginning);
  const lock = lockFolder(folder, 'rcsd evaluate');
  try {
    if (lock.takenOver !== undefined) say(lock.takenOver);
    // Another process may have begun one since.
    const there = begun ?? requireSameEvaluation(folder, beginning);
    requireWritable(folder);
    // The settings in today's words; inputs and machine are those that it began with, if it recorded them.
    const frozen = { ...settings, ...(there ? { inputs: there.inputs, machine: there.machine } : { inputs, machine }) };
    const file = join(folder, 'evaluation.json');
    writeFileAtomic(file, `${JSON.stringify(frozen, null, 2)}\n`);
    return {
      release: () => lock.release(),
      takeBack: () => {
        lock.release();
        if (isBegun(folder)) return;
        rmSync(file, { force: true });
        for (const place of made) {
          if (!existsSync(place) || readdirSync(place).length > 0) return;
          rmdirSync(place);
        }
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The file of an evaluation in the folder, undefined where there is none. Throws InputError where it is another one. */
function requireSameEvaluation(
  folder: string,
  { settings, inputs, machine, understand = (begun) => begun, say }: Beginning,
): Readonly<Record<string, unknown>> | undefined {
  const begun = readObject(join(folder, 'evaluation.json'));
  if (!begun && existsSync(join(folder, 'results.json')))
    throw new InputError(`${folder} contains results, but not the settings behind them; choose another --output.`);
  if (!begun || !isBegun(folder)) return undefined;
  const { inputs: inputsThere, machine: machineThere, ...settingsThere } = begun;
  const other = difference(understand(settingsThere), JSON.parse(JSON.stringify(settings)));
  if (other)
    throw new InputError(`${folder} contains an evaluation with other settings (${other}); choose another --output.`);
  const sentences = [
    requireSameInputs(inputsThere as Inputs | undefined, inputs, { where: folder, instead: 'choose another --output' }),
    machine && machineThere ? otherMachine(folder, machineThere as Machine, machine) : undefined,
  ];
  for (const sentence of sentences) if (sentence !== undefined) say(sentence);
  return begun;
}

/** The number format with which the evaluation in a folder began; undefined if there is none, or behind a server. */
export function begunPrecision(folder: string): Precision | undefined {
  const precision = readObject(join(folder, 'evaluation.json'))?.precision;
  return precision === 'fp32' || precision === 'bf16' ? precision : undefined;
}

/** The format in which the matrices were kept when the evaluation in a folder began; undefined if there is none. */
export function begunWeights(folder: string): Precision | undefined {
  const begun = readObject(join(folder, 'evaluation.json'));
  return begun && (begun.weights === 'bf16' ? 'bf16' : 'fp32');
}

/** Opens the rows in KEPT_TASK.jsonl of a folder or, without a folder, in memory. Drops a line that a crash cut off. */
export function openRows<T extends KeptRow>(
  folder: string | undefined,
  { task, kept }: { readonly task: string; readonly kept: Kept },
): RowLog<T> {
  const path = folder === undefined ? undefined : samplesFile(folder, task).replace(/samples_(?=[^/]*$)/, `${kept}_`);
  const byKey = new Map<string, T>();
  const keyOf = (id: string, sample = 0, decoding = ''): string => JSON.stringify([id, sample, decoding]);
  const remember = (row: T) => byKey.set(keyOf(row.id, row.sample, row.decoding), row);
  if (path !== undefined) cutLines<T>(path, () => true).forEach(remember);
  const file = path === undefined ? undefined : appendLines(path);
  return {
    has: (id, sample, decoding) => byKey.has(keyOf(id, sample, decoding)),
    add: (rows) => {
      for (const row of rows) {
        remember(row);
        file?.append(row);
      }
    },
    count: () => byKey.size,
    row: (id, sample, decoding) => byKey.get(keyOf(id, sample, decoding)) as T,
    close: () => file?.close(),
  };
}
