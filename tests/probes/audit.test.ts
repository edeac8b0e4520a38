/** Credit by hand, and on the embedded model, whose right and wrong guidance is known. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { likeliestTokens } from '../../src/method/scoring/likeliest';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { type AuditedPlace, type AuditRow, auditContexts, auditGuidance, creditOf } from '../../src/run/probes/audit';
import { contextCredit, contextsIn, creditBy } from '../../src/run/probes/auditSummary';
import { openSession, type Session } from '../../src/run/session/session';
import { CHOICES, openChoices } from './choices';

const place = (told: Record<string, number[]>): AuditedPlace => ({
  sample: 0,
  place: 3,
  class: 'rule',
  chosen: 'a',
  tokens: [
    { token: 1, text: 'a', untold: 0.6, value: 0 },
    { token: 2, text: 'b', untold: 0.2, value: 1 },
  ],
  told,
});

describe('credit', () => {
  // Untold the mean is .2 / .8 = .25, so the tokens are worth -.25 and +.75 more than it.
  it('is the sum of (told - untold) (value - mean)', () => {
    const credit = creditOf(place({ right: [0.1, 0.9] }), 'right');
    expect(credit?.gain).toBeCloseTo(-0.5 * -0.25 + 0.7 * 0.75, 12);
  });

  it('does not depend on tokens of the mean’s worth, so a teacher that only moves mass there has none', () => {
    expect(creditOf(place({ same: [0.3, 0.1] }), 'same')?.gain).toBeCloseTo(0.3 * 0.25 - 0.1 * 0.75, 12);
    expect(creditOf(place({ untold: [0.6, 0.2] }), 'untold')?.gain).toBe(0);
  });

  it('has the ideal direction where told less untold is untold (value - mean)', () => {
    const { inner, guidance, ideal } = creditOf(place({ ideal: [0.6 - 0.15, 0.2 + 0.15] }), 'ideal') as never as Record<
      string,
      number
    >;
    expect((inner as number) / Math.sqrt((guidance as number) * (ideal as number))).toBeCloseTo(1, 12);
    const away = creditOf(place({ away: [0.9, 0.1] }), 'away');
    expect(away?.inner).toBeLessThan(0);
  });

  it('is none for a context that does not show the question', () => {
    expect(creditOf(place({}), 'reference')).toBeUndefined();
  });

  it('is averaged over questions, with places of one question as one cluster', () => {
    const of = (...gains: number[]): AuditRow => ({
      question: String(gains),
      stratum: null,
      template: null,
      places: gains.map((told) => place({ c: [0.6 - told, 0.2 + told] })),
    });
    const rows = [of(0.4, 0.2), of(0.1)];
    const { gain, places, helps } = contextCredit(rows, 'c') ?? ({} as never);
    expect(places).toBe(3);
    expect(gain.value).toBeCloseTo((0.3 + 0.1) / 2, 12);
    expect(helps.value).toBe(1);
  });
});

describe('on the embedded model', () => {
  const config = resolveTrainConfig({ overrides: ['data=microscience'] });
  const plan = { value: 'right', samples: 1, places: 3, continuations: 8, maxTokens: 80 } as const;
  let session: Session;
  let rows: AuditRow[];
  const audited = async (start: number, end: number): Promise<AuditRow[]> => {
    const questions = session.test.slice(start, end);
    const contexts = auditContexts(session, config, { questions, criteria: true });
    return auditGuidance(session, config, { plan, questions, contexts });
  };
  beforeAll(async () => {
    session = await openSession(config);
    rows = await audited(0, 24);
  });
  afterAll(() => session.dispose());

  it('reads the probabilities that scoring gives', async () => {
    const { tokenizer, weights } = session.model;
    expect(weights).toBeDefined();
    const encode = (text: string): number[] => tokenizer?.encode(text) ?? [];
    const sequence = { promptTokens: encode('Use v = a t .').slice(0, 4), completionTokens: encode('a t . So Given') };
    const [likely] = await likeliestTokens(session.model, [sequence], { count: session.model.config.vocabSize });
    const [scores] = await scoreCompletions(session.model, [sequence]);
    sequence.completionTokens.forEach((token, t) => {
      const found = likely?.[t]?.find((own) => own.token === token)?.probability;
      expect(Math.log(found as number)).toBeCloseTo(scores?.logprobs[t] as number, 4);
    });
    expect(likely?.[0]?.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  });

  it('finds the reference right where a rule is chosen, and the wrong rule wrong where the base knew better', () => {
    const at = (by: 'class' | 'stratum', context: string, group: string) =>
      creditBy(rows, by).find((cell) => cell.context === context && cell.group === group)?.gain.value as number;
    expect(at('class', 'reference', 'rule')).toBeGreaterThan(0.2);
    expect(at('stratum', 'reference', 'silent')).toBeGreaterThan(0.05);
    expect(at('stratum', 'wrong', 'modal')).toBeLessThan(-0.05);
    expect(Math.abs(at('class', 'filler', 'rule'))).toBeLessThan(0.1);
  });

  it('gives the credit of a rubric to the criterion that names the rule', () => {
    const gain = (context: string) => contextCredit(rows, context)?.gain.value as number;
    expect(contextsIn(rows)).toContain('criterion: Correct rule');
    expect(gain('criterion: Correct rule')).toBeGreaterThan(gain('criterion: Right unit') + 0.05);
  });

  it('values do not depend on which contexts are audited beside', async () => {
    const questions = session.test.slice(0, 6);
    const contexts = auditContexts(session, config, { questions, names: ['reference'], criteria: false });
    const alone = await auditGuidance(session, config, { plan, questions, contexts });
    const values = (from: readonly AuditRow[]) =>
      from.flatMap(({ question, places }) =>
        places.flatMap(({ sample, place: at, tokens }) =>
          tokens.map(({ token, value }) => [`${question} ${sample} ${at} ${token}`, value] as const),
        ),
      );
    const beside = new Map(values(rows));
    const shared = values(alone).filter(([key]) => beside.has(key));
    expect(shared.length).toBeGreaterThan(10);
    for (const [key, value] of shared) expect(value).toBe(beside.get(key));
  });
});

describe('by the probability of the right option', () => {
  it('a beginning is worth that of the right sentence behind it, among those of all choices', async () => {
    const config = resolveTrainConfig({ overrides: ['data=microscience'] });
    const plan = { value: 'option', samples: 1, places: 1, continuations: 1, maxTokens: 4 } as const;
    const session = await openChoices();
    try {
      const { model, views } = session;
      const { tokenizer, questions } = CHOICES;
      const contexts = auditContexts(session, config, { questions, names: ['answer'], criteria: false });
      const rows = await auditGuidance(session, config, { plan, questions, contexts });
      expect(rows.map(({ question }) => question)).toEqual(['q0', 'q1']);
      const promptTokens = tokenizer.encode(views.render({ question: questions[0] as never, purpose: 'answer' }));
      for (const [i, { places }] of rows.entries())
        for (const { place: at, tokens } of places.filter((own) => own.place === 0))
          for (const { token, value } of tokens) {
            expect(at).toBe(0);
            const sequences = ['A', 'B'].map((letter) => ({
              promptTokens: [...promptTokens, token],
              completionTokens: tokenizer.encode(`\n\nThe answer is \\boxed{${letter}}.`),
            }));
            const scores = await scoreCompletions(model, sequences);
            const [a = 0, b = 0] = scores.map(({ logprobs }) => Math.exp(logprobs.reduce((x, y) => x + y, 0)));
            expect(value).toBeCloseTo((i === 0 ? a : b) / (a + b), 5);
          }
      expect(rows.flatMap(({ places }) => places).length).toBeGreaterThan(0);
    } finally {
      session.dispose();
    }
  });
});

describe('what cannot be audited', () => {
  it('a named source that the data do not have, and options of questions without choices', async () => {
    const config = resolveTrainConfig({ overrides: ['data=microscience'] });
    const session = await openSession(config);
    try {
      const questions = session.test.slice(0, 2);
      const ask = (names: string[]) => () => auditContexts(session, config, { questions, names, criteria: false });
      expect(ask(['no-such-source'])).toThrow(/no-such-source/);
      const plan = { value: 'option', samples: 1, places: 1, continuations: 1, maxTokens: 80 } as const;
      const contexts = auditContexts(session, config, { questions, names: ['answer'], criteria: false });
      await expect(auditGuidance(session, config, { plan, questions, contexts })).rejects.toThrow(/has no choices/);
    } finally {
      session.dispose();
    }
  });
});
