/**
 * The pretraining corpus; one example is a prompt and a completion. It gives a tiny model the abilities that an
 * instruct model has in context: to solve (with errors), to follow a rubric (also a misleading one), to use an answer,
 * to write rubrics.
 */

import type { Random } from '../../../engine/tensors/random';
import { type Draft, draft, GENERIC, renderMicroscienceRubric, toCriteria } from './criteria';
import { MATERIALS } from './families/classic/materials';
import { drawNumbers, drawShare, type Facts, type Family, makeProblem, type Problem, spell } from './families/problem';
import type { ContextRubric, SequenceKind, World } from './families/world';
import { drawSolution } from './policy';
import { type OtherFacts, rubricDrafts } from './sources';
import { drawTemplate, familiesOf, familyOf, suiteOf } from './suites';
import { promptTokens } from './tokens';

/** One training sequence, without the end token. */
export interface CorpusExample {
  readonly prompt: readonly string[];
  readonly completion: readonly string[];
}

const DRILL_FACTS = 5;
const MOST_CRITERIA = 5;
/** More would not fit beside question and solution. */
const MOST_LAWS = 6;

/** A problem whose numbers belong to the training split. */
function drawProblem(families: readonly Family[], random: Random, world: World): Problem {
  const template = drawTemplate(familyOf(suiteOf(world), random.pick(families)), random);
  return makeProblem(template, drawNumbers(template, random, false), { random, world });
}

/** Leaves out criteria that would reveal a held-out law. */
function withoutHeldOut(facts: Facts, drafts: readonly Draft[], world: World): Draft[] {
  if (!world.heldOutLaws.includes(facts.template)) return drafts.slice();
  const hidden = (['law', 'step', 'code', 'first half', 'second half'] as const).map((kind) => draft(facts, kind).text);
  const shown = drafts.filter(({ text }) => !hidden.includes(text));
  return shown.length > 0 ? shown : [draft(facts, 'unit')];
}

/**
 * A rubric as the corpus's noisy writer writes it. Without the answer, the writer names the wrong law of a silent
 * template wherever it would name the true one.
 */
function writtenDrafts(facts: Facts, kind: 'write' | 'write+answer', world: World, random: Random): Draft[] {
  const rates = world.writer[kind];
  const silent = facts.stratum === 'silent' && kind === 'write';
  const choice = random.next();
  const misled = choice < rates.law ? silent : choice < rates.law + rates.wrongLaw;
  const drafts = [
    misled ? draft(facts, 'wrong law') : choice < rates.law ? draft(facts, 'law') : random.pick(GENERIC),
    random.next() < rates.step ? draft(facts, 'step') : random.pick(GENERIC),
  ];
  for (const kind of ['unit', 'given', 'pitfall'] as const) {
    if (random.next() < rates.other && !(kind === 'pitfall' && misled)) drafts.push(draft(facts, kind));
  }
  if (random.next() < rates.duplicate) drafts.push(random.pick(drafts));
  if (random.next() < rates.filler) drafts.push(random.pick(GENERIC));
  return drafts.slice(0, MOST_CRITERIA);
}

/** The tokens of a rubric. With probability `malformed`, it is cut short or lacks one of its weights. */
function writeRubric(drafts: readonly Draft[], malformed: number, random: Random): string[] {
  const tokens = renderMicroscienceRubric(toCriteria(drafts)).split(' ');
  if (random.next() >= malformed) return tokens;
  if (random.next() < 0.5) return tokens.slice(0, random.int(tokens.length >> 1, tokens.length - 2));
  const weights = tokens.flatMap((token, index) => (token === '","weight":' ? [index] : []));
  tokens.splice(random.pick(weights), 2);
  return tokens;
}

/** The laws of several templates, the question's own among them, one criterion each. */
function severalLaws(facts: Facts, random: Random, other: OtherFacts): Draft[] {
  const others = Array.from({ length: random.int(1, MOST_LAWS - 1) }, () => other('any'));
  return random
    .shuffle([facts, ...others.filter(({ template }) => template !== facts.template)])
    .map((each) => draft(each, 'law'));
}

/** A rubric for the context of a problem. */
function contextDrafts(problem: Problem, random: Random, world: World): Draft[] {
  const kind: ContextRubric = drawShare(world.rubrics, random);
  const concerned: Facts[] = [problem];
  const other: OtherFacts = (which) => {
    const any = familiesOf(suiteOf(world));
    const foreign = any.filter((family) => family !== problem.family);
    const drawn = drawProblem({ any, foreign, 'same-family': [problem.family] }[which], random, world);
    concerned.push(drawn);
    return drawn;
  };
  const drafts = (): Draft[] => {
    if (kind === 'written') return writtenDrafts(problem, 'write', world, random);
    if (kind === 'several') return severalLaws(problem, random, other);
    return rubricDrafts(problem, kind, { random, other });
  };
  const made = drafts();
  return concerned.reduce((shown, facts) => withoutHeldOut(facts, shown, world), made);
}

/** Arithmetic and facts as they occur in solutions, five in a row. */
function drill(random: Random, world: World): string[] {
  const facts: string[] = [];
  while (facts.length < DRILL_FACTS) {
    const problem = drawProblem(familiesOf(suiteOf(world)), random, world);
    if (problem.family === 'PHYS') {
      const [material, properties] = random.pick(Object.entries(MATERIALS));
      facts.push(`${material} is ${random.pick(properties)} .`);
      continue;
    }
    const { text } = problem.work({ wrongLaw: random.next() < 0.5, slipped: false });
    const sums = text.match(/(?:\d )+[-+*/] (?:\d )+= (?:\d )+\./g);
    if (sums) facts.push(random.pick(sums));
  }
  return facts.join(' ').split(' ');
}

/** A drill as the corpus has it. */
export const drillExample = (random: Random, world: World): CorpusExample => ({
  prompt: promptTokens({ purpose: 'drill' }),
  completion: drill(random, world),
});

/**
 * A corpus example: kind, problem, rubric and mistakes are drawn at the world's rates, from the training split only.
 */
export function corpusExample(random: Random, world: World): CorpusExample {
  const kind: SequenceKind = drawShare(world.sequences, random);
  if (kind === 'drill') return drillExample(random, world);
  const problem = drawProblem(familiesOf(suiteOf(world)), random, world);
  const answer = kind.includes('+answer') ? `${problem.answer} ${problem.unit}`.trim() : undefined;
  const view = { question: problem.question, answer: answer && spell(answer) };
  if (kind === 'solve' || kind === 'solve+answer' || kind === 'solve+rubric' || kind === 'solve+answer+rubric') {
    const rubric = kind.endsWith('+rubric') ? contextDrafts(problem, random, world) : undefined;
    const completion = drawSolution(problem, { rubric, answer: answer !== undefined }, random, world);
    return { prompt: promptTokens({ ...view, purpose: 'answer', rubric: rubric && render(rubric) }), completion };
  }
  const rates = world.writer[kind];
  if (kind === 'write+answer+rubric') {
    const drafts = withoutHeldOut(problem, rubricDrafts(problem, 'reference', { random, other: () => problem }), world);
    const prompt = promptTokens({ ...view, purpose: 'rubric', rubric: render(drafts) });
    return { prompt, completion: writeRubric(drafts, rates.malformed, random) };
  }
  const drafts = withoutHeldOut(problem, writtenDrafts(problem, kind, world, random), world);
  return {
    prompt: promptTokens({ ...view, purpose: 'rubric' }),
    completion: writeRubric(drafts, rates.malformed, random),
  };
}

const render = (drafts: readonly Draft[]) => renderMicroscienceRubric(toCriteria(drafts));
