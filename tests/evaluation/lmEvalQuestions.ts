/** Multiple-choice questions with what lm-evaluation-harness makes of them on a small random model of the fixtures. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Question } from '../../src/base/records/question';

/** A question with the harness's prompt and numbers. */
export interface LmEvalQuestion {
  readonly question: Question;
  readonly context: string;
  readonly continuations: readonly string[];
  readonly loglikelihoods: readonly number[];
  readonly acc: number;
  readonly acc_norm: number;
  readonly acc_bytes: number;
}

const fixtures = join(__dirname, '../fixtures');

/** The model's folder. */
export const LM_EVAL_MODEL = join(fixtures, 'models/loglikelihood');

/** All of them. */
export const { questions: lmEvalQuestions } = JSON.parse(
  readFileSync(join(fixtures, 'loglikelihood.json'), 'utf8'),
) as { questions: readonly LmEvalQuestion[] };
