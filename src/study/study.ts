/**
 * Runs the study: hands runs to workers of one thread each. A finished run is one appended row, and the rows are all
 * that resuming needs. A run that fails does not stop the others; a missing base is pretrained when its first run is
 * due.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { median } from 'simple-statistics';
import { InterruptedError } from '../base/records/errors';
import { type OperationOptions, saying } from '../base/records/events';
import { type Lock, lockFile, lockFolderAfterChildren } from '../base/records/lock';
import { baseOf, isPresent } from './bases';
import { TRIAL_RATES } from './cells';
import { EXPERIMENTS, type Experiment, TIERS, type Tier } from './experiments';
import { here, type Place, rcsd } from './places/place';
import { planStudy, type StudyRun, trainingsOf } from './plan';
import { appendRows, RESULTS, readRows, rowsFile, type StudyRow } from './row';
import { MOST_MEMORY, type StudyWorker, startWorker, workerElsewhere } from './workers';

/** What is to be done, and where. */
export interface StudyOptions {
  /** Up to and including this tier; default all. */
  readonly tier?: Tier;
  /** Only these experiments. */
  readonly only?: readonly string[];
  readonly workers?: number;
  /** Leaves out runs that would need a base to be pretrained. */
  readonly present?: boolean;
  /** Folder of the rows. */
  readonly results?: string;
  /** Folder of bases, writers and logs. */
  readonly folder?: string;
  /** Other experiments than the committed ones, for tests. */
  readonly experiments?: readonly Experiment[];
  readonly rates?: readonly number[];
  /** Opens the place where the runs are made, once the study's folder is locked; without it, this machine. */
  readonly open?: (folder: string) => Promise<Place>;
  readonly signal?: AbortSignal;
  readonly onProgress?: OperationOptions['onProgress'];
  readonly onStatus?: (status: StudyStatus) => void;
}

/** A run that failed. */
export interface StudyFailure {
  readonly run: string;
  readonly message: string;
}

/** The progress of the study. */
export interface StudyStatus {
  readonly done: number;
  readonly total: number;
  /** In the order in which they failed. */
  readonly failures: readonly StudyFailure[];
  readonly running: readonly string[];
  readonly secondsLeft: number;
}

/** What is left of a plan, and its cost. */
export interface StudyCost {
  readonly runs: readonly StudyRun[];
  readonly left: readonly StudyRun[];
  /** Names of the bases that must be pretrained first. */
  readonly bases: readonly string[];
  /** On one free core. */
  readonly seconds: number;
}

const FOLDER = join('runs', 'study');

/** The wanted runs, those of them without a row, and the seconds that these take. */
export function costOf(options: StudyOptions = {}): StudyCost {
  return costWith(options, readRows(options.results ?? RESULTS));
}

function costWith(options: StudyOptions, rows: ReadonlyMap<string, StudyRow>): StudyCost {
  const { tier = 'night', only, folder = FOLDER, present, experiments = EXPERIMENTS, rates = TRIAL_RATES } = options;
  const wanted = TIERS.slice(0, TIERS.indexOf(tier) + 1);
  const there = new Map<string, boolean>();
  const has = (base: string): boolean => {
    const known = there.get(base) ?? isPresent(baseOf(base, folder));
    there.set(base, known);
    return known;
  };
  const runs = planStudy(rows, { experiments, rates }).filter(
    (run) =>
      wanted.includes(run.tier) && (only === undefined || only.includes(run.experiment)) && (!present || has(run.base)),
  );
  const left = runs.filter((run) => !isMade(run, rows.get(run.key)));
  const bases = [...new Set(left.map(({ base }) => base))].filter((base) => !has(base));
  const expect = expectation(rows);
  const seconds =
    left.reduce((sum, run) => sum + expect(run), 0) +
    bases.reduce((sum, base) => sum + baseOf(base, folder).seconds, 0);
  return { runs, left, bases, seconds };
}

/**
 * Whether a run needs not be made. A row without pass@k is not enough if a later experiment needs it; the run is then
 * repeated, and the later row counts.
 */
