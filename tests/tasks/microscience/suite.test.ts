import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/engine/tensors/random';
import { ruleBranch } from '../../../src/questions/tasks/microscience/branch';
import {
  allNumbers,
  drawNumbers,
  isHeldOut,
  keyOf,
  makeProblem,
  pretty,
  spell,
} from '../../../src/questions/tasks/microscience/families/problem';
import { classicWorld, type World } from '../../../src/questions/tasks/microscience/families/world';
import { gradeMicroscience, isFaithful, processChecks } from '../../../src/questions/tasks/microscience/grading';
import { writeSolution } from '../../../src/questions/tasks/microscience/policy';
import { microscienceProblems, microscienceQuestions } from '../../../src/questions/tasks/microscience/questions';
import { familiesOf, SUITES, suiteOf, templatesOf } from '../../../src/questions/tasks/microscience/suites';
import { worldFromSeed } from '../../../src/questions/tasks/microscience/worldPrior';
import { LEVELS, reachWorld, strataWorld } from '../../../src/questions/tasks/microscience/worlds';

const allFamilies = (world: World) => familiesOf(suiteOf(world));
const WORLDS = [strataWorld(), reachWorld(3), classicWorld];
const everyFamily = (world: World, perFamily: number, seed = 0) =>
  microscienceQuestions('test', { seed, perFamily, families: allFamilies(world), world });

describe('grammar', () => {
  it('grades every clean solution right, by right means, with full process score', () => {
    const random = createRandom(3);
    for (const world of [...WORLDS, strataWorld(2), worldFromSeed(1), worldFromSeed(2), worldFromSeed(3)]) {
      for (const split of ['train', 'test'] as const) {
        const perFamily = 30;
        const questions = microscienceQuestions(split, {
          seed: random.int(0, 99),
          perFamily,
          families: allFamilies(world),
          world,
        });
        expect(questions).toHaveLength(perFamily * allFamilies(world).length);
        for (const question of questions) {
          const solution = question.solution ?? '';
          expect(gradeMicroscience(question, solution)).toEqual({
            extracted: question.answer,
            correct: true,
            process: 1,
            rule: true,
          });
          expect(isFaithful(question, solution)).toBe(true);
        }
      }
    }
  });

  it('works every law and slip out to a whole number or a letter, with sums that are right', () => {
    const random = createRandom(5);
    for (let draw = 0; draw < 4000; draw++) {
      const template = random.pick([SUITES.classic, SUITES.strata].flatMap(templatesOf));
      for (const law of template.facts(drawNumbers(template, random)).laws) {
        const { text, answer } = law.solve(false);
        expect(String(answer)).toMatch(/^(\d+|A|B)$/);
        expect(text).toContain(law.sentence);
        for (const [, a, sign, b, result] of text.matchAll(/(\d+) ([-+*/]) (\d+) = (\d+)/g)) {
          const [x, y] = [Number(a), Number(b)];
          const value = { '+': x + y, '-': x - y, '*': x * y, '/': x / y }[sign as '+' | '-' | '*' | '/'];
          expect(value).toBe(Number(result));
        }
      }
    }
  });

  it('writes integers digit by digit and fills every placeholder', () => {
    for (const { question, solution, metadata } of WORLDS.flatMap((world) => everyFamily(world, 40))) {
      const { given, unit, law, step, wrong } = metadata as Record<string, string>;
      for (const text of [question, solution, given, unit, law, step, wrong]) {
        expect(text).not.toMatch(/(?:^| )\d{2,}(?= |$)|[{}](?!$)(?<!boxed\{)|undefined| {2}/);
      }
    }
    expect(spell('12 m of C3H8 and 305')).toBe('1 2 m of C3H8 and 3 0 5');
    expect(pretty('1 2 m of 3 O2 , 3 0 5')).toBe('12 m of 3 O2 , 305');
  });

  it('has at least three phrasings and several nouns in every template', () => {
    for (const { phrasings, nouns } of [SUITES.classic, SUITES.strata].flatMap(templatesOf)) {
      expect(phrasings.length).toBeGreaterThanOrEqual(3);
      for (const choices of Object.values(nouns)) expect(choices.length).toBeGreaterThanOrEqual(3);
    }
  });
});

describe('splits', () => {
  it.each(Object.values(SUITES))(
    'holds out at least 5,000 keys, 4,900 of them outside the transfer family',
    (suite) => {
      const keys = templatesOf(suite).flatMap((t) =>
        [...allNumbers(t)].map((n) => ({ family: t.family, key: keyOf(t, n) })),
      );
      expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length);
      const heldOut = keys.filter(({ key }) => isHeldOut(key));
      expect(heldOut.length).toBeGreaterThanOrEqual(5000);
      expect(heldOut.filter(({ family }) => suite.main.includes(family)).length).toBeGreaterThanOrEqual(4900);
      expect(heldOut.length / keys.length).toBeCloseTo(0.4, 1);
    },
  );

  it('gives the splits disjoint keys, distinct within each, and balances every prefix', () => {
    const [train, test] = (['train', 'test'] as const).map((split) =>
      microscienceQuestions(split, { seed: 1, perFamily: 100, world: classicWorld }),
    );
    const ids = [...(train ?? []), ...(test ?? [])].map(({ id }) => id);
    expect(new Set(ids).size).toBe(1400);
    expect(test?.every(({ id }) => isHeldOut(id))).toBe(true);
    expect(new Set(train?.slice(0, 7).map(({ metadata }) => metadata?.family)).size).toBe(7);
  });

  it('is the same for the same seed and another for another seed', () => {
    for (const world of WORLDS) {
      expect(everyFamily(world, 20, 4)).toEqual(everyFamily(world, 20, 4));
      expect(everyFamily(world, 20, 4)).not.toEqual(everyFamily(world, 20, 5));
    }
  });

  it('refuses more questions than a family has keys', () => {
    expect(() =>
      microscienceProblems('test', { seed: 0, perFamily: 400, families: ['GEN'], world: classicWorld }),
    ).toThrow(/GEN has only/);
  });
});

