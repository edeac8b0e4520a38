/** Reading an answer ends, and soon, wherever the answer breaks off and whatever it repeats. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { readDegrees, readPreference, readRating } from '../../src/method/rewards/judges/forms';
import { parseRubric } from '../../src/method/rubrics/parse';
import { MODE_NAMES } from '../../src/questions/grading/modes/mode';
import { gradeResponse, sameAnswer } from '../../src/questions/tasks/grading';
import { parseMicroscienceRubric } from '../../src/questions/tasks/microscience/criteria';
import { buildOnce, mainFile } from '../cli/runCli';

const EXPRESSIONS = [
  '\\boxed{v_{12}+\\sqrt[3]{x_1^{2}}}',
  '\\frac{\\binom{n}{k}}{|x-1|!}=\\log_{2}{\\sin^{2}x}',
  '\\begin{pmatrix}1&2\\\\\\frac12&x_{ab}\\end{pmatrix}',
  '\\{(1,2]\\cup[3,\\infty),\\pm 5\\%\\}',
  'x_{y_{z}}\\le 3\\text{ and }a_i\\ge\\overline{AB}',
  '2.5\\overline{3}\\times 10^{-3}\\ \\mathrm{mol\\,L^{-1}}',
  '{}_{1}^{2}\\mathrm{H}_{',
  '[{"title":"a","description":"Essential Criteria: \\u00e9","weight":-2}]',
  '<think>{"rating": 3}</think>{"verdicts":[{"criterion":1,"met":true,"reason":"a\\"b"}],"rating":10,"better":"tie"}',
];
const prefixes = EXPRESSIONS.flatMap((text) => Array.from(text, (_, i) => text.slice(0, i + 1)));
const choices = ['lead', 'copper', 'x_{1}', '\\frac{1}{2}'];

describe('texts that break off', () => {
  beforeAll(buildOnce);

  it('are graded in every mode, behind every opening', () => {
    const tasks = [
      ...[
        { task: 'math', answer: 'v_{12}' },
        { task: 'numeric', answer: '2', unit: 'mol/L' },
      ],
      ...[
        { task: 'open', answer: 'lead' },
        { task: 'multiple-choice', answer: 'A', choices },
      ],
      ...[
        { task: 'mmlu-pro', answer: 'A' },
        { task: 'scibench', answer: '2', unit: '$10^{-3}$ m' },
      ],
    ];
    const responses = prefixes.flatMap((text) => [text, `So the answer is ${text}`, `Answer: \\boxed{${text}}`]);
    const rows = tasks.flatMap((task) => responses.map((response) => JSON.stringify({ id: 1, ...task, response })));
    // A process of its own, so that a loop without end can be ended.
    const { status, stdout } = spawnSync(process.execPath, [mainFile, 'grade', '--mode', 'all'], {
      input: rows.join('\n'),
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(status).toBe(0);
    for (const mode of MODE_NAMES) expect(stdout).toContain(mode);
  });

  it('are read as rubrics and verdicts', () => {
    for (const text of prefixes) {
      for (const parser of ['lab', 'released'] as const) parseRubric(text, { questionId: 'q', source: 's', parser });
      for (const read of [readRating, readPreference]) expect(read(text)).toBeTypeOf('object');
      expect(readDegrees(text, 'met', 2)).toHaveLength(2);
      parseMicroscienceRubric(text);
    }
    expect(readRating(EXPRESSIONS.at(-1) as string)).toEqual({ verdict: { rating: 10, reason: null } });
  });
});

describe('texts that repeat', () => {
  const numeric: Question = {
    ...{ id: 'q', task: 'scibench', split: 'test', question: 'x', answer: '5' },
    metadata: { kind: 'numeric', unit: 'm' },
  };

  // With a time that grows as the cube of the blanks, these would take hours.
  it('of blanks take no longer for being longer', () => {
    for (const blank of [' ', '\t', '~', '\\ ', '\\,', '\u2003', '\n '])
      for (const behind of ['m', '^2 m', '\\circ', '{', '* 10^3 m', 'squared'])
        for (let i = 0; i < 20; i++) {
          const response = `\\boxed{5${blank.repeat(1900 / blank.length)}${behind}}`;
          gradeResponse(numeric, response);
          sameAnswer(numeric, response, `5 ${behind}`);
        }
    expect(gradeResponse(numeric, `\\boxed{5${' '.repeat(1900)}m}`).correct).toBe(true);
    expect(gradeResponse(numeric, `\\boxed{5${'~'.repeat(1900)}km}`).correct).toBe(false);
  });
});
