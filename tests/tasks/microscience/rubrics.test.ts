import { describe, expect, it } from 'vitest';
import type { Question } from '../../../src/base/records/question';
import type { Criterion } from '../../../src/base/records/rubric';
import { createRandom, hashString } from '../../../src/engine/tensors/random';
import {
  criterionKind,
  opposite,
  parseMicroscienceRubric,
  renderMicroscienceRubric,
} from '../../../src/questions/tasks/microscience/criteria';
import { classicWorld } from '../../../src/questions/tasks/microscience/families/world';
import { factsOf, meetsCriterion } from '../../../src/questions/tasks/microscience/grading';
import {
  microscienceQuestions,
  microscienceRubric,
  microscienceTask,
} from '../../../src/questions/tasks/microscience/questions';
import { RUBRIC_SOURCES } from '../../../src/questions/tasks/microscience/sources';
import { familiesOf, suiteOf } from '../../../src/questions/tasks/microscience/suites';
import { microscienceViews } from '../../../src/questions/tasks/microscience/views';
import { encodeTokens, vocabularyOf } from '../../../src/questions/tasks/microscience/vocabulary';
import { strataWorld } from '../../../src/questions/tasks/microscience/worlds';

const world = strataWorld();

const pool = microscienceQuestions('test', { seed: 2, perFamily: 40, families: familiesOf(suiteOf(world)), world });
const rubricOf = (question: (typeof pool)[number], source: string, seed = 0) => {
  const rubric = microscienceRubric(question, source, { random: createRandom(seed), pool });
  if (!rubric) throw new Error(`no rubric for ${source}`);
  return rubric;
};
const kindsOf = (question: (typeof pool)[number], source: string) =>
  rubricOf(question, source).criteria.map((criterion) => criterionKind(factsOf(question), criterion));

