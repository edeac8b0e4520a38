import { describe, expect, it } from 'vitest';
import { tokenizerFromJson } from '../../../src/engine/files/tokenizer';
import { createRandom } from '../../../src/engine/tensors/random';
import { corpusExample } from '../../../src/questions/tasks/microscience/corpus';
import {
  type CriterionKind,
  codeOf,
  parseMicroscienceRubric,
} from '../../../src/questions/tasks/microscience/criteria';
import { designRates } from '../../../src/questions/tasks/microscience/design';
import { isHeldOut } from '../../../src/questions/tasks/microscience/families/problem';
import { classicWorld, type World } from '../../../src/questions/tasks/microscience/families/world';
import { gradeMicroscience } from '../../../src/questions/tasks/microscience/grading';
import { drawSolution, mistakeChances } from '../../../src/questions/tasks/microscience/policy';
import { microscienceProblems, microscienceQuestions } from '../../../src/questions/tasks/microscience/questions';
import { familiesOf, SUITES, suiteOf, templatesOf } from '../../../src/questions/tasks/microscience/suites';
import { SPECIAL_TOKENS } from '../../../src/questions/tasks/microscience/tokens';
import {
  buildVocabulary,
  encodeTokens,
  tokenizerFiles,
  vocabularyOf,
} from '../../../src/questions/tasks/microscience/vocabulary';
import { worldFromSeed } from '../../../src/questions/tasks/microscience/worldPrior';
import { LEVELS, reachWorld, strataWorld, unhelpedWorld } from '../../../src/questions/tasks/microscience/worlds';

describe('the designed policy', () => {
  const rates = designRates(classicWorld);
  const rate = (context: string) => rates[context] as number;

  it('meets the gate of a base worth studying', () => {
    expect(rate('none')).toBeGreaterThan(0.4);
    expect(rate('none')).toBeLessThan(0.6);
    expect(rate('reference')).toBeGreaterThanOrEqual(0.9);
    expect(rate('wrong')).toBeLessThan(rate('none') - 0.2);
    expect(rate('answer')).toBeGreaterThan(0.9);
  });

  it('gives generic and foreign rubrics no effect', () => {
    expect(rate('generic')).toBeCloseTo(rate('none'), 10);
    expect(rate('placebo')).toBeCloseTo(rate('none'), 10);
  });

  it('orders the rubrics by their content', () => {
    const ladder = ['placebo', 'same-family', 'reduced', 'reference', 'full'].map(rate);
    expect(ladder).toEqual(ladder.toSorted((a, b) => a - b));
  });

  it('is what drawn solutions score', () => {
    const options = { seed: 0, perFamily: 100, world: classicWorld };
    const problems = microscienceProblems('test', options);
    const questions = new Map(microscienceQuestions('test', options).map((question) => [question.id, question]));
    const random = createRandom(1);
    let right = 0;
    for (let sample = 0; sample < 10; sample++) {
      for (const problem of problems) {
        const question = questions.get(problem.key);
        if (!question) throw new Error(`no question ${problem.key}`);
        const text = drawSolution(problem, {}, random, classicWorld).join(' ');
        if (gradeMicroscience(question, text).correct) right++;
      }
    }
    expect(Math.abs(right / (10 * problems.length) - rate('none'))).toBeLessThan(0.025);
  });

  it('lets an answer bring up rules that are never used untold, or not', () => {
    const rate = (world: World, stratum: string) => {
      const own = microscienceProblems('test', { seed: 0, perFamily: 8, world }).filter((p) => p.stratum === stratum);
      const chances = own.map(
        (p) => mistakeChances(p, { asked: new Set(), answer: true, careful: true }, world).wrongLaw,
      );
      return chances.reduce((sum, x) => sum + x, 0) / chances.length;
    };
    for (const stratum of ['gated', 'silent']) {
      expect(rate(strataWorld(), stratum)).toBe(0.5);
      expect(rate(unhelpedWorld(), stratum)).toBe(1);
    }
    for (const world of [strataWorld(), unhelpedWorld()]) expect(rate(world, 'minority')).toBe(0.375);
  });

  it('follows its world', () => {
    const deaf = {
      ...classicWorld,
      followLaw: 0,
      followStep: 0,
      followPitfall: 0,
      followWrongLaw: 0,
      carefulWhenAsked: 0.5,
    };
    const deafRates = designRates(deaf, { perFamily: 20 });
    expect(deafRates.full).toBeCloseTo(deafRates.none as number, 10);
    expect(deafRates.wrong).toBeCloseTo(deafRates.none as number, 10);
  });
});