describe('the strata', () => {
  const worlds = [0, 1, 2, 3].map(strataWorld);

  it('have every rule in each of four over the rotations, and as many rules and questions in each', () => {
    for (const { id } of SUITES.strata.main.flatMap((family) => SUITES.strata.families.get(family) ?? []))
      expect(new Set(worlds.map(({ strata }) => strata[id]))).toEqual(
        new Set(['modal', 'minority', 'gated', 'silent']),
      );
    for (const world of worlds) {
      const questions = microscienceQuestions('test', { seed: 1, perFamily: 40, world });
      for (const stratum of ['modal', 'minority', 'gated', 'silent']) {
        expect(Object.values(world.strata).filter((each) => each === stratum)).toHaveLength(6);
        expect(questions.filter(({ metadata }) => metadata?.stratum === stratum)).toHaveLength(60);
      }
      expect(Object.keys(world.strata).filter((id) => world.strata[id] === 'absent')).toEqual(world.heldOutLaws);
    }
  });

  it('by p0 have every rule at each level over eight rotations, three rules at each, and absent ones beside them', () => {
    const levels = LEVELS.map(String);
    const byLevel = levels.map((_, rotation) => reachWorld(rotation));
    for (const { id, family } of templatesOf(SUITES.reach)) {
      const seen = new Set(byLevel.map(({ strata }) => strata[id]));
      expect(seen).toEqual(new Set(family === 'FORCE' ? ['absent'] : levels));
    }
    for (const world of [...byLevel, reachWorld(8)]) {
      const strata = Object.values(world.strata);
      for (const level of levels) {
        expect(strata.filter((each) => each === level)).toHaveLength(3);
        expect(world.wrongLaw[level]).toBe(1 - Number(level));
      }
      const questions = microscienceQuestions('train', { seed: 1, perFamily: 40, world });
      expect(questions.filter(({ metadata }) => metadata?.stratum === levels[1])).toHaveLength(30);
      expect(questions.filter(({ metadata }) => metadata?.stratum === 'absent')).toHaveLength(40);
    }
    expect(reachWorld(8)).toEqual(reachWorld());
  });

  it('know the phrasing of a question by p0, and leave the questions of the older worlds as they are', () => {
    const phrasings = everyFamily(reachWorld(), 40).map(({ metadata, question }) => [metadata?.phrasing, question]);
    expect(new Set(phrasings.map(([phrasing]) => phrasing))).toEqual(new Set([1, 2, 3]));
    const [template] = templatesOf(SUITES.reach);
    const first = (text = '') => text.split(' {')[0] as string;
    for (const { metadata, question } of everyFamily(reachWorld(), 40).filter(
      ({ metadata }) => metadata?.template === template?.id,
    ))
      expect(question.startsWith(first(template?.phrasings[(metadata?.phrasing as number) - 1]))).toBe(true);
    for (const { metadata } of everyFamily(strataWorld(), 4)) expect(metadata).not.toHaveProperty('phrasing');
  });

  it('fork at the rule: the right one is what a clean solution goes on with', () => {
    for (const world of WORLDS) {
      for (const question of everyFamily(world, 12)) {
        const branch = ruleBranch(question);
        const { law, wrong } = question.metadata as Record<string, string>;
        expect(question.solution).toContain(`${branch?.before[0]} ${branch?.rule} `);
        expect(branch?.before[1]).toMatch(/^So /);
        expect(law?.endsWith(branch?.rule ?? '-')).toBe(true);
        expect(wrong).not.toBe(law);
      }
    }
  });
});