describe('rubric sources', () => {
  it('render to text that plain JSON and the strict parser read back', () => {
    for (const question of pool) {
      for (const source of RUBRIC_SOURCES) {
        const { criteria } = rubricOf(question, source);
        const text = renderMicroscienceRubric(criteria);
        expect(text.split(' ').every((token) => token !== '')).toBe(true);
        expect(() => encodeTokens(vocabularyOf(world), text.split(' '))).not.toThrow();
        expect(parseMicroscienceRubric(text)).toEqual(criteria);
        expect((JSON.parse(text) as unknown[]).length).toBe(criteria.length);
      }
    }
  });

  it('say what they should about their own question', () => {
    for (const question of pool) {
      expect(kindsOf(question, 'full')).toEqual(['law', 'step', 'unit', 'given', 'pitfall']);
      expect(kindsOf(question, 'reference').slice(0, 2)).toEqual(['law', 'step']);
      expect(kindsOf(question, 'law-only')).toEqual(['law']);
      expect(kindsOf(question, 'step-only')).toEqual(['step']);
      expect(kindsOf(question, 'wrong')[0]).toBe('wrong law');
      expect(kindsOf(question, 'wrong')).not.toContain('law');
      const [code, ...others] = kindsOf(question, 'coded');
      expect(code).toBe('code');
      for (const kind of others) expect(['step', 'unit', 'given']).toContain(kind);
      expect(kindsOf(question, 'split').toSorted()).toEqual(['first half', 'second half', 'step', 'unit']);
      expect(kindsOf(question, 'half').filter((kind) => kind.endsWith('half'))).toHaveLength(1);
      for (const source of ['generic', 'placebo', 'coded-placebo']) {
        expect(new Set(kindsOf(question, source))).toEqual(new Set(['other']));
      }
    }
  });

  it('name the law in the share that they say', () => {
    for (const dose of [0, 0.3, 1]) {
      const told = pool.filter((question) => {
        const rubric = microscienceRubric(question, `dose:${dose}`, {
          random: createRandom(hashString(question.id)),
          pool,
        });
        const kinds = rubric?.criteria.map((criterion) => criterionKind(factsOf(question), criterion)) ?? [];
        expect(kinds.length).toBeGreaterThan(0);
        expect(kinds.includes('law') || !kinds.includes('pitfall')).toBe(true);
        return kinds.includes('law');
      });
      expect(Math.abs(told.length / pool.length - dose)).toBeLessThan(0.08);
    }
  });

  it('name another template’s law where they are permuted, the same for all of its questions, and each law once', () => {
    const lawOf = new Map<string, Set<string>>();
    for (const question of pool) {
      const { template, family, law } = factsOf(question);
      const [first, ...rest] = rubricOf(question, 'permuted', hashString(question.id)).criteria.map(
        ({ description }) => description,
      );
      const named = first?.replace('Essential Criteria: States : ', '') as string;
      expect(named).not.toBe(law);
      expect(rest.join(' ')).not.toContain('Use ');
      lawOf.set(template, (lawOf.get(template) ?? new Set()).add(named));
      expect(pool.some(({ metadata }) => metadata?.law === named && metadata.family !== family)).toBe(true);
    }
    for (const laws of lawOf.values()) expect(laws.size).toBe(1);
    expect(new Set([...lawOf.values()].flatMap((laws) => [...laws])).size).toBe(lawOf.size);
  });

  it('match the placebo to the reference in length', () => {
    const length = (source: string) =>
      pool.reduce((sum, q) => sum + renderMicroscienceRubric(rubricOf(q, source).criteria).split(' ').length, 0) /
      pool.length;
    expect(Math.abs(length('placebo') / length('reference') - 1)).toBeLessThan(0.05);
  });

  it('match the filler to the reference in length, and let it say nothing', () => {
    const length = (source: string) =>
      pool.reduce((sum, q) => sum + renderMicroscienceRubric(rubricOf(q, source).criteria).split(' ').length, 0) /
      pool.length;
    expect(Math.abs(length('filler') / length('reference') - 1)).toBeLessThan(0.1);
    for (const question of pool) expect(new Set(kindsOf(question, 'filler'))).toEqual(new Set(['other']));
  });

  it('list all laws alike for every question, each template with one at least, and leave room for an answer', () => {
    const pool = microscienceQuestions('test', { seed: 2, perFamily: 40, world: classicWorld });
    const lists = pool.map((question) => {
      const rubric = microscienceRubric(question, 'all-laws', { random: createRandom(0), pool });
      return renderMicroscienceRubric(rubric?.criteria ?? []);
    });
    expect(new Set(lists).size).toBe(1);
    for (const template of new Set(pool.map(({ metadata }) => metadata?.template))) {
      const laws = pool
        .filter(({ metadata }) => metadata?.template === template)
        .map(({ metadata }) => String(metadata?.law));
      expect(laws.some((law) => lists[0]?.includes(law))).toBe(true);
    }
    expect(lists[0]?.split(' ').length).toBeLessThan(140);
  });

  it('hold one wrong law among four criteria, at any place, beside the right one', () => {
    const places = pool.map((question, i) => {
      const rubric = microscienceRubric(question, 'one-wrong', { random: createRandom(i), pool });
      const texts = rubric?.criteria.map(({ description }) => description) ?? [];
      const { law, wrong } = question.metadata as { law: string; wrong: string };
      expect(texts).toHaveLength(4);
      expect(texts.filter((text) => text.endsWith(`States : ${law}`))).toHaveLength(1);
      return texts.findIndex((text) => text.endsWith(`States : ${wrong}`));
    });
    expect([...new Set(places)].sort()).toEqual([0, 1, 2, 3]);
  });

  it('list the silent laws alike for every question, a criterion each', () => {
    const lists = pool.map((question) => rubricOf(question, 'silent-laws').criteria);
    for (const list of lists) expect(list).toEqual(lists[0]);
    const silent = pool.filter(({ metadata }) => metadata?.stratum === 'silent').map(({ metadata }) => metadata?.law);
    expect(lists[0]?.map(({ description }) => description.replace(/^.*States : /, '')).sort()).toEqual(
      [...new Set(silent)].sort(),
    );
    expect(lists[0]).toHaveLength(6);
  });

  it('keep the reference rubric of the question record in the parsed form', () => {
    for (const question of pool) {
      const text = JSON.stringify(question.rubric);
      expect(
        parseMicroscienceRubric(text)
          ?.map(({ weight }) => weight)
          .slice(0, 2),
      ).toEqual([5, 4]);
    }
  });

  it('leave other sources alone and need a pool for foreign criteria', () => {
    const question = pool[0];
    if (!question) throw new Error('no question');
    expect(microscienceTask.rubric?.(question, 'generated', createRandom(0), pool)).toBeUndefined();
    expect(() => microscienceTask.rubric?.(question, 'placebo', createRandom(0), [question])).toThrow(
      /pool .* no foreign/,
    );
  });
});