const isMade = ({ passAt64 }: StudyRun, row: StudyRow | undefined): boolean =>
  row !== undefined && (!passAt64 || row.pass !== undefined);

/**
 * Assumed seconds for kinds of runs that were never measured here; from one thread of the machine on which the study
 * was made.
 */
const GUESS = { train: 14, trial: 12, context: 6, writer: 45, ladder: 115 } as const;

/** The usual length of a training, and the seconds of one thread that each step more or less takes. */
const USUAL = { steps: 40, seconds: 0.5 } as const;

/** Seconds by which a run of unusual length differs from the others of its kind. */
function unusual(run: StudyRun): number {
  if (run.kind !== 'train') return 0;
  const steps = trainingsOf(run).map((words) => {
    const own = words.find((word) => word.startsWith('stage2.steps='));
    return own === undefined ? USUAL.steps : Number(own.slice('stage2.steps='.length));
  });
  return (steps.reduce((sum, each) => sum + each, 0) - USUAL.steps) * USUAL.seconds;
}

/** Seconds that a run takes: the median of its cell's rows, or that of its kind's rows or an assumed value, by its length. */
function expectation(rows: ReadonlyMap<string, StudyRow>): (run: StudyRun) => number {
  const measured = new Map<string, number[]>();
  const note = (name: string, seconds: number): void => {
    const own = measured.get(name);
    if (own) own.push(seconds);
    else measured.set(name, [seconds]);
  };
  // A ladder draws many more answers than other evaluations, and takes most of its run's time.
  const kindOf = ({ kind, settings }: Pick<StudyRow, 'kind' | 'settings'>) =>
    settings.includes('evaluation.ladder=true') ? 'ladder' : kind;
  for (const row of rows.values()) {
    note(kindOf(row), row.seconds);
    note(`${kindOf(row)} ${row.cell}`, row.seconds);
  }
  const middle = (name: string): number | undefined => {
    const own = measured.get(name);
    return own && median(own);
  };
  return (run) => middle(`${kindOf(run)} ${run.cell}`) ?? (middle(kindOf(run)) ?? GUESS[kindOf(run)]) + unusual(run);
}

/** Work for one worker: a run, or a base that runs need. */
type Job = { readonly run: StudyRun } | { readonly pretrain: string };

interface Studying {
  readonly options: StudyOptions;
  readonly folder: string;
  /** Of the folder of workers and bases. */
  readonly lock: Lock;
  readonly place: Place;
  readonly rows: Map<string, StudyRow>;
  readonly append: (row: StudyRow) => void;
  readonly failures: Map<string, string>;
  readonly busy: Map<string, Job>;
}

const nameOf = (job: Job): string => ('run' in job ? job.run.key : `pretrain ${job.pretrain}`);

/** Makes the runs that are left. Throws InterruptedError when stopped; every finished run then has its row. */
export async function runStudy(options: StudyOptions = {}): Promise<readonly StudyFailure[]> {
  const { results = RESULTS, folder = FOLDER, workers = availableParallelism(), signal } = options;
  const lock = await lockFolderAfterChildren(folder, { work: 'rcsd study', signal });
  try {
    const rowsLock = lockFile(rowsFile(results), 'rcsd study');
    try {
      for (const { takenOver } of [lock, rowsLock]) if (takenOver !== undefined) saying(options)(takenOver);
      const place = (await options.open?.(folder)) ?? here;
      const failures = await runLocked({ options, folder, lock, place }, { results, workers }).finally(place.close);
      if (signal?.aborted) throw new InterruptedError('Stopped on request; every finished run has its row.');
      return failuresOf(failures);
    } finally {
      rowsLock.release();
    }
  } finally {
    lock.release();
  }
}

