/**
 * The pretraining corpus; one example is a prompt and a completion. It gives a tiny model the abilities that an
 * instruct model has in context: to solve (with errors), to follow a rubric (also a misleading one), to use an answer,
 * to write rubrics.
 */

import type { Random } from '../../../engine/tensors/random';
import { type Draft, draft, GENERIC, renderMicroscienceRubric, toCriteria } from './criteria';
import { ALL_FAMILIES, FAMILIES } from './families';
import { MATERIALS } from './families/materials';
import {
  drawNumbers,
  type Facts,
  type Family,
  makeProblem,
  type Problem,
  spell,
  type Template,
} from './families/problem';
import type { ContextRubric, SequenceKind, World, WriterRates } from './families/world';
import { drawSolution } from './policy';
import { type OtherFacts, rubricDrafts } from './sources';
import { promptTokens } from './tokens';

/** One training sequence, without the end token. */
export interface CorpusExample {
  readonly prompt: readonly string[];
  readonly completion: readonly string[];
}

const DRILL_FACTS = 5;
const MOST_CRITERIA = 5;

/** Draws one key from a record of shares, which add up to 1. */
function drawShare<K extends string>(shares: Readonly<Record<K, number>>, random: Random): K {
  const entries = Object.entries(shares) as [K, number][];
  let rest = random.next();
  for (const [key, share] of entries) {
    rest -= share;
    if (rest < 0) return key;
  }
  return (entries[entries.length - 1] as [K, number])[0];
}

/** A template of a family, drawn by weight. */
export function drawTemplate(family: Family, random: Random): Template {
  const templates = FAMILIES[family];
  const shares = Object.fromEntries(templates.map(({ id, weight }) => [id, weight]));
  const id = drawShare(shares, random);
  return templates.find((template) => template.id === id) as Template;
}

/** A problem whose numbers belong to the training split. */
function drawProblem(families: readonly Family[], random: Random, world: World): Problem {
  const template = drawTemplate(random.pick(families), random);
  return makeProblem(template, drawNumbers(template, random, false), { random, world });
}

/** Leaves out criteria that would reveal a held-out law. */
function withoutHeldOut(facts: Facts, drafts: readonly Draft[], world: World): Draft[] {
  if (!world.heldOutLaws.includes(facts.template)) return drafts.slice();
  const hidden = [draft(facts, 'law').text, draft(facts, 'step').text];
  const shown = drafts.filter(({ text }) => !hidden.includes(text));
  return shown.length > 0 ? shown : [draft(facts, 'unit')];
}

/** A rubric as the corpus's noisy writer writes it. */
function writtenDrafts(facts: Facts, rates: WriterRates, random: Random): Draft[] {
  const choice = random.next();
  const misled = choice >= rates.law && choice < rates.law + rates.wrongLaw;
  const drafts = [
    choice < rates.law ? draft(facts, 'law') : misled ? draft(facts, 'wrong law') : random.pick(GENERIC),
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

/** A rubric for the context of a problem. */
function contextDrafts(problem: Problem, random: Random, world: World): Draft[] {
  const kind: ContextRubric = drawShare(world.rubrics, random);
  const concerned: Facts[] = [problem];
  const other: OtherFacts = (which) => {
    const families = which === 'same-family' ? [problem.family] : ALL_FAMILIES.filter((f) => f !== problem.family);
    const drawn = drawProblem(families, random, world);
    concerned.push(drawn);
    return drawn;
  };
  const drafts =
    kind === 'written'
      ? writtenDrafts(problem, world.writer.write, random)
      : rubricDrafts(problem, kind, { random, other });
  return concerned.reduce((shown, facts) => withoutHeldOut(facts, shown, world), drafts);
}

/** Arithmetic and facts as they occur in solutions, five in a row. */
function drill(random: Random, world: World): string[] {
  const facts: string[] = [];
  while (facts.length < DRILL_FACTS) {
    const problem = drawProblem(ALL_FAMILIES, random, world);
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

/**
 * A corpus example: kind, problem, rubric and mistakes are drawn at the world's rates, from the training split only.
 */
export function corpusExample(random: Random, world: World): CorpusExample {
  const kind: SequenceKind = drawShare(world.sequences, random);
  if (kind === 'drill') return { prompt: promptTokens({ purpose: 'drill' }), completion: drill(random, world) };
  const problem = drawProblem(ALL_FAMILIES, random, world);
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
  const drafts = withoutHeldOut(problem, writtenDrafts(problem, rates, random), world);
  return {
    prompt: promptTokens({ ...view, purpose: 'rubric' }),
    completion: writeRubric(drafts, rates.malformed, random),
  };
}

const render = (drafts: readonly Draft[]) => renderMicroscienceRubric(toCriteria(drafts));
