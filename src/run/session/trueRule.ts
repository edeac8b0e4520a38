/**
 * The probability of the right rule where a solution names it, by teacher forcing: what a model would do there, also
 * where it is too rare to be drawn. For an untrained base this is p0.
 */
import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { TrueRule } from '../../base/records/rows';
import { requireTokenizer } from '../../engine/model/model';
import { scoreCompletions } from '../../method/scoring/logprobs';
import type { Sequence } from '../../method/scoring/sequence';
import { type EvaluationRequest, promptOf } from '../../results/evaluation/evaluate';
import { groupsOf } from '../../results/evaluation/groups';

/** An evaluation without its decoding. */
export type TrueRuleRequest = Pick<EvaluationRequest, 'model' | 'task' | 'views' | 'questions' | 'view'>;

/**
 * The probability of each question's right rule, given that the solution got to the rule; undefined where the task
 * knows no rule. Every style of opening counts by its own probability.
 */
export async function trueRule(
  request: TrueRuleRequest,
  options: OperationOptions = {},
): Promise<(number | undefined)[]> {
  const openings = request.questions.map((question) => openingsOf(request, question));
  const scores = await scoreCompletions(request.model, openings.flat(), options);
  let at = 0;
  return openings.map((own) => {
    const chances = own.map(({ ruleAt }) => {
      const { logprobs } = scores[at++] as (typeof scores)[number];
      return { opening: sum(logprobs.slice(0, ruleAt)), rule: Math.exp(sum(logprobs.slice(ruleAt))) };
    });
    if (chances.length === 0) return undefined;
    const likeliest = Math.max(...chances.map(({ opening }) => opening));
    const weights = chances.map(({ opening }) => Math.exp(opening - likeliest));
    return sum(chances.map(({ rule }, i) => rule * (weights[i] as number))) / sum(weights);
  });
}

/** The mean over the questions that have a rule, and by `metadata.stratum`; undefined where the task knows no rules. */
export async function meanTrueRule(
  request: TrueRuleRequest,
  options: OperationOptions = {},
): Promise<TrueRule | undefined> {
  const { task, questions } = request;
  const chances = task.branch ? await trueRule(request, options) : [];
  const known = questions.flatMap((question, i) => {
    const chance = chances[i];
    return chance === undefined ? [] : [{ stratum: groupsOf(question).stratum, chance }];
  });
  if (known.length === 0) return undefined;
  const strata = [...new Set(known.flatMap(({ stratum }) => stratum ?? []))];
  const mean = (own: typeof known): number => sum(own.map(({ chance }) => chance)) / own.length;
  return {
    mean: mean(known),
    ...(strata.length > 0 && {
      strata: Object.fromEntries(strata.map((name) => [name, mean(known.filter(({ stratum }) => stratum === name))])),
    }),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** A solution's opening and rule behind the prompt; `ruleAt` is the index of the rule's first token. */
interface Opening extends Sequence {
  readonly ruleAt: number;
}

function openingsOf(request: TrueRuleRequest, question: Question): Opening[] {
  const branch = request.task.branch?.(question);
  if (!branch) return [];
  const { encode } = requireTokenizer(request.model);
  const promptTokens = encode(promptOf(request, question));
  return branch.before.map((before) => {
    const ruleAt = encode(before).length;
    return { promptTokens, completionTokens: encode(`${before} ${branch.rule}`), ruleAt };
  });
}
