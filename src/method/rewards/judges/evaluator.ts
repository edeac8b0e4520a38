/**
 * The one interface of all judges: cases in, judgements out, whether the judge replies in words or is read by its
 * probabilities. A verdict that could not be had is null and counted; it never becomes a zero.
 */

import { InputError } from '../../../base/records/errors';
import type { OperationOptions } from '../../../base/records/events';
import type { Criterion } from '../../../base/records/rubric';
import { type JudgeCase, type JudgeView, judgeMessages, MAX_RESPONSE } from '../../prompts/judge';
import { defaultTemplates } from '../../prompts/templates';
import type { ChatModel } from '../../rollout/chat';
import { type AskSettings, ask, type Inquiry, NO_EFFORT } from './ask';
import {
  criteriaReply,
  type Degree,
  type Dimensions,
  dimensionsReply,
  type Preference,
  preferenceReply,
  type Rating,
  ratingReply,
  readDegrees,
  readDimensions,
  readPreference,
  readRating,
} from './forms';
import {
  criteriaJudgement,
  dimensionsJudgement,
  type Judgement,
  pairJudgement,
  ratingJudgement,
  unjudged,
} from './judgement';
import {
  type CriteriaKind,
  type DimensionsKind,
  JUDGE_KINDS,
  type JudgeKind,
  type JudgeKindName,
  type PairwiseKind,
  type RatingKind,
  type RatingMapping,
} from './kinds';
import type { Judge } from './readout';
import type { Reading } from './verdict';

export interface JudgeSettings extends AskSettings, JudgeView {
  readonly kind: JudgeKindName;
  /** How a rating from 1 to 10 becomes 0 to 1. */
  readonly mapping: RatingMapping;
  /** Whether the judge writes a reason before the verdict. */
  readonly reason: boolean;
  /** How many criteria one call asks about. */
  readonly perCall: number;
}

/** Judges responses; judgements come in the order of the cases. */
export type JudgeEvaluator = (cases: readonly JudgeCase[], options?: OperationOptions) => Promise<Judgement[]>;

/** The default settings of a kind, with changes. */
export function judgeSettings(kind: JudgeKindName, changes: Partial<Omit<JudgeSettings, 'kind'>> = {}): JudgeSettings {
  const found: JudgeKind = JUDGE_KINDS[kind];
  return {
    kind,
    mapping: 'tenth',
    reason: found.reason,
    perCall: found.form === 'criteria' ? found.perCall : 1,
    temperature: 0,
    topP: 1,
    maxTokens: 1024,
    seed: 42,
    retries: 2,
    templates: defaultTemplates(),
    maxResponse: MAX_RESPONSE,
    keepThinking: false,
    ...changes,
  };
}

/** What a case lacks for a kind, as a clause; undefined when nothing is missing. */
export function lackOf({ needs }: JudgeKind, { rubric, reference, other }: JudgeCase): string | undefined {
  if (needs === 'rubric' && !rubric?.criteria.length) return 'there is no rubric';
  if (needs === 'reference' && reference === undefined) return 'there is no reference answer';
  return needs === 'pair' && other === undefined ? 'there is no second response' : undefined;
}

/** Judges the cases that have all they need; the others come back unscored. */
const judgeAble =
  (kind: JudgeKind, judge: JudgeEvaluator): JudgeEvaluator =>
  async (cases, options) => {
    const lacks = cases.map((judged) => lackOf(kind, judged));
    const judgements = await judge(
      cases.filter((_, i) => lacks[i] === undefined),
      options,
    );
    let at = 0;
    return lacks.map((lack) => (lack === undefined ? (judgements[at++] as Judgement) : unjudged(lack)));
  };