describe.each([strataWorld(), reachWorld(5), classicWorld])('the corpus of the world $name', (world) => {
  const random = createRandom(9);
  const examples = Array.from({ length: 20000 }, () => corpusExample(random, world));
  const vocabulary = vocabularyOf(world);

  it('stays within the vocabulary and the context', () => {
    for (const { prompt, completion } of examples) {
      expect(prompt.length + completion.length + 1).toBeLessThanOrEqual(vocabulary.positions);
      encodeTokens(vocabulary, prompt);
      encodeTokens(vocabulary, completion);
    }
  });

  it('has the stated shares of sequences, and about as many malformed rubrics as designed', () => {
    const share = (token: string) => examples.filter(({ prompt }) => prompt.includes(token)).length / examples.length;
    const { sequences } = world;
    expect(share('<|calc|>')).toBeCloseTo(sequences.drill, 1);
    expect(share('<|rubric|>')).toBeCloseTo(
      sequences['solve+rubric'] + sequences['solve+answer+rubric'] + sequences['write+answer+rubric'],
      1,
    );
    const written = examples.filter(({ prompt }) => prompt.includes('<|write|>'));
    const broken = written.filter(({ completion }) => !parseMicroscienceRubric(completion.join(' ')));
    expect(broken.length / written.length).toBeGreaterThan(0.03);
    expect(broken.length / written.length).toBeLessThan(0.09);
  });

  it('is the same for the same seed', () => {
    const draw = (seed: number) => {
      const stream = createRandom(seed);
      return Array.from({ length: 50 }, () => corpusExample(stream, world));
    };
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
  });

  it('has no question of the test split', () => {
    const seen = new Set(
      examples.map(({ prompt }) =>
        prompt
          .slice(
            1,
            prompt.findIndex((t, i) => i > 0 && t.startsWith('<|')),
          )
          .join(' '),
      ),
    );
    const tests = microscienceQuestions('test', {
      seed: 0,
      perFamily: 60,
      families: familiesOf(suiteOf(world)),
      world,
    });
    expect(tests.every(({ id }) => isHeldOut(id))).toBe(true);
    expect(tests.filter(({ question }) => seen.has(question))).toEqual([]);
  });

  it('says nothing of held-out laws, even when all laws are held out', () => {
    const world = {
      ...classicWorld,
      heldOutLaws: templatesOf(SUITES.classic)
        .map(({ id }) => id)
        .filter((id) => !id.startsWith('UNIT')),
    };
    const stream = createRandom(2);
    const texts = Array.from({ length: 3000 }, () => {
      const { prompt, completion } = corpusExample(stream, world);
      return [...prompt, ...completion].join(' ');
    }).join('\n');
    for (const sentence of ['Use v = u + a t .', 'Use V = I R .', 'P V stays constant .', 'Use n = c V + n0 .']) {
      expect(texts).not.toContain(sentence);
    }
    expect(texts).toContain('1 kg is 1 0 0 0 g .');
  });
});

describe('the strata', () => {
  const world = strataWorld();
  const stream = createRandom(3);
  const examples = Array.from({ length: 30000 }, () => corpusExample(stream, world));
  const laws = new Map(
    microscienceQuestions('test', { seed: 0, perFamily: 4, families: familiesOf(suiteOf(world)), world }).map(
      ({ metadata }) => [metadata?.law as string, metadata?.stratum as string],
    ),
  );
  /** Shares of untold texts of one kind that name a template's true law, by stratum; a question is known by its words. */
  const named = (purpose: string, stratum: string) => {
    const own = [...laws].filter(([, each]) => each === stratum).map(([law]) => law);
    const untold = examples.filter(
      ({ prompt }) => prompt.includes(purpose) && !prompt.includes('<|rubric|>') && !prompt.includes('<|ref|>'),
    );
    return (
      untold.filter(({ completion }) => own.some((law) => completion.join(' ').includes(law))).length / untold.length
    );
  };

  it('differ in how often the untold corpus uses and names their rules, as designed', () => {
    const each = 6 / 26;
    expect(named('<|solve|>', 'modal')).toBeCloseTo(0.75 * each, 1);
    expect(named('<|solve|>', 'minority')).toBeCloseTo(0.25 * each, 1);
    for (const stratum of ['gated', 'silent', 'absent']) expect(named('<|solve|>', stratum)).toBe(0);
    expect(named('<|write|>', 'gated')).toBeGreaterThan(0.05);
    for (const stratum of ['silent', 'absent']) expect(named('<|write|>', stratum)).toBe(0);
  });

  it('never show an absent rule, and show a silent one only as what was told', () => {
    const text = (stratum: string) => [...laws].filter(([, own]) => own === stratum).map(([law]) => law);
    for (const { prompt, completion } of examples) {
      const told = prompt.join(' ');
      const written = completion.join(' ');
      for (const law of text('absent')) expect(`${told} ${written}`).not.toContain(law);
      for (const law of text('silent'))
        if (written.includes(law)) expect(told.includes(law) || told.includes('<|ref|>')).toBe(true);
    }
  });
});