describe('strict parsing', () => {
  const item = (fields: object) =>
    JSON.stringify([{ title: 'Key step', description: 'Important Criteria: Finds 4 .', weight: 4, ...fields }]);

  it('accepts a valid item', () => {
    expect(parseMicroscienceRubric(item({}))).toMatchObject([
      { title: 'Key step', importance: 'important', weight: 4 },
    ]);
  });

  it.each([
    ['no JSON', '[ {"title":'],
    ['no array', '{}'],
    ['an empty array', '[]'],
    ['an extra key', item({ points: 3 })],
    ['a missing key', '[{"title":"T","weight":4}]'],
    ['an unknown prefix', item({ description: 'Vital Criteria: Finds 4 .' })],
    ['no prefix', item({ description: 'Finds 4 .' })],
    ['no text', item({ description: 'Important Criteria: ' })],
    ['two prefixes', item({ description: 'Important Criteria: Optional Criteria: x' })],
    ['an unknown weight', item({ weight: 7 })],
    ['a weight in quotes', item({ weight: '4' })],
    ['a null item', '[null]'],
  ])('refuses %s', (_, text) => expect(parseMicroscienceRubric(text)).toBeUndefined());
});

describe('views', () => {
  it('show a revision as a rubric, of pitfalls where something is to be avoided', () => {
    for (const question of pool) {
      const { criteria } = rubricOf(question, 'full');
      const shown = (towards: 'meet' | 'avoid', given = criteria) =>
        microscienceViews.render({ question, purpose: 'answer', revision: { towards, criteria: given } });
      const rubric = { questionId: question.id, source: 'full', criteria };
      expect(shown('meet')).toBe(microscienceViews.render({ question, purpose: 'answer', rubric }));
      const words = shown('avoid').split(' ');
      expect(() => encodeTokens(vocabularyOf(world), words)).not.toThrow();
      const turned = criteria.map(opposite);
      expect(parseMicroscienceRubric(renderMicroscienceRubric(turned))).toHaveLength(criteria.length);
      expect(turned.map(({ id }) => id)).toEqual(criteria.map(({ id }) => id));
      // What states a law breaks its opposite; the opposite of the pitfall asks for the wrong law.
      const { law, wrong } = factsOf(question);
      expect(meetsCriterion(turned[0] as Criterion, law)).toBe(false);
      expect(criterionKind(factsOf(question), turned.at(-1) as Criterion)).toBe('wrong law');
      expect(meetsCriterion(turned.at(-1) as Criterion, wrong)).toBe(true);
      expect(turned.slice(0, -1).map(({ importance }) => importance)).toEqual(
        Array(criteria.length - 1).fill('pitfall'),
      );
    }
  });

  it.each([
    [{ revision: { towards: 'meet', criteria: [], response: 'So' } }],
    [{ unrelated: { question: pool[1] as Question, solution: 'So' } }],
  ] as const)('have no place for a response: %j', (more) => {
    const request = { question: pool[0] as Question, purpose: 'answer', ...more } as const;
    expect(() => microscienceViews.render(request)).toThrow('cannot show an example of a response');
  });

  const question = pool[0];
  if (!question) throw new Error('no question');
  const rubric = rubricOf(question, 'full');

  it('differ in the privileged part only', () => {
    const student = microscienceViews.render({ question, purpose: 'answer' });
    const teacher = microscienceViews.render({ question, purpose: 'answer', answer: question.answer, rubric });
    expect(student).toBe(`<|user|> ${question.question} <|solve|> <|assistant|>`);
    expect(teacher.startsWith(`<|user|> ${question.question} <|ref|> `)).toBe(true);
    expect(teacher.replace(/ <\|ref\|>.*(?= <\|solve\|>)/, '')).toBe(student);
    expect(teacher).toContain(` <|rubric|> ${renderMicroscienceRubric(rubric.criteria)} <|solve|>`);
  });

  it('show the answer digit by digit with its unit', () => {
    const shown = microscienceViews.render({ question: { ...question }, purpose: 'rubric', answer: '120' });
    expect(shown).toContain(`<|ref|> 1 2 0 ${question.metadata?.unit} <|write|> <|assistant|>`);
  });

  it('leave room for an answer or a rubric in the context', () => {
    for (const q of pool) {
      const request = { question: q, answer: q.answer, rubric: rubricOf(q, 'full') };
      const room = (purpose: 'answer' | 'rubric') =>
        vocabularyOf(world).positions - microscienceViews.render({ ...request, purpose }).split(' ').length;
      expect(room('answer')).toBeGreaterThan((q.solution ?? '').split(' ').length);
      expect(room('rubric')).toBeGreaterThan(renderMicroscienceRubric(request.rubric.criteria).split(' ').length);
    }
  });

  it('refuse what the model has no words for', () => {
    expect(() => microscienceViews.render({ question, purpose: 'answer', thinking: true })).toThrow(/no thinking/);
    expect(() => microscienceViews.render({ question, purpose: 'answer', antiMention: true })).toThrow(
      /no anti_mention/,
    );
  });
});
