/**
 * Where a teacher's guidance points at better answers, measured without training: at the places of the student's answers where told
 * and untold distributions differ, the value of each likely token is the share of right answers among untold continuations from
 * it. The values do not depend on the teacher, so every context is measured against the same ones.
 */
import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import { textBehind } from '../../engine/files/tokenizer';
import { requireTokenizer } from '../../engine/model/model';
import type { Rollout } from '../../method/rollout/rollout';
import { type LikelyToken, likeliestTokens } from '../../method/scoring/likeliest';
import type { ViewRequest } from '../../questions/tasks/views';
import { sampleAnswers } from '../../results/evaluation/evaluate';
import { groupsOf } from '../../results/evaluation/groups';
import type { Session } from '../session/session';
import { studentView, takeRubrics, teacherOf, teacherView } from '../session/shown';
import { type ValuePlan, valuesOf, WHOLE } from './auditValues';

/** How much is measured. */
export interface AuditPlan extends ValuePlan {
  /** Answers of the untold student to each question. */
  readonly samples: number;
  /** Places measured in each answer, at most: those at which some context moves the distribution most. */
  readonly places: number;
}

/** One token at a place, with its probability untold and its value. */
export interface AuditedToken {
  readonly token: number;
  readonly text: string;
  readonly untold: number;
  /** How good an answer becomes behind this token, 0 to 1 (see `ValuePlan`). */
  readonly value: number;
}

/** One question: the measured places of the student's answers to it. */
export interface AuditRow {
  readonly question: string;
  readonly stratum: string | null;
  readonly template: string | null;
  readonly places: readonly AuditedPlace[];
}

/** One place of an answer: the likely tokens there, and what each context makes of them. */
export interface AuditedPlace {
  readonly sample: number;
  /** The place in the answer, from 0. */
  readonly place: number;
  readonly class: TokenClass;
  /** The answer's own token there. */
  readonly chosen: string;
  readonly tokens: readonly AuditedToken[];
  /** The probability of each of `tokens` when told, by context. */
  readonly told: Readonly<Record<string, readonly number[]>>;
}

/** `rule`: where a solution names its rule, in tasks that know the place. The others go by the answer's own token. */
export const TOKEN_CLASSES = ['first', 'rule', 'number', 'word', 'sign', 'end'] as const;
export type TokenClass = (typeof TOKEN_CLASSES)[number];

/** A context by its name, and its view of a question; undefined for a question that lacks what it shows. */
export interface AuditContext {
  readonly name: string;
  readonly view: (question: Question) => ViewRequest | undefined;
}

/** Tokens below this probability, untold and told, are not followed. They count as worth the mean. */
const LEAST_PROBABILITY = 0.02;
/** Half of the absolute difference of two distributions, above which a place is measured. */
const LEAST_DIFFERENCE = 0.05;
/** At most 50 tokens can have the least probability; real distributions have it for a few. */
const LIKELIEST = 16;

/** The contexts that are audited where none is named; those that the data cannot show are left out. */
export const AUDIT_CONTEXTS = ['reference', 'placebo', 'filler', 'wrong', 'answer', 'answer+reference'] as const;

/**
 * The contexts of some names: a rubric source, `answer`, or `answer+SOURCE`; with `criteria`, also each criterion of the reference
 * rubrics by itself, under its title. Throws InputError for one that the data cannot show, unless no names are given.
 */
export function auditContexts(
  session: Session,
  config: TrainConfig,
  { questions, names, criteria }: { questions: readonly Question[]; names?: readonly string[]; criteria: boolean },
): AuditContext[] {
  const named = (names ?? AUDIT_CONTEXTS).flatMap((name): AuditContext[] => {
    try {
      return [namedContext(session, config, { questions, name })];
    } catch (error) {
      if (names === undefined && error instanceof InputError) return [];
      throw error;
    }
  });
  return criteria ? [...named, ...criterionContexts(session, config, questions)] : named;
}

function namedContext(
  session: Session,
  config: TrainConfig,
  { questions, name }: { readonly questions: readonly Question[]; readonly name: string },
): AuditContext {
  if (name === 'answer') return { name, view: (question) => teacherView(config, question, { context: 'answer' }) };
  const [, withAnswer, source] = /^(answer\+)?(.+)$/.exec(name) ?? [];
  const context = withAnswer ? 'answer+rubric' : 'rubric';
  const teacher = teacherOf(session, config, { questions, context, source });
  const served = new Set(teacher.questions);
  return { name, view: (question) => (served.has(question) ? teacher.view(question) : undefined) };
}

