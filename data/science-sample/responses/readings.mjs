// Makes readings.json beside it: the log-likelihood of every choice under the base and the trained models, and how far a judge (the base
// model, read by its probabilities of Yes and No) finds the criteria of the first open questions met, in each model's first answer and in
// the reference solution. What is in the file already is kept, so a stopped call goes on.
//
//   node data/science-sample/responses/readings.mjs base sft=ADAPTER rcsd=ADAPTER
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OPEN_QUESTIONS = 20;
const here = dirname(fileURLToPath(import.meta.url));
const load = createRequire(join(here, '..', '..', '..', 'dist', 'index.js'));
const { loadTask, openModel, parseRubric } = load('./index.js');
const { evaluateByLoglikelihood } = load('./evaluation/loglikelihood.js');
const { judgePrompts } = load('./prompts/judge.js');
const { defaultTemplates } = load('./prompts/templates.js');
const { localJudge } = load('./rewards/judges/readout.js');

const file = join(here, 'readings.json');
const readings = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { loglikelihoods: {}, criteria: {} };
const keep = () => writeFileSync(file, `${JSON.stringify(readings)}\n`);
const round = (values) => values.map((value) => Number(value.toFixed(4)));
const { test } = loadTask('science-sample');
const open = test.filter(({ metadata }) => metadata.shape === 'open').slice(0, OPEN_QUESTIONS);
const runs = process.argv.slice(2).map((word) => word.split('='));

for (const [name, adapter] of runs.filter(([run]) => !readings.loglikelihoods[run])) {
  const model = await openModel('smollm2-135m', { adapter });
  const { results } = await evaluateByLoglikelihood({ model, questions: test.filter(({ choices }) => choices) });
  readings.loglikelihoods[name] = Object.fromEntries(results.map((own) => [own.question.id, round(own.loglikelihoods)]));
  model.dispose();
  keep();
}

const base = await openModel('smollm2-135m');
const judge = localJudge(base, judgePrompts(base.tokenizer, { templates: defaultTemplates() }));
for (const source of ['solution', ...runs.map(([run]) => run)].filter((each) => !readings.criteria[each])) {
  const answers = join(here, `${source}.jsonl`);
  if (source !== 'solution' && !existsSync(answers)) continue;
  const rows = source === 'solution' ? [] : readFileSync(answers, 'utf8').trim().split('\n').map(JSON.parse);
  const own = {};
  for (const question of open) {
    const row = rows.find(({ id, sample }) => id === question.id && sample === 0);
    const response = source === 'solution' ? question.solution : row?.text;
    if (response === undefined) continue;
    const rubric = parseRubric(JSON.stringify(question.rubric), { questionId: question.id, source: 'reference' });
    own[question.id] = round(await judge.criteria(rubric.criteria.map((criterion) => ({ judged: { question, response }, criterion }))));
  }
  if (Object.keys(own).length > 0) readings.criteria[source] = own;
  keep();
}
base.dispose();