/** A judge that replies in words. The caller keeps ownership of the model. */
export function judgeEvaluator(model: ChatModel, given: JudgeSettings): JudgeEvaluator {
  const settings = model.escapes ? { ...given, escapes: model.escapes } : given;
  const kind: JudgeKind = JUDGE_KINDS[settings.kind];
  const put = <I, T>(inquiries: readonly Inquiry<I, T>[], options?: OperationOptions) =>
    ask(model, inquiries, { ...settings, ...options });
  return judgeAble(kind, async (cases, options) => {
    if (kind.form === 'rating') {
      const asked = await put(
        cases.map((judged) => ratingInquiry(judged, kind, settings)),
        options,
      );
      return asked.map(({ readings: [reading], effort }) =>
        ratingJudgement(reading as Reading<Rating>, settings.mapping, effort),
      );
    }
    if (kind.form === 'dimensions') {
      const asked = await put(
        cases.map((judged) => dimensionsInquiry(judged, kind, settings)),
        options,
      );
      return asked.map(({ readings: [reading], effort }) =>
        dimensionsJudgement(reading as Reading<Dimensions>, settings.mapping, effort),
      );
    }
    if (kind.form === 'pairwise') {
      const asked = await put(
        cases.map((judged) => pairInquiry(judged, kind, settings)),
        options,
      );
      return asked.map(({ readings, effort }) => pairJudgement(readings, effort));
    }
    const asked = await put(
      cases.map((judged) => criteriaInquiry(judged, kind, settings)),
      options,
    );
    return asked.map((own, i) => criteriaJudgement(cases[i] as JudgeCase, own, kind.formula));
  });
}

function ratingInquiry(judged: JudgeCase, { template }: RatingKind, settings: JudgeSettings): Inquiry<null, Rating> {
  const turn = { template, reply: ratingReply(settings.reason) };
  return {
    items: [null],
    perCall: 1,
    messages: () => judgeMessages(judged, turn, settings),
    read: (text) => [readRating(text)],
  };
}

function dimensionsInquiry(
  judged: JudgeCase,
  { template }: DimensionsKind,
  settings: JudgeSettings,
): Inquiry<null, Dimensions> {
  const turn = { template, reply: dimensionsReply(settings.reason) };
  return {
    items: [null],
    perCall: 1,
    messages: () => judgeMessages(judged, turn, settings),
    read: (text) => [readDimensions(text)],
  };
}

function pairInquiry(
  judged: JudgeCase,
  { template }: PairwiseKind,
  settings: JudgeSettings,
): Inquiry<boolean, Preference> {
  const reply = preferenceReply(settings.reason);
  return {
    items: [false, true],
    perCall: 1,
    messages: ([swapped = false]) => judgeMessages(judged, { template, reply, swapped }, settings),
    read: (text) => [readPreference(text)],
  };
}

function criteriaInquiry(
  judged: JudgeCase,
  { template, scale }: CriteriaKind,
  settings: JudgeSettings,
): Inquiry<Criterion, Degree> {
  const { perCall, reason } = settings;
  return {
    items: judged.rubric?.criteria ?? [],
    perCall,
    messages: (criteria) => {
      const reply = criteriaReply(scale, criteria.length, reason);
      return judgeMessages(judged, { template, reply, criteria }, settings);
    },
    read: (text, criteria) => readDegrees(text, scale, criteria.length),
  };
}

/** A judge that is read by its probabilities. Throws InputError for kinds without a Yes-or-No question or a rating. */
export function readoutEvaluator(
  judge: Judge,
  { kind: name, mapping }: Pick<JudgeSettings, 'kind' | 'mapping'>,
): JudgeEvaluator {
  const kind: JudgeKind = JUDGE_KINDS[name];
  if (kind.form === 'pairwise' || kind.form === 'dimensions' || (kind.form === 'criteria' && kind.scale === 'levels'))
    throw new InputError(
      `The kind ${name} cannot be read by probabilities: that works for Yes or No and for ratings only; let the judge reply in words.`,
    );
  const tooLong = { problem: 'the prompt is longer than the model can read' };
  return judgeAble(kind, async (cases, options) => {
    if (kind.form === 'rating') {
      const ratings = await judge.ratings(
        cases.map((judged) => basisOf(judged, kind.needs)),
        options,
      );
      return ratings.map((rating) =>
        ratingJudgement(rating === null ? tooLong : { verdict: { rating, reason: null } }, mapping, NO_EFFORT),
      );
    }
    const asked = cases.map((judged) => (judged.rubric?.criteria ?? []).map((criterion) => ({ judged, criterion })));
    const degrees = await judge.criteria(asked.flat(), options);
    let at = 0;
    return cases.map((judged, i) => {
      const readings = (asked[i] ?? []).map((): Reading<Degree> => {
        const degree = degrees[at++] ?? null;
        return degree === null ? tooLong : { verdict: { degree, reason: null } };
      });
      return criteriaJudgement(judged, { readings, effort: NO_EFFORT }, kind.formula);
    });
  });
}

/** Reduces a case to what the kind judges by. */
function basisOf({ question, response, rubric, reference }: JudgeCase, needs: RatingKind['needs']): JudgeCase {
  return needs === 'rubric' ? { question, response, rubric } : { question, response, reference };
}