/** A context for each title of a criterion in the reference rubrics: that criterion alone. */
function criterionContexts(session: Session, config: TrainConfig, questions: readonly Question[]): AuditContext[] {
  const { of, rubrics } = takeRubrics(session, config, { questions, source: 'reference' });
  const titles = [...new Set(rubrics.flatMap((rubric) => rubric.criteria.map(({ title }) => title)))];
  return titles.map((title) => ({
    name: `criterion: ${title}`,
    view: (question) => {
      const rubric = of(question);
      const own = rubric?.criteria.filter((criterion) => criterion.title === title) ?? [];
      return rubric && own.length > 0
        ? teacherView(config, question, { context: 'rubric', rubric: { ...rubric, criteria: own } })
        : undefined;
    },
  }));
}

/** An answer with the likeliest tokens at each of its places: untold, and in each context that shows its question. */
interface ReadAnswer {
  readonly question: Question;
  readonly rollout: Rollout;
  readonly untold: readonly (readonly LikelyToken[])[];
  readonly told: ReadonlyMap<string, readonly (readonly LikelyToken[])[]>;
}

/** A place that is measured, with the tokens that are followed from it. */
interface Place {
  readonly answer: ReadAnswer;
  readonly at: number;
  readonly tokens: readonly number[];
}

/** Audits the contexts on the student's answers to some questions; a row for each question. */
export async function auditGuidance(
  session: Session,
  config: TrainConfig,
  options: OperationOptions & {
    readonly plan: AuditPlan;
    readonly questions: readonly Question[];
    readonly contexts: readonly AuditContext[];
  },
): Promise<AuditRow[]> {
  const { plan, questions, contexts } = options;
  const answers = await readAnswers(session, config, options);
  const places = answers.flatMap((answer) => placesOf(answer, plan.places));
  const begun = places.map(({ answer: { question, rollout }, at, tokens }) => ({
    question,
    rollout,
    at,
    beginnings: tokens.map((token) => [...rollout.completionTokens.slice(0, at), token]),
  }));
  const values = await valuesOf(session, config, begun, options);
  return questions.map((question) => {
    const { template } = question.metadata ?? {};
    return {
      question: question.id,
      stratum: groupsOf(question).stratum ?? null,
      template: typeof template === 'string' ? template : null,
      places: places.flatMap((place, i) =>
        place.answer.question === question
          ? [audited(session, place, { values: values[i] as number[], contexts })]
          : [],
      ),
    };
  });
}

async function readAnswers(
  session: Session,
  config: TrainConfig,
  {
    plan,
    questions,
    contexts,
    ...options
  }: OperationOptions & {
    readonly plan: AuditPlan;
    readonly questions: readonly Question[];
    readonly contexts: readonly AuditContext[];
  },
): Promise<ReadAnswer[]> {
  const { model, task, views } = session;
  const { encode } = requireTokenizer(model);
  const settings = { ...config.evaluation, ...WHOLE, samples: plan.samples, max_tokens: plan.maxTokens, questions: 0 };
  const view = (question: Question): ViewRequest => studentView(config, question);
  const drawn = await sampleAnswers(
    { model, task, views, questions, settings, seed: config.seed.sampling, view },
    options,
  );
  const answers = questions.flatMap((question, i) => (drawn[i] ?? []).map((rollout) => ({ question, rollout })));
  const read = (behind: (question: Question) => ViewRequest | undefined) => {
    const shown = answers.flatMap(({ question, rollout }, index) => {
      const own = behind(question);
      return own ? [{ index, own, rollout }] : [];
    });
    const sequences = shown.map(({ own, rollout: { completionTokens } }) => ({
      promptTokens: encode(views.render(own)),
      completionTokens,
    }));
    return likeliestTokens(model, sequences, { count: LIKELIEST, ...options }).then(
      (found) => new Map(found.map((each, i) => [shown[i]?.index as number, each])),
    );
  };
  const untold = await read(view);
  const told = new Map<string, Awaited<ReturnType<typeof read>>>();
  for (const context of contexts) told.set(context.name, await read(context.view));
  return answers.map((answer, i) => ({
    ...answer,
    untold: untold.get(i) ?? [],
    told: new Map([...told].flatMap(([name, found]) => (found.has(i) ? [[name, found.get(i) ?? []] as const] : []))),
  }));
}