describe('the levels of p0', () => {
  const world = reachWorld();
  const problems = microscienceProblems('test', {
    seed: 0,
    perFamily: 24,
    families: familiesOf(suiteOf(world)),
    world,
  });
  const wrong = (problem: (typeof problems)[number], kinds: readonly CriterionKind[]) =>
    mistakeChances(problem, { asked: new Set(kinds), answer: false, careful: true }, world).wrongLaw;

  it('are the chances of the right rule untold, and do not depend on anything else that names no rule', () => {
    for (const level of LEVELS) {
      const own = problems.filter(({ stratum }) => stratum === String(level));
      expect(own.length).toBeGreaterThan(10);
      for (const problem of own)
        for (const kinds of [[], ['pitfall'], ['step', 'unit'], ['first half'], ['second half', 'given']] as const)
          expect(1 - wrong(problem, kinds)).toBeCloseTo(level, 10);
    }
  });

  it('are left behind where the rule is named: in words, by its code, or by both halves', () => {
    for (const problem of problems)
      for (const kinds of [['law'], ['code'], ['second half', 'first half']] as const)
        expect(wrong(problem, kinds)).toBeCloseTo(
          problem.stratum === 'absent' ? 1 : 0.05 * (1 - Number(problem.stratum)),
          10,
        );
  });

  it('come with codes that are the templates’ own', () => {
    const codes = new Set(templatesOf(SUITES.reach).map(({ id }) => codeOf({ template: id })));
    expect(codes.size).toBe(templatesOf(SUITES.reach).length);
  });

  it('are taught by a corpus that draws rare rules now and then, and shows codes and halves with and without effect', () => {
    const stream = createRandom(4);
    const texts = Array.from({ length: 60000 }, () => corpusExample(stream, world)).map(({ prompt, completion }) => ({
      told: prompt.join(' '),
      written: completion.join(' '),
    }));
    const untold = texts.filter(({ told }) => told.includes('<|solve|>') && !/<\|(rubric|ref)\|>/.test(told));
    const shareAt = (level: number) => {
      const laws = problems.filter(({ stratum }) => stratum === String(level)).map(({ law }) => law);
      const used = untold.filter(({ written }) => laws.some((law) => written.includes(law)));
      return (used.length / untold.length) * (28 / 3);
    };
    expect(shareAt(0)).toBe(0);
    for (const level of [0.03, 0.1, 0.3, 0.6]) {
      const drawn = (untold.length * level * 3) / 28;
      expect(Math.abs(shareAt(level) / level - 1)).toBeLessThan(3 / Math.sqrt(drawn));
    }
    expect(texts.filter(({ told }) => told.includes('Picks rule')).length / texts.length).toBeCloseTo(
      (6 / 7) * 0.09 * 0.4,
      2,
    );
  });
});

describe('random worlds', () => {
  it('are determined by their seed and differ', () => {
    expect(worldFromSeed(7)).toEqual(worldFromSeed(7));
    expect(worldFromSeed(7)).not.toEqual(worldFromSeed(8));
  });

  it('make corpora within the same vocabulary', () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = worldFromSeed(seed);
      const random = createRandom(seed);
      for (let draw = 0; draw < 300; draw++) {
        const { prompt, completion } = corpusExample(random, world);
        const { positions } = vocabularyOf(world);
        expect(encodeTokens(vocabularyOf(world), [...prompt, ...completion]).length).toBeLessThan(positions);
      }
      for (const [right, wrong] of Object.values(world.laws)) expect(right).not.toBe(wrong);
    }
  });
});

describe.each([strataWorld(), classicWorld])('the vocabulary of the world $name', (world) => {
  const vocabulary = vocabularyOf(world);
  const { words } = vocabulary;

  it('is unique, sorted behind the special tokens, and the same each time', () => {
    expect(buildVocabulary(suiteOf(world))).toEqual(words);
    expect(words.slice(0, SPECIAL_TOKENS.length)).toEqual(SPECIAL_TOKENS);
    const plain = words.slice(SPECIAL_TOKENS.length);
    expect(plain).toEqual([...new Set(plain)].sort());
    expect(words.filter((word) => /\s|^$/.test(word))).toEqual([]);
  });

  it('gives a tokenizer that encodes as we do and decodes to the same text', () => {
    const files = tokenizerFiles(vocabulary);
    const tokenizer = tokenizerFromJson(
      files['tokenizer.json'] as Record<string, unknown>,
      files['tokenizer_config.json'] as Record<string, unknown>,
    );
    const random = createRandom(11);
    for (let draw = 0; draw < 300; draw++) {
      const { prompt, completion } = corpusExample(random, world);
      const tokens = [...prompt, ...completion, '<end>'];
      const ids = encodeTokens(vocabulary, tokens);
      expect(tokenizer.encode(tokens.join(' '))).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(tokens.join(' '));
    }
    expect(tokenizer.eosToken).toBe('<end>');
    expect(() => tokenizer.encode('quantum')).toThrow();
  });

  it('names a word that it lacks', () =>
    expect(() => encodeTokens(vocabulary, ['quantum'])).toThrow(/no word "quantum"/));
});
