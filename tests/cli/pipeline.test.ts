import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type EvaluationRecord, openRun, readEvaluation } from '../../src/base/records/runReader';
import { buildOnce, mainFile, rcsd, rcsdHere } from './runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-pipeline-'));
const model = join(folder, 'base', 'model');
const runs = join(folder, 'runs');
/** A model far too small to learn, and runs far too short: this is about the commands. */
const SMALL = ['layers=1', 'hidden_size=16', 'heads=2', 'intermediate_size=32', 'batch_tokens=1024'];
const SHORT = [
  `model=${model}`,
  'data=microscience',
  `runs=${runs}`,
  'evaluation.questions=7',
  'evaluation.max_tokens=8',
];
const TRAIN = [...SHORT, 'batch_size=4', 'max_tokens=8', 'rubric_source=reference'];

beforeAll(async () => {
  buildOnce();
  const { status, stdout } = await rcsdHere(['pretrain', 'steps=3', `output=${join(folder, 'base')}`, ...SMALL]);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+ parameters, loss \d\.\d+ nats a token; model in /)]);
});

describe('train', () => {
  test('shows its settings without starting', async () => {
    const { status, stdout } = await rcsdHere(['train', ...TRAIN, 'steps=2', '--show']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^stage2\.steps +=\s2 +\(microscience: 40\)$/m);
    expect(existsSync(runs)).toBe(false);
  });

  test('runs both stages into a run folder that report reads', async () => {
    const { status, stdout } = rcsd(['train', ...TRAIN, 'steps=2', 'name=both']);
    expect([status, stdout]).toEqual([0, expect.stringContaining(`run folder       ${join(runs, 'both')}`)]);
    const run = openRun(join(runs, 'both'));
    expect(run.stages().map((stage) => stage.metrics().map(({ step }) => step))).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(run.rubrics().length).toBeGreaterThan(0);
    expect(run.evaluation('after')?.samples('microscience')).toHaveLength(7);
    const report = await rcsdHere(['report', join(runs, 'both')]);
    expect([report.status, report.stdout]).toEqual([0, `${join(runs, 'both', 'report.html')}\n`]);
    expect(readFileSync(join(runs, 'both', 'report.html'), 'utf8')).toContain('</html>');
    // A run's name stands for the model it trained: the same answers come out.
    const output = join(folder, 'trained');
    const words = [`model=${join(runs, 'both')}`, 'data=microscience', 'questions=7', 'max_tokens=8'];
    expect((await rcsdHere(['evaluate', ...words, '--output', output])).status).toBe(0);
    const answers = (of: EvaluationRecord | undefined) => of?.samples('microscience').map(({ resps }) => resps);
    expect(answers(readEvaluation(output))).toEqual(answers(run.evaluation('after')));
    const begun = readFileSync(join(output, 'evaluation.json'), 'utf8');
    expect(begun).toContain(join('both', 'stage-2', 'checkpoints', 'step-000002'));
  });

  test('evaluates under a ladder of decodings, prints each and reads them back', async () => {
    const words = ['train', ...TRAIN, 'algorithm=sft', 'steps=1', 'name=ladder', 'evaluation.ladder=true'];
    const { status, stdout } = await rcsdHere([...words, 'evaluation.samples=2']);
    expect(status).toBe(0);
    const lines = stdout.split('\n').filter((line) => line.startsWith('accuracy'));
    expect(lines.map((line) => line.replace(/\d+\.\d % \[.*\]/, 'P').replace(/, \d+ without.*/, ''))).toEqual(
      ['before', 'after '].flatMap((moment) => [
        `accuracy ${moment}  P  (greedy, 7 questions x 1 sample`,
        `accuracy ${moment}  P  (T=0.5, top_p 0.95, 7 questions x 2 samples`,
        `accuracy ${moment}  P  (T=1, top_p 0.95, 7 questions x 2 samples`,
      ]),
    );
    const after = openRun(join(runs, 'ladder')).evaluation('after');
    expect(after?.samples('microscience')).toHaveLength(3 * 7);
    expect(after?.results.decodings?.microscience?.map(({ decoding }) => decoding.temperature)).toEqual([0, 0.5, 1]);
    expect(readFileSync(join(runs, 'ladder', 'report.html'), 'utf8')).toContain('>T=0.5, top_p 0.95, 2 samples</td>');
    // A finished run is read, not evaluated again, to the same lines.
    const again = await rcsdHere(['train', '--resume', join(runs, 'ladder')]);
    expect(again.stdout.split('\n').filter((line) => line.startsWith('accuracy'))).toEqual(lines);
  });

  test('repeats a run from its config.json under another name, and refuses a name that is taken', async () => {
    const config = join(runs, 'both', 'config.json');
    expect((await rcsdHere(['train', '--config', config])).stderr).toContain(
      'already holds a run; choose another name=NAME',
    );
    expect((await rcsdHere(['train', '--config', config, 'name=again'])).status).toBe(0);
    const losses = ['both', 'again'].map((name) =>
      openRun(join(runs, name, 'stage-2'))
        .metrics()
        .map((row) => row.loss),
    );
    expect(losses[1]).toEqual(losses[0]);
  });

  test('stops on Ctrl-C with 130, and --resume takes it to the end', async () => {
    const path = join(runs, 'long');
    const words = ['train', ...TRAIN, 'algorithm=opsd', 'steps=200', 'name=long'];
    const child = spawn(process.execPath, [mainFile, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let stderr = '';
    let sent = false;
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (!sent && /^opsd \d+\/200/m.test(stderr)) sent = child.kill('SIGINT');
    });
    expect(await ended).toBe(130);
    expect(stderr).toContain(`rcsd train --resume ${path}`);
    const other = await rcsdHere([...words, 'steps=201', '--resume']);
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringContaining('stage1.steps is 200 there and 201 here'),
    ]);
    const [saved] = openRun(path).checkpoints();
    expect(saved?.step).toBeLessThan(200);
    expect((await rcsdHere(['train', '--resume', path, 'steps=3'])).stderr).toContain(
      'leave out --config and name=value',
    );
    expect(rcsd([...words, '--resume']).status).toBe(0);
    // Nothing is left to do, which is no error.
    expect((await rcsdHere(['train', '--resume', path])).status).toBe(0);
    const steps = openRun(path)
      .metrics()
      .map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });
});

