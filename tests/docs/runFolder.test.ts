import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { resolvePretrainConfig } from '../../src/base/config/pretrain';
import { openRun, type Run } from '../../src/base/records/runReader';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { newWarnings, WARNING_NAMES } from '../../src/method/train/warnings';
import { runPretraining } from '../../src/run/experiments/pretrain';
import { train } from '../../src/run/experiments/train';
import { writeRubrics } from '../../src/run/session/rubrics';
import { openSession } from '../../src/run/session/session';
import { firstColumn, root } from './blocks';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-docs-'));
const read = (page: string): string => readFileSync(join(root, 'docs', page), 'utf8');

/** The names in the table under a heading of the page. */
function documented(heading: string): string[] {
  const text = read('run-folder.md');
  const from = text.indexOf(`## ${heading}\n`);
  expect(from).toBeGreaterThan(0);
  const to = text.indexOf('\n## ', from + 3);
  return firstColumn(text.slice(from, to < 0 ? undefined : to)).sort();
}

const keys = (...rows: readonly (object | undefined)[]): string[] =>
  [...new Set(rows.flatMap((row) => Object.keys(row ?? {})))].sort();

let rcsd: Run;
let sft: Run;
let grpo: Run;
let written: object | undefined;

/** A model far too small to learn, and runs far too short: this is about the files. */
beforeAll(async () => {
  const sizes = ['layers=1', 'hidden_size=16', 'heads=2', 'intermediate_size=32', 'batch_tokens=1024'];
  const { model } = await runPretraining(
    resolvePretrainConfig({ overrides: ['steps=1', `output=${join(folder, 'base')}`, ...sizes] }),
  );
  const common = [
    ...[`model=${model}`, 'data=microscience', `runs=${folder}`, 'steps=1', 'batch_size=2', 'max_tokens=4'],
    ...['rubric_source=reference', 'evaluation.questions=2', 'evaluation.max_tokens=4', 'rubric_sampling.max_tokens=4'],
  ];
  const runOf = async (...more: string[]): Promise<Run> => {
    const outcome = await train(resolveTrainConfig({ overrides: [...common, ...more] }), { evaluateBefore: false });
    outcome.model.dispose();
    outcome.rubricModel?.dispose();
    return openRun(outcome.path);
  };
  const clipped = ['clip=0.05', 'clip_mode=position'];
  const validated = ['validation.every=1', 'validation.questions=2', 'trace_every=1', 'trace_questions=4'];
  rcsd = await runOf('name=rcsd', ...validated, ...clipped, 'teacher_mixture=mean');
  sft = await runOf('name=sft', 'algorithm=sft');
  const rubrics = ['rewards=rubric', 'kl_coef=0.1', 'num_generations=2'];
  grpo = await runOf('name=grpo', 'algorithm=grpo', 'max_prompt_tokens=500', ...rubrics);
  const config = resolveTrainConfig({ overrides: common });
  const session = await openSession(config);
  const questions = session.train.slice(0, 1);
  written = (await writeRubrics(session, { writer: session.model, writerName: model, questions, config })).rows[0];
  session.dispose();
});

test('config.json', () => expect(keys(rcsd.config)).toEqual(documented('config.json')));

test('data.json', () => {
  expect(keys(...rcsd.data(), ...grpo.data())).toEqual(documented('data.json'));
});

test('metrics.jsonl of every algorithm', () => {
  const all = documented('metrics.jsonl');
  const onlyPolicy = /^(?:reward|frac_reward|kl$|clip_ratio|cispo|vespo)/;
  const counters = all.filter((name) => !onlyPolicy.test(name));
  for (const stage of rcsd.stages()) expect(keys(stage.metrics()[0])).toEqual(counters);
  const plain = counters.filter((name) => !/^(?:divergence|clip|teacher)\//.test(name));
  expect(keys(sft.metrics()[0])).toEqual(plain);
  const own = all.filter((name) => onlyPolicy.test(name) && !/^(?:cispo|vespo)/.test(name));
  const shown = keys(grpo.metrics()[0]).map((name) => name.replace('rewards/rubric/', 'rewards/NAME/'));
  expect(shown.sort()).toEqual([...plain, ...own].sort());
});

test('counters that the symptoms name exist', () => {
  const named = [...read('symptoms.md').matchAll(/`([a-z_]+\/[a-z_]+)`/g)].map((match) => match[1] as string);
  expect(named.length).toBeGreaterThan(5);
  const known = documented('metrics.jsonl');
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

test('validation.jsonl', () => {
  const [, stage] = rcsd.stages();
  expect(keys(stage?.validation()[0])).toEqual(documented('validation.jsonl'));
});

test('trace.jsonl', () => {
  const [, stage] = rcsd.stages();
  expect(keys(stage?.trace()[0])).toEqual(documented('trace.jsonl'));
});

test('warnings.jsonl: one step raises none, so the fields are those of a row made for it', () => {
  const cut = { 'completions/clipped_ratio': 1 };
  const rows = [1, 2, 3, 4, 5].map((step) => ({ step, ...cut }));
  const { stage2 } = resolveTrainConfig({ overrides: [] });
  expect(keys(newWarnings(rows, stage2)[0])).toEqual(documented('warnings.jsonl'));
});

test('every warning has its row among the symptoms', () => {
  const text = read('symptoms.md');
  const section = text.slice(text.indexOf('## Warnings'), text.indexOf('## The loss'));
  expect(firstColumn(section).sort()).toEqual([...WARNING_NAMES].sort());
});

test('completions.jsonl', () => {
  const [joint, mixed] = rcsd.stages();
  const fields = documented('completions.jsonl');
  const without = (...names: string[]): string[] => fields.filter((name) => !names.includes(name));
  const judged = ['advantage', 'reward', 'weight'];
  const apart = ['criterion', 'teacher_prompts'];
  expect(keys(joint?.completions()[0])).toEqual(without(...judged, ...apart));
  expect(keys(mixed?.completions()[0])).toEqual(without(...judged, 'teacher_prompt'));
  expect(keys(grpo.completions()[0])).toEqual(
    without(...apart, 'details', 'divergence', 'logprobs', 'teacher_logprobs'),
  );
});

test('rubrics.jsonl', () => {
  const criterion = rcsd.rubrics()[0]?.criteria[0];
  expect(keys(criterion)).toEqual(['description', 'id', 'importance', 'polarity', 'title', 'weight']);
  expect(keys(rcsd.rubrics()[0], written)).toEqual(documented('rubrics.jsonl'));
});

test('evaluations', () => {
  const after = rcsd.evaluation('after');
  expect(keys(after?.results)).toEqual(documented('eval/before/results.json, eval/after/results.json'));
  expect(keys(after?.samples('microscience')[0])).toEqual(documented('eval/.../samples_TASK.jsonl'));
});

test('checkpoints', () => {
  const [checkpoint] = rcsd.stages()[0]?.checkpoints() ?? [];
  const files = documented('checkpoints/step-000100/').filter((name) => !name.startsWith('adapter_'));
  expect(readdirSync(checkpoint?.path ?? '')).toEqual(expect.arrayContaining(files));
});