describe('grading', () => {
  const [question] = microscienceQuestions('test', { seed: 0, perFamily: 1, families: ['KIN'], world: classicWorld });
  if (!question) throw new Error('no question');
  const clean = question.solution ?? '';

  it('takes the last box, and nothing from an open or empty one', () => {
    expect(gradeMicroscience(question, `\\boxed{ 9 9 9 m } ${clean}`).correct).toBe(true);
    expect(gradeMicroscience(question, `${clean} \\boxed{ 9 9 9 m }`)).toMatchObject({
      extracted: '999',
      correct: false,
    });
    expect(gradeMicroscience(question, '\\boxed{ 1 2')).toMatchObject({ extracted: null, correct: false });
    expect(gradeMicroscience(question, '\\boxed{ m }').extracted).toBeNull();
    expect(gradeMicroscience(question, '').extracted).toBeNull();
  });

  it('counts each missing part with its weight', () => {
    const score = (response: string) => (gradeMicroscience(question, response).process ?? 0) * 15;
    const { law, given, unit, wrong } = question.metadata as Record<string, string>;
    expect(score(clean.replace(law as string, ''))).toBeCloseTo(10);
    expect(score(clean.replace(`Given ${given} .`, 'So'))).toBeCloseTo(14);
    expect(score(clean.replace(` ${unit} }`, ' }'))).toBeCloseTo(12);
    expect(score(`${clean} ${wrong}`)).toBeCloseTo(13);
    expect(score('')).toBeCloseTo(2);
  });

  it('finds the mistakes of a solution by the wrong law', () => {
    const [problem] = microscienceProblems('test', { seed: 0, perFamily: 1, families: ['KIN'], world: classicWorld });
    if (!problem) throw new Error('no problem');
    const worked = problem.work({ wrongLaw: true, slipped: false });
    const words = { careful: true, core: worked.text, boxed: String(worked.answer), unit: true };
    const text = writeSolution(problem, words).join(' ');
    expect(gradeMicroscience(question, text)).toMatchObject({
      correct: false,
      rule: false,
      extracted: problem.mistake,
    });
    expect(processChecks(question, text)).toEqual({ law: false, step: true, unit: true, given: true, pitfall: false });
  });

  it('binds a material to its letter in the solutions of PHYS', () => {
    for (const { question: text, solution, answer } of microscienceQuestions('test', {
      seed: 0,
      perFamily: 50,
      families: ['PHYS'],
      world: classicWorld,
    })) {
      const material = new RegExp(`${answer} : (\\w+)`).exec(text)?.[1];
      expect(solution).toContain(`${material} is ${answer} . \\boxed{ ${answer} }`);
    }
  });

  it('refuses questions of other tasks in one sentence', () => {
    const foreign = { id: 'q1', task: 'science', split: 'test', question: 'Why ?', answer: 'A' };
    expect(() => gradeMicroscience(foreign, 'A')).toThrow('Question q1 is not a microscience question');
  });
});

describe('laws of random worlds', () => {
  it('change the true answer of the same numbers', () => {
    const [template] = templatesOf(SUITES.classic);
    if (!template) throw new Error('no template');
    const make = (laws: Record<string, [number, number]>) =>
      makeProblem(template, { u: 9, a: 3, t: 4 }, { random: createRandom(0), world: { ...classicWorld, laws } });
    expect(make({}).answer).toBe('21');
    expect(make({ [template.id]: [1, 0] })).toMatchObject({
      answer: '12',
      law: 'Use v = a t .',
      wrong: 'Use v = u + a t .',
    });
    expect(make({ [template.id]: [2, 1] }).answer).toBe('39');
  });
});
