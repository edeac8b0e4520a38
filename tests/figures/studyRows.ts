/** Made-up rows for every run of the plan, so that every figure of the study has something to draw. */

import { createRandom, hashString } from '../../src/engine/tensors/random';
import { loadTask } from '../../src/questions/load';
import { factsOf, LEVELS } from '../../src/questions/tasks/microscience';
import { TRIAL_RATES } from '../../src/study/cells';
import { planStudy, type StudyRun } from '../../src/study/plan';
import type { Scores, StudyRow } from '../../src/study/row';

const QUESTIONS = 8;
const STEPS = [1, 20, 40];

/** The templates of the held-out questions of a world, in the order of a row's digits. */
const templates = new Map<string, readonly string[]>();
function templatesOf(world: string): readonly string[] {
  const found = templates.get(world) ?? loadTask(`microscience:${world}`).test.map((each) => factsOf(each).template);
  templates.set(world, found);
  return found;
}

/** The world of a base whose rules are told apart by how likely they are; undefined for the others. */
function rankedWorld(base: string): string | undefined {
  const [, name, number] = /^(strata|reach)-(\d)$/.exec(base) ?? [];
  return name && (['0', '4'].includes(number as string) && name === 'strata' ? name : number === '0' ? name : base);
}

/** What rows of such worlds have besides: right rules by question, template and level, and greedy scores. */
function ruled(row: StudyRow, world: string, random: ReturnType<typeof createRandom>): StudyRow {
  const named = templatesOf(world);
  const digits = () => named.map(() => random.int(0, 1)).join('');
  const chances = [...new Set(named)].map((template) => [template, random.next()] as const);
  const per_question = { ...row.per_question, rule: digits() } as Scores['per_question'];
  return {
    ...row,
    world,
    per_question,
    decodings: [
      {
        ...row,
        world,
        decoding: { temperature: 0, top_p: 1, samples: 1 },
        samples: 1,
        per_question: { ...per_question, rule: digits() },
      } as Scores,
    ],
    true_rule: Object.fromEntries(chances),
    trace: {
      step: STEPS,
      ...Object.fromEntries(LEVELS.map((level) => [String(level), STEPS.map(() => random.next())])),
    },
  };
}

function rowOf(run: StudyRun): StudyRow {
  const world = rankedWorld(run.base);
  const row = plainRowOf(run);
  return world === undefined ? row : ruled(row, world, createRandom(hashString(`${run.key} rules`)));
}

function plainRowOf({ key, kind, experiment, cell, group, base, seed, settings }: StudyRun): StudyRow {
  const random = createRandom(hashString(key));
  const digits = () => Array.from({ length: QUESTIONS }, () => random.int(0, 2)).join('');
  const correct = digits();
  const accuracy = [...correct].reduce((sum, digit) => sum + Number(digit), 0) / (2 * QUESTIONS);
  const counts = () => Array.from({ length: QUESTIONS }, () => random.int(0, 64));
  const curve = () => STEPS.map(() => random.next());
  const majority = () => Array.from({ length: QUESTIONS }, () => random.int(0, 1));
  const isLadder = settings.includes('evaluation.ladder=true');
  const shares = { accuracy, process: accuracy, faithful: accuracy, verified: accuracy };
  /** The scores of one decoding. */
  const under = (temperature: number): Scores => ({
    decoding: { temperature, top_p: 0.95, samples: 2 },
    ...{ questions: QUESTIONS, samples: 2, length: 30, unparsed: 0, truncated: 0, ...shares },
    per_question: { correct: digits(), faithful: digits(), verified: digits(), majority: majority() },
  });
  return {
    schema_version: 1,
    ...{ key, kind, experiment, cell, group, base, seed, settings },
    base_sha256: '',
    world: 0,
    commit: null,
    cpu: '',
    threads: 1,
    seconds: 1,
    questions: QUESTIONS,
    samples: 2,
    ...{ ...shares, transfer: accuracy },
    ...{ length: 30, unparsed: 0, truncated: 0 },
    per_question: { correct, faithful: digits(), verified: digits(), ...(isLadder && { majority: majority() }) },
    ...(isLadder && { decodings: [under(0), under(0.5)] }),
    pass: { samples: 64, correct: counts(), faithful: counts(), verified: counts() },
    curves: {
      step: STEPS,
      ...{ loss: curve(), entropy: curve(), 'divergence/true': curve(), 'clip/fraction': curve() },
      'completions/mean_length': curve(),
    },
    budget: {
      flops: { rollout: 1e12, teacher: 0, update: 0, stage1: 0, writing: 0, judge: 0, total: 1e12 * (1 + accuracy) },
      ...{ questions: 100, annotation_tokens: 1000, sampled_tokens: 1000 },
    },
  };
}

/** The whole study, as if it were finished: trials first, since they choose the rates of the rest. */
export function finishedStudy(): Map<string, StudyRow> {
  const rows = new Map<string, StudyRow>();
  for (const _ of ['trials', 'the rest'])
    for (const run of planStudy(rows, { rates: TRIAL_RATES })) if (!run.waiting) rows.set(run.key, rowOf(run));
  return rows;
}
