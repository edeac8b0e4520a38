/**
 * Makes stage I of one base and seed, once for all runs that use its rubrics. The rubrics are written for every
 * training question, in the run's own order, and for the held-out questions, where their quality shows what stage I
 * taught.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainConfig } from '../base/config/configs';
import { writeFileAtomic } from '../base/records/atomic';
import type { OperationOptions } from '../base/records/events';
import type { Question } from '../base/records/question';
import type { RubricRow } from '../base/records/rows';
import { openRun } from '../base/records/runReader';
import { readJsonFile, writeJsonl } from '../engine/files/jsonl';
import type { LanguageModel } from '../engine/model/model';
import { resolveTrainConfig } from '../method/algorithms/settings';
import { criterionKind, factsOf } from '../questions/tasks/microscience';
import { trainInSession } from '../run/experiments/train';
import { writeRubrics } from '../run/session/rubrics';
import type { Session } from '../run/session/session';
import { takeRubrics } from '../run/session/shown';
import { splitTraining, stageQuestions } from '../run/session/validation';
import { annotationTokens, stageCost, type WriterCost, writingCost } from './budget';
import { COMMON } from './cells';
import { rounded } from './measure';
import type { WrittenQuality } from './row';

/**
 * A finished writer: files of rubrics for training and held-out questions, its cost, and the quality of its rubrics and
 * of the untrained model's.
 */
export interface Writer {
  readonly train: string;
  readonly test: string;
  readonly cost: WriterCost;
  readonly quality: WrittenQuality;
  readonly untrained: WrittenQuality;
}

interface WriterRequest {
  readonly session: Session;
  /** Folder of this base and seed. */
  readonly folder: string;
  readonly model: string;
  readonly data: string;
  readonly seed: number;
  /** More settings `name=value`, for tests. */
  readonly settings: readonly string[];
}

/** Number of questions for which the untrained model writes rubrics too, for comparison. */
const UNTRAINED_QUESTIONS = 210;

/** The writer of a base and seed; makes it if it is not there yet. */
export async function writerOf(request: WriterRequest, options: OperationOptions): Promise<Writer> {
  const { folder } = request;
  const files = { train: join(folder, 'train.jsonl'), test: join(folder, 'test.jsonl') };
  const record = join(folder, 'writer.json');
  if (!existsSync(record)) {
    const made = await makeWriter(request, files, options);
    writeFileAtomic(record, `${JSON.stringify(made, null, 1)}\n`);
  }
  return { ...files, ...(readJsonFile(record) as unknown as Omit<Writer, 'train' | 'test'>) };
}

async function makeWriter(
  { session, folder, model: path, data, seed, settings }: WriterRequest,
  files: Pick<Writer, 'train' | 'test'>,
  options: OperationOptions,
): Promise<Pick<Writer, 'cost' | 'quality' | 'untrained'>> {
  const words = [...COMMON, 'algorithm=rcsd', 'stages=rubric', ...settings];
  const config = resolveTrainConfig({
    overrides: [...words, `seed=${seed}`, `model=${path}`, `data=${data}`, `runs=${folder}`, 'name=stage-one'],
  });
  rmSync(join(folder, 'stage-one'), { recursive: true, force: true });
  const { model, path: run } = await trainInSession(session, config, { ...options, evaluateBefore: false });
  try {
    const write = (writer: LanguageModel, questions: readonly Question[]) =>
      writeRubrics(session, { writer, writerName: 'stage-one', questions, config, ...options });
    const learn = splitTraining(session, config).learn;
    const test = session.test.slice(0, config.evaluation.questions || undefined);
    const trained = await write(model, learn);
    const held = await write(model, test);
    const asked = test.slice(0, UNTRAINED_QUESTIONS);
    const untrained = await write(session.model, asked);
    writeJsonl(files.train, trained.rows);
    writeJsonl(files.test, held.rows);
    return {
      cost: writerCost(session, config, { run: join(run, 'stage-1'), rows: trained.rows }),
      quality: qualityOf(test, held.rows),
      untrained: qualityOf(asked, untrained.rows),
    };
  } finally {
    model.dispose();
    rmSync(join(folder, 'stage-one'), { recursive: true, force: true });
  }
}

function writerCost(
  session: Session,
  config: TrainConfig,
  { run, rows }: { readonly run: string; readonly rows: readonly RubricRow[] },
): WriterCost {
  const { model, task } = session;
  const questions = stageQuestions(session, config, { settings: config.stage1 });
  const { rollout, teacher, update, sampled } = stageCost(openRun(run), model, {
    settings: config.stage1,
    lora: config.lora.rank > 0,
    drawn: true,
  });
  const tokens = annotationTokens(model, task);
  const { rows: reference } = takeRubrics(session, config, { questions, source: 'reference' });
  const add = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return {
    flops: rollout + teacher + update,
    sampled,
    annotation: add(questions.map(tokens.answer)) + add(reference.map(tokens.rubric)),
    questions: questions.map(({ id }) => id),
    written: writingCost(model, rows),
  };
}

/** Quality of rubrics, measured by the facts that microscience knows about its questions. */
export function qualityOf(questions: readonly Question[], rows: readonly RubricRow[]): WrittenQuality {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const valid = rows.filter((row) => row.valid);
  const factsOfRow = (row: RubricRow) => factsOf(byId.get(row.question_id) as Question);
  const kinds = valid.map((row) => {
    const facts = factsOfRow(row);
    const criteria = row.criteria as Parameters<typeof criterionKind>[1][];
    return criteria.map((criterion) => ({ kind: criterionKind(facts, criterion), text: criterion.description }));
  });
  const share = (holds: (own: (typeof kinds)[number]) => boolean): number =>
    rounded(kinds.filter(holds).length / Math.max(1, kinds.length));
  const has = (kind: string): number => share((own) => own.some((each) => each.kind === kind));
  const strata = [...new Set(valid.flatMap((row) => factsOfRow(row).stratum ?? []))];
  const lawIn = (stratum: string): number => {
    const own = kinds.filter((_, i) => factsOfRow(valid[i] as RubricRow).stratum === stratum);
    return rounded(own.filter((each) => each.some(({ kind }) => kind === 'law')).length / own.length);
  };
  return {
    ...(strata.length > 0 && { law_by_stratum: Object.fromEntries(strata.map((name) => [name, lawIn(name)])) }),
    valid: rounded(valid.length / questions.length),
    law: has('law'),
    wrong_law: has('wrong law'),
    step: has('step'),
    pitfall: has('pitfall'),
    generic: has('other'),
    duplicates: share((own) => new Set(own.map(({ text }) => text)).size < own.length),
    criteria: rounded(kinds.reduce((sum, own) => sum + own.length, 0) / Math.max(1, kinds.length)),
  };
}
