import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pretrainTable } from '../../src/base/config/pretrain';
import { countParameters } from '../../src/engine/model/shapes';
import { createRandom } from '../../src/engine/tensors/random';
import { pretrainModelConfig } from '../../src/method/train/pretrain';
import { loadTask } from '../../src/questions/load';
import {
  designRates,
  familiesOf,
  microscienceQuestions,
  microscienceRubric,
  microscienceViews,
  pretty,
  strataWorld,
  suiteOf,
  vocabularyOf,
  WORLD_PRIOR,
} from '../../src/questions/tasks/microscience';
import { allNumbers, isHeldOut, keyOf } from '../../src/questions/tasks/microscience/families/problem';
import { templatesOf } from '../../src/questions/tasks/microscience/suites';
import { LAW_PRIOR } from '../../src/questions/tasks/microscience/worldPrior';
import { expectBlock, root, table } from './blocks';

const FILE = 'microscience.md';
const world = strataWorld();
const suite = suiteOf(world);
const questions = microscienceQuestions('test', { seed: 42, perFamily: 1, families: familiesOf(suite), world });
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

test('sizes', () => {
  const { words, positions } = vocabularyOf(world);
  const model = pretrainModelConfig(pretrainTable.defaults, {
    size: words.length,
    pad: 0,
    end: 1,
    positions,
  });
  const { train, test: held } = loadTask('microscience');
  const rows = [
    ['parameters of the model', countParameters(model).toLocaleString('en')],
    ['layers, width, heads', `${model.layers}, ${model.hiddenSize}, ${model.heads}`],
    ['vocabulary, longest sequence', `${words.length} words, ${positions} tokens`],
    ['questions of `data=microscience`', `${train.length} to train on, ${held.length} held out`],
  ];
  expectBlock(FILE, 'facts', table(['what', 'how much'], rows));
});

test('an example of each family', () => {
  const examples = questions.map(({ metadata, question, solution, rubric = [] }) =>
    [
      `**${metadata?.family}**`,
      '',
      '```',
      `question  ${pretty(question)}`,
      `solution  ${pretty(solution ?? '')}`,
      ...rubric.map(
        ({ description, weight }, i) =>
          `${(i === 0 ? 'rubric' : '').padEnd(9)}${String(weight).padStart(2)}  ${pretty(description)}`,
      ),
      '```',
    ].join('\n'),
  );
  expectBlock(FILE, 'families', examples.join('\n\n'));
});

test('templates', () => {
  const rows = templatesOf(suite).map((template) => {
    const keys = [...allNumbers(template)].map((numbers) => keyOf(template, numbers));
    const held = keys.filter(isHeldOut).length;
    return [template.id, world.strata[template.id], keys.length - held, held].map(String);
  });
  const head = ['template', 'stratum in `world=strata`', 'keys to train on', 'keys held out'];
  expectBlock(FILE, 'templates', table(head, rows));
});

test('both views of a question', () => {
  const [question] = questions;
  if (!question) throw new Error('there is no question');
  const rubric = microscienceRubric(question, 'reference', { random: createRandom(0), pool: questions });
  const [student, teacher] = [{}, { rubric }].map((more) =>
    microscienceViews.render({ question, purpose: 'answer', ...more }),
  );
  expectBlock(FILE, 'views', ['```', `student: ${student}`, '', `teacher: ${teacher}`, '```'].join('\n'));
});

test('designed accuracy in each context', () => {
  const rows = Object.entries(designRates(world)).map(([context, rate]) => [
    ['none', 'answer', 'answer+reference'].includes(context) ? context : `rubric: ${context}`,
    `${(100 * rate).toFixed(1)} %`,
  ]);
  expectBlock(FILE, 'design', table(['context', 'designed accuracy'], rows));
});

/** Fields and values of the world under dotted names. */
function leaves(value: object, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    const name = prefix + key;
    return typeof inner === 'object' && Object.keys(inner).length > 0
      ? leaves(inner, `${name}.`)
      : [[name, typeof inner === 'object' ? '' : String(inner)]];
  });
}

test('the world, field by field', () => {
  const text = readFileSync(join(root, 'docs', FILE), 'utf8');
  const block = text.slice(text.indexOf('<!-- world -->'), text.indexOf('<!-- /world -->'));
  const rows = [...block.matchAll(/^\| `([^`]+)` \| ?([^|]*?) ?\|/gm)].map((row) => [row[1], row[2]]);
  const { name: _, suite: __, strata: ___, heldOutLaws: ____, ...fields } = world;
  expect(rows).toEqual(leaves(fields));
  expect(sum(Object.values(world.sequences))).toBeCloseTo(1);
  expect(sum(Object.values(world.rubrics))).toBeCloseTo(1);
});

test('the prior of other worlds', () => {
  const rates = Object.entries(WORLD_PRIOR).map(([name, [low, high]]) => [`\`${name}\``, `${low} to ${high}`]);
  const laws = [
    ['laws of a template drawn anew', `chance ${LAW_PRIOR.redrawn}`],
    ['true law of a template held out', `chance ${LAW_PRIOR.heldOut}`],
  ];
  expectBlock(FILE, 'prior', table(['field', 'range'], [...rates, ...laws]));
});
