/** How good an answer becomes behind its first tokens, without any context: the values of an audit. */
import { mean } from 'simple-statistics';
import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import { requireTokenizer } from '../../engine/model/model';
import { generate, type RolloutRequest } from '../../method/rollout/generate';
import type { Rollout } from '../../method/rollout/rollout';
import { scoreCompletions } from '../../method/scoring/logprobs';
import type { Sequence } from '../../method/scoring/sequence';
import { placeOf } from '../../questions/grading/letters';
import type { Session } from '../session/session';
import { optionSentences } from './contextMatrix';

/** How values are measured. */
export interface ValuePlan {
  /**
   * `right`: the share of right answers among so many untold continuations. `option`: the probability of the right option among all,
   * were the answer to end here; draws nothing, and is for questions with choices.
   */
  readonly value: 'right' | 'option';
  readonly continuations: number;
  /** Longest answer in tokens. */
  readonly maxTokens: number;
}

/** The beginnings of an answer that are valued, one for each token at a place. */
export interface Begun {
  readonly question: Question;
  readonly rollout: Rollout;
  readonly at: number;
  readonly beginnings: readonly (readonly number[])[];
}

/** Continuations come from the whole distribution: the value is that of the student as it is. */
export const WHOLE = { temperature: 1, top_p: 1, top_k: 0 } as const;

/** The value of each beginning, 0 to 1. Throws InputError where the questions do not allow it. */
export function valuesOf(
  session: Session,
  config: TrainConfig,
  places: readonly Begun[],
  options: OperationOptions & { readonly plan: ValuePlan },
): Promise<number[][]> {
  return options.plan.value === 'right'
    ? rightShares(session, config, places, options)
    : optionShares(session, places, options);
}

async function rightShares(
  { model, task }: Session,
  { seed }: TrainConfig,
  places: readonly Begun[],
  { plan, ...options }: OperationOptions & { readonly plan: ValuePlan },
): Promise<number[][]> {
  const tokenizer = requireTokenizer(model);
  const requests: RolloutRequest[] = [];
  const behind = places.map(({ question, rollout, at, beginnings }) =>
    beginnings.map((begun) => {
      const first = requests.length;
      const last = begun.at(-1) as number;
      if (!model.config.eosTokenIds.includes(last) && begun.length < plan.maxTokens)
        for (let sample = 0; sample < plan.continuations; sample++)
          requests.push({
            questionId: `${question.id} ${rollout.sample} ${at} ${last}`,
            sample,
            promptTokens: [...rollout.promptTokens, ...begun],
          });
      return { question, begun, first, end: requests.length };
    }),
  );
  const { temperature, top_p: topP, top_k: topK } = WHOLE;
  const sampling = { temperature, topP, topK, maxTokens: plan.maxTokens, seed: seed.sampling };
  const drawn = await generate(model, requests, { ...sampling, ...options });
  const worth = (question: Question, tokens: readonly number[]): number =>
    Number(task.grade(question, tokenizer.decode(tokens, { skipSpecialTokens: true })).correct);
  return behind.map((own) =>
    own.map(({ question, begun, first, end }) => {
      const ways = drawn.slice(first, end).map(({ completionTokens }) => [...begun, ...completionTokens]);
      return mean((ways.length > 0 ? ways : [begun]).map((tokens) => worth(question, tokens)));
    }),
  );
}

async function optionShares(
  { model }: Session,
  places: readonly Begun[],
  { signal, onProgress }: OperationOptions,
): Promise<number[][]> {
  const { encode } = requireTokenizer(model);
  const cases: Sequence[] = [];
  const behind = places.map(({ question, rollout, beginnings }) => {
    const { id, choices } = question;
    if (!choices)
      throw new InputError(`--value option: question ${id} has no choices; use --value right, or data with choices.`);
    return beginnings.map((begun) => {
      const first = cases.length;
      const promptTokens = [...rollout.promptTokens, ...begun];
      for (const sentence of optionSentences(choices))
        cases.push({ promptTokens, completionTokens: encode(`\n\n${sentence}`) });
      return { first, right: placeOf(question.answer), options: choices.length };
    });
  });
  const scores = await scoreCompletions(model, cases, { signal, onProgress });
  return behind.map((own) =>
    own.map(({ first, right, options }) => {
      const totals = scores.slice(first, first + options).map(({ logprobs }) => logprobs.reduce((a, b) => a + b, 0));
      const most = Math.max(...totals);
      const weights = totals.map((total) => Math.exp(total - most));
      return (weights[right] as number) / weights.reduce((a, b) => a + b, 0);
    }),
  );
}
