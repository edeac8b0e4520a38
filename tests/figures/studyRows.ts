/** Made-up rows for every run of the plan, so that every figure of the study has something to draw. */

import { createRandom, hashString } from '../../src/engine/tensors/random';
import { TRIAL_RATES } from '../../src/study/cells';
import { planStudy, type StudyRun } from '../../src/study/plan';
import type { Scores, StudyRow } from '../../src/study/row';

const QUESTIONS = 8;
const STEPS = [1, 20, 40];

function rowOf({ key, kind, experiment, cell, group, base, seed, settings }: StudyRun): StudyRow {
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