async function runLocked(
  given: Pick<Studying, 'options' | 'folder' | 'lock' | 'place'>,
  { results, workers }: { readonly results: string; readonly workers: number },
): Promise<Studying['failures']> {
  const writer = appendRows(results);
  const append = (row: StudyRow): void => {
    writer.append(row);
    writer.sync();
  };
  const studying: Studying = { ...given, rows: readRows(results), append, failures: new Map(), busy: new Map() };
  try {
    await Promise.all(Array.from({ length: workers }, (_, slot) => work(studying, slot)));
  } finally {
    writer.close();
  }
  return studying.failures;
}

/** The loop of one worker: it takes jobs until none is left that it may take. */
async function work(studying: Studying, slot: number): Promise<void> {
  const { options, folder, lock, place, busy } = studying;
  const at = { folder, scratch: join(folder, `worker-${slot}`) };
  let worker: StudyWorker | undefined;
  try {
    for (;;) {
      if (options.signal?.aborted) return;
      const job = nextJob(studying);
      if (job === 'wait') {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        continue;
      }
      if (!job) return;
      busy.set(nameOf(job), job);
      tell(studying);
      if ('pretrain' in job) await pretrain(studying, job.pretrain);
      else {
        worker ??= options.open
          ? workerElsewhere(at, place, options.signal)
          : startWorker(at, { lock, signal: options.signal });
        const answer = await worker.make(job.run);
        if ('failure' in answer && !options.signal?.aborted) studying.failures.set(job.run.key, answer.failure);
        if ('row' in answer) keep(studying, answer.row);
        if (answer.memory > MOST_MEMORY) worker.stop();
        if (answer.memory > MOST_MEMORY || !worker.alive()) worker = undefined;
      }
      busy.delete(nameOf(job));
      tell(studying);
    }
  } finally {
    worker?.stop();
  }
}

function keep({ rows, append }: Studying, row: StudyRow): void {
  append(row);
  rows.set(row.key, row);
}

/** The next run that can start; `wait` if all that are left depend on work in progress. */
function nextJob({ options, rows, failures, busy, folder }: Studying): Job | 'wait' | undefined {
  const left = costWith(options, rows).left.filter(({ key }) => !failures.has(key) && !busy.has(key));
  const making = (job: Job): boolean => busy.has(nameOf(job));
  for (const run of left) {
    if (run.waiting || writerAtWork(run, busy)) continue;
    if (isPresent(baseOf(run.base, folder))) return { run };
    const job = { pretrain: run.base };
    if (!making(job) && !failures.has(nameOf(job))) return job;
  }
  return left.length > 0 && busy.size > 0 ? 'wait' : undefined;
}

/** Whether the writer whose rubrics a run needs is being made at this moment. */
function writerAtWork({ base, seed, settings }: StudyRun, busy: Studying['busy']): boolean {
  if (!settings.includes('stages=both') && !settings.includes('rubric_source=generated')) return false;
  return [...busy.values()].some(
    (job) => 'run' in job && job.run.kind === 'writer' && job.run.base === base && job.run.seed === seed,
  );
}

async function pretrain({ failures, folder, lock, place, options }: Studying, base: string): Promise<void> {
  const log = join(folder, `pretrain-${base}.log`);
  const command = rcsd('pretrain', ...baseOf(base, folder).pretrain);
  const child = place.start({ name: `pretrain ${base}`, command, threads: 1, memory: MOST_MEMORY, log });
  const stop = (): void => child.stop();
  options.signal?.addEventListener('abort', stop);
  lock.addChild(child.pid);
  const { state, sentence } = await child.ended;
  lock.removeChild(child.pid);
  options.signal?.removeEventListener('abort', stop);
  if (state === 'failed') failures.set(`pretrain ${base}`, sentence ?? `see ${log}`);
}

const failuresOf = (failures: Studying['failures']): StudyFailure[] =>
  [...failures].map(([run, message]) => ({ run, message }));

function tell({ options, rows, busy, failures }: Studying): void {
  if (!options.onStatus) return;
  const { runs, left, seconds } = costWith(options, rows);
  options.onStatus({
    done: runs.length - left.length,
    total: runs.length,
    failures: failuresOf(failures),
    running: [...busy.keys()],
    secondsLeft: seconds / (options.workers ?? availableParallelism()),
  });
}
