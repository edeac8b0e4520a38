/** Evaluates one data set for `rcsd evaluate`, as files and as text, and adds up the costs of all data sets. */
import type { TrainConfig } from '../../../base/config/configs';
import type { TeacherContext } from '../../../base/config/parts';
import type { OperationOptions } from '../../../base/records/events';
import type { EvaluationResults, Inputs, SampleRow } from '../../../base/records/rows';
import { gitCommit } from '../../../base/records/runWriter';
import { formatsOf } from '../../../engine/model/model';
import type { JudgeKindName } from '../../../method/rewards/judges/kinds';
import { isAddress } from '../../../method/rollout/remote/address';
import type { EndpointSettings } from '../../../method/rollout/remote/settings';
import { LIKELIHOOD_MODE, USUAL_RULE } from '../../../results/evaluation/loglikelihood';
import {
  joinResults,
  toLikelihoodResults,
  toLikelihoodRows,
  toResults,
  toSampleRows,
} from '../../../results/evaluation/results';
import { evaluatePrepared, type PreparedTask, type Subject, type Usage } from '../../../run/probes/evaluation';
import type { AnswerJudge, JudgeUsage } from '../../../run/probes/judging';
import { evaluateLikelihood, type PreparedLikelihood } from '../../../run/probes/loglikelihood';
import {
  failureText,
  groupTables,
  judgeUsageText,
  likelihoodText,
  type Prices,
  priceOf,
  scoresText,
  trueRuleText,
  usageText,
} from './evaluateText';

/** A data set to evaluate: by answers, or by log-likelihoods. */
export type Prepared = PreparedTask | PreparedLikelihood;

/** The prepared data sets of one command, and what they share. */
export interface Evaluating {
  readonly subject: Subject;
  readonly prepared: readonly Prepared[];
  readonly config: TrainConfig;
  readonly endpoint: EndpointSettings;
  readonly context: TeacherContext;
  /** SHA-256 of what it is made from. */
  readonly inputs: Inputs;
  readonly judging?: Judging;
  readonly folder?: string;
}

/** Who judges the answers, and how; without it, rules grade them. */
export interface Judging {
  readonly model: string;
  readonly kind: JudgeKindName;
  readonly maxTokens: number;
  /** How it is asked where it is behind a server, and its prices. */
  readonly endpoint: EndpointSettings;
}

/** One finished data set: its files, what is printed about it, and the tokens it took. */
export interface Finished {
  readonly results: EvaluationResults;
  readonly rows: readonly SampleRow[];
  readonly text: string;
  readonly usage?: Usage;
  /** Why the first of the failed answers failed. */
  readonly failure?: string;
  readonly judging?: JudgeUsage;
}

/** Where rows are kept as they come, and who judges. */
export interface TaskRun extends OperationOptions {
  readonly folder?: string;
  readonly judge?: AnswerJudge;
}

export const isLikelihood = (task: Prepared): task is PreparedLikelihood => task.mode === LIKELIHOOD_MODE;

/** Evaluates one data set; answers that are kept already are not asked for again. */
export async function evaluateTask(evaluating: Evaluating, task: Prepared, run: TaskRun): Promise<Finished> {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  return isLikelihood(task) ? score(evaluating, { task, run, seconds }) : ask(evaluating, { task, run, seconds });
}

interface Running<T extends Prepared> {
  readonly task: T;
  readonly run: TaskRun;
  readonly seconds: () => number;
}

const factsOf = (
  { config: { model, adapter }, context, subject, inputs }: Evaluating,
  { task, mode }: Prepared,
  seconds: number,
) => ({
  ...{ task: task.name, model, mode, seconds, gitHash: gitCommit() },
  more: {
    adapter: adapter ?? null,
    ...('model' in subject && formatsOf(subject.model)),
    context,
    inputs,
  },
});

async function score(evaluating: Evaluating, { task, run, seconds }: Running<PreparedLikelihood>): Promise<Finished> {
  const evaluation = await evaluateLikelihood(task, run);
  const rows = toLikelihoodRows(evaluation);
  return {
    results: toLikelihoodResults(evaluation, factsOf(evaluating, task, seconds())),
    rows,
    text: likelihoodText(task, evaluation) + groupTables(rows, USUAL_RULE),
  };
}

async function ask(evaluating: Evaluating, { task, run, seconds }: Running<PreparedTask>): Promise<Finished> {
  const { config, endpoint, judging } = evaluating;
  const { evaluations, usage, failure, judging: judged } = await evaluatePrepared(task, run);
  const trueRule = await task.trueRule?.(run);
  const { chatTemplate, promptOf } = task;
  const facts = { ...factsOf(evaluating, task, seconds()), settings: config.evaluation, seed: config.seed.sampling };
  const rows = evaluations.flatMap((evaluation) => toSampleRows(evaluation, promptOf));
  const remote = 'chat' in evaluating.subject;
  return {
    results: toResults(evaluations, {
      ...facts,
      ...(chatTemplate !== undefined && { chatTemplate }),
      ...(trueRule && { trueRule }),
    }),
    rows,
    text:
      scoresText(task, evaluations, rows) +
      (trueRule ? trueRuleText(trueRule) : '') +
      (remote ? usageText(usage, endpoint) : '') +
      (failure === undefined ? '' : failureText(failure)) +
      (judging && judged ? judgeUsageText(judged, pricesOf(judging)) : ''),
    ...(remote && { usage }),
    ...(failure !== undefined && { failure }),
    ...(judged && { judging: judged }),
  };
}

/** A judge in this process costs nothing. */
const pricesOf = ({ model, endpoint }: Judging): Prices =>
  isAddress(model) ? endpoint : { priceInput: 0, priceOutput: 0 };

const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0);

/** results.json of all data sets, with the tokens that servers and judge used and the total cost. */
export function withAccounts({ endpoint, judging }: Evaluating, finished: readonly Finished[]): EvaluationResults {
  const joined = joinResults(finished.map(({ results }) => results));
  const used = finished.flatMap(({ usage }) => usage ?? []);
  const usage = {
    prompt: sum(used, ({ prompt }) => prompt),
    completion: sum(used, ({ completion }) => completion),
    cached: sum(used, ({ cached }) => cached),
  };
  const judged = finished.flatMap((own) => own.judging ?? []);
  const judge = judging && {
    ...{ model: judging.model, kind: judging.kind },
    calls: sum(judged, ({ calls }) => calls),
    failed: sum(judged, ({ failed }) => failed),
    prompt: sum(judged, ({ prompt }) => prompt),
    completion: sum(judged, ({ completion }) => completion),
  };
  const cost = priceOf(usage, endpoint);
  const judgeCost = judging && judge ? priceOf(judge, pricesOf(judging)) : 0;
  const config = {
    ...joined.config,
    ...(judge && { judge: { ...judge, cost: judgeCost } }),
    ...(used.length > 0 && { usage: { ...usage, cost } }),
    ...((used.length > 0 || judge) && { cost: cost + judgeCost }),
  };
  return { ...joined, config };
}