test('doctor finds the engine, shows both views and refuses what cannot work', async () => {
  const { status, stdout } = await rcsdHere(['doctor', ...SHORT]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ok +engine +TensorFlow .* 2 x 3 = 6$/m);
  expect(stdout).toMatch(/^student sees +\| teacher sees$/m);
  expect(stdout).toContain('scored twice gives the same numbers');
  const refused = await rcsdHere(['doctor', 'model=nowhere/at/all', 'data=microscience']);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/cannot work yet: .*nowhere/m)]);
});

describe('doctor --train', () => {
  const words = ['doctor', '--train', 'data=microscience', '--samples', '1'];

  test('prints uplift and content of a good teacher, from a file too', async () => {
    const config = join(folder, 'run.yaml');
    writeFileSync(config, 'data: microscience\nrubric_source: reference\n');
    const { status, stdout, stderr } = await rcsdHere(['doctor', '--train', config, '--samples', '1']);
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/Measuring the teacher: 16 questions x 1 .* at most about/),
    ]);
    expect(stdout).toMatch(/^uplift {2}= configured - none +\+[\d.]+ points \[.*\] +\+\d\.\d{3} \[\d/m);
    expect(stdout).toMatch(/^content = configured - placebo +.* +\+\d\.\d{3} \[\d/m);
    expect(stdout).toMatch(/^ok +teacher/m);
  });

  test('refuses one that says nothing with 2 and one sentence, unless it is forced', async () => {
    const refused = await rcsdHere([...words, 'rubric_source=generic']);
    expect([refused.status, refused.stderr.trim().split('\n').at(-1)]).toEqual([
      2,
      expect.stringMatching(/^This teacher is refused: .*--force\.$/),
    ]);
    const forced = await rcsdHere([...words, 'rubric_source=generic', '--force']);
    expect([forced.status, forced.stdout]).toEqual([0, expect.stringMatching(/^warning +teacher .*--force/m)]);
  });
});

test('a run that collapses ends with 1 and its last good checkpoint, and goes on when told to', async () => {
  const path = join(runs, 'wild');
  const rates = ['learning_rate=30', 'warmup_steps=6', 'schedule=constant'];
  const words = ['train', ...TRAIN, 'algorithm=opsd', 'steps=20', 'checkpoint_every=1', 'name=wild', ...rates];
  const { status, stderr } = await rcsdHere(words);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^The run collapsed and was ended at step \d+: .*$/m)]);
  const saved = openRun(path).checkpoints().at(-1);
  expect(stderr).toContain(`the last good checkpoint is ${saved?.path}`);
  expect((await rcsdHere(['train', '--resume', path, 'collapse_stop=off'])).stderr).toContain(
    'collapse_stop must be true or false',
  );
  expect((await rcsdHere(['train', '--resume', path, 'collapse_stop=false'])).status).toBe(0);
  expect(openRun(path).checkpoints().at(-1)?.step).toBe(20);
});

test('evaluate measures a model under a context and writes what it found', async () => {
  const output = join(folder, 'evaluation');
  const words = ['evaluate', `model=${model}`, 'data=microscience', 'questions=7', '--max-tokens', '8'];
  const { status, stdout } = await rcsdHere([
    ...words,
    '--context',
    'rubric',
    'rubric_source=placebo',
    '--output',
    output,
  ]);
  expect([status, stdout]).toEqual([0, expect.stringContaining('microscience: 7 questions x 2 samples')]);
  const { config, counts } = JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
  expect(config.gen_kwargs.max_tokens).toBe(8);
  expect(counts.microscience.truncated).toBeGreaterThan(0);
  expect((await rcsdHere([...words, 'steps=3'])).stderr).toBe(
    'rcsd evaluate has no setting steps; see `rcsd help evaluate`.\n',
  );
});

test('rubrics generate writes a row a question, which rubric_source=file: reads', async () => {
  const output = join(folder, 'rubrics.jsonl');
  const words = ['rubrics', 'generate', `model=${model}`, 'data=microscience', '--questions', '3', 'max_tokens=8'];
  const { status, stderr } = await rcsdHere([...words, '--output', output]);
  expect([status, stderr]).toEqual([0, expect.stringContaining('of 3 rubrics are valid')]);
  const rows = readFileSync(output, 'utf8').trim().split('\n');
  expect(rows.map((row) => Object.keys(JSON.parse(row)).slice(0, 3))).toEqual(
    Array.from({ length: 3 }, () => ['question_id', 'source', 'valid']),
  );
  const refused = await rcsdHere([
    'train',
    ...SHORT,
    'stages=reasoner',
    'steps=1',
    `rubric_source=file:${output}`,
    'name=none',
  ]);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('have a valid rubric')]);
});
