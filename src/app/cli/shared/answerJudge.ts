/** The judge of `rcsd evaluate --judge`: its options, and how it is opened. */
import { ANSWER_JUDGES } from '../../../base/config/policyGradient';
import { InputError } from '../../../base/records/errors';
import { judgeEvaluator, judgeSettings } from '../../../method/rewards/judges/evaluator';
import { isAddress } from '../../../method/rollout/remote/address';
import { openChat } from '../../../method/rollout/remote/openChat';
import { type EndpointSettings, endpointDefaults } from '../../../method/rollout/remote/settings';
import type { AnswerJudge } from '../../../run/probes/judging';
import type { Option } from './arguments';
import { choiceOption, numberOption, type ParsedArguments, textOption } from './arguments';
import { ENDPOINT_OPTIONS, endpointSettings } from './endpointOptions';
import type { Judging } from './evaluateTask';

/** The settings of the judge's server stand beside those of the model's. */
const named = (name: string): string => `judge_${name}`;

const OWN: readonly Option[] = [
  {
    name: 'judge',
    value: 'MODEL',
    help: 'a model, in this process or behind a server, that scores the answers instead of a rule',
  },
  { name: 'judge_kind', value: 'KIND', help: `how it judges: ${ANSWER_JUDGES.join(', ')} (default: paper)` },
  { name: 'judge_max_tokens', value: 'N', help: 'longest reply of the judge in tokens (default: 1024)' },
];

/** What is asked of a judge in words of its own, whatever the answering model needs. */
const OWN_DEFAULTS = ['protocol', 'fields', 'extra'] as const;

export const JUDGING_OPTIONS: readonly Option[] = [
  ...OWN,
  ...ENDPOINT_OPTIONS.map(({ name, value = '' }) => {
    const fallback = (OWN_DEFAULTS as readonly string[]).includes(name) ? 'the usual one' : name;
    return { name: named(name), value, help: `judge behind a server: its ${name} (default: ${fallback})` };
  }),
];

/** The judge that the options name; `endpoint` are the settings of the answering model's server. */
export function judgingOf(args: ParsedArguments, endpoint: EndpointSettings): Judging | undefined {
  const model = textOption(args, 'judge', undefined);
  const kind = choiceOption(args, 'judge_kind', ANSWER_JUDGES);
  const { protocol, fields, extra } = endpointDefaults();
  const own = endpointSettings(args, { named, defaults: { ...endpoint, protocol, fields, extra } });
  const maxTokens = numberOption(args, 'judge_max_tokens', judgeSettings(kind).maxTokens, { min: 1, whole: true });
  if (model !== undefined) return { model, kind, maxTokens, endpoint: own };
  const lone = JUDGING_OPTIONS.find(({ name }) => args.options[name] !== undefined);
  if (lone === undefined) return undefined;
  throw new InputError(`--${lone.name} is for a judge, but none is given; name a model with --judge MODEL.`);
}

/** Answers that a judge in this process decodes together. (A server gets enough work for several rounds.) */
const LOCAL_PIECE = 16;
const ROUNDS = 8;

/** The judge, the number of answers to judge at once, and a function that frees it. */
export async function openAnswerJudge({ model, kind, maxTokens, endpoint }: Judging): Promise<{
  readonly judge: AnswerJudge;
  dispose(): void;
}> {
  const chat = await openChat(model, endpoint);
  const piece = isAddress(model) ? ROUNDS * endpoint.concurrency : LOCAL_PIECE;
  return {
    judge: { evaluate: judgeEvaluator(chat, judgeSettings(kind, { maxTokens })), piece },
    dispose: chat.dispose,
  };
}