const probabilityOf = (likely: readonly LikelyToken[], token: number): number =>
  likely.find((own) => own.token === token)?.probability ?? 0;

/** Half of the absolute difference of two distributions, over the tokens listed in either. */
function differenceOf(a: readonly LikelyToken[], b: readonly LikelyToken[]): number {
  const tokens = new Set([...a, ...b].map(({ token }) => token));
  return [...tokens].reduce((sum, token) => sum + Math.abs(probabilityOf(a, token) - probabilityOf(b, token)), 0) / 2;
}

/** The places at which a context moves the distribution most, and which tokens are likely there on any side. */
function placesOf(answer: ReadAnswer, most: number): Place[] {
  const sidesAt = (at: number) => [...answer.told.values()].map((own) => own[at] ?? []);
  const differing = answer.untold
    .map((untold, at) => ({ at, difference: Math.max(...sidesAt(at).map((own) => differenceOf(own, untold))) }))
    .filter(({ difference }) => difference > LEAST_DIFFERENCE)
    .sort((a, b) => b.difference - a.difference)
    .slice(0, most);
  return differing.map(({ at }) => {
    const likely = [answer.untold[at] ?? [], ...sidesAt(at)].flat();
    const tokens = likely.filter(({ probability }) => probability > LEAST_PROBABILITY).map(({ token }) => token);
    return { answer, at, tokens: [...new Set(tokens)] };
  });
}

function audited(
  session: Session,
  { answer, at, tokens }: Place,
  { values, contexts }: { readonly values: readonly number[]; readonly contexts: readonly AuditContext[] },
): AuditedPlace {
  const { question, rollout, untold, told } = answer;
  const tokenizer = requireTokenizer(session.model);
  const before = rollout.completionTokens.slice(0, at);
  const textOf = (token: number): string => textBehind(tokenizer, before, token);
  const chosen = rollout.completionTokens[at] as number;
  return {
    sample: rollout.sample,
    place: at,
    class: classOf(session, question, { before, chosen, text: textOf(chosen) }),
    chosen: textOf(chosen),
    tokens: tokens.map((token, i) => ({
      token,
      text: textOf(token),
      untold: probabilityOf(untold[at] ?? [], token),
      value: values[i] as number,
    })),
    told: Object.fromEntries(
      contexts.flatMap(({ name }) => {
        const own = told.get(name)?.[at];
        return own ? [[name, tokens.map((token) => probabilityOf(own, token))] as const] : [];
      }),
    ),
  };
}

function classOf(
  { model, task }: Session,
  question: Question,
  place: { readonly before: readonly number[]; readonly chosen: number; readonly text: string },
): TokenClass {
  const { encode } = requireTokenizer(model);
  const openings = task.branch?.(question)?.before.map((text) => encode(text).join()) ?? [];
  if (openings.includes(place.before.join())) return 'rule';
  if (place.before.length === 0) return 'first';
  if (model.config.eosTokenIds.includes(place.chosen)) return 'end';
  if (/\d/.test(place.text)) return 'number';
  return /\p{L}/u.test(place.text) ? 'word' : 'sign';
}

/** What a context's guidance is worth at some places. */
export interface Credit {
  /** sum over tokens of (told - untold) (value - mean): the change of the share of right answers that following it brings there. */
  readonly gain: number;
  /** Products of the guidance with the ideal one, untold (value - mean), and with themselves: the parts of their cosine. */
  readonly inner: number;
  readonly guidance: number;
  readonly ideal: number;
}

/**
 * The credit of a context at a place (the ideal gradient is that of arXiv 2605.10889); undefined where the context does not show the
 * question. The mean is that of the untold student; tokens that were not followed count as worth it.
 */
export function creditOf({ tokens, told }: AuditedPlace, context: string): Credit | undefined {
  const own = told[context];
  if (!own) return undefined;
  const mass = tokens.reduce((sum, { untold }) => sum + untold, 0);
  const mean = tokens.reduce((sum, { untold, value }) => sum + untold * value, 0) / mass;
  const credit = { gain: 0, inner: 0, guidance: 0, ideal: 0 };
  tokens.forEach(({ untold, value }, i) => {
    const pull = (own[i] as number) - untold;
    const ideal = untold * (value - mean);
    credit.gain += pull * (value - mean);
    credit.inner += pull * ideal;
    credit.guidance += pull * pull;
    credit.ideal += ideal * ideal;
  });
  return credit;
}
