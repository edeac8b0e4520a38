import { describe, expect, test } from 'vitest';
import { BENCHMARKS } from '../../src/questions/tasks/benchmarks';
import { type Hub, startHub } from '../files/hubServer';
import { csvOf, fileOf, folderOf, gpqaRow, jsonl, piqaRow, zipOf } from '../tasks/tables';
import { rcsdHere } from './runCli';

const data = folderOf({});
const env = { RCSD_DATA: data, HF_HOME: folderOf({}), HF_HUB_CACHE: '' };
const run = (...words: string[]) => rcsdHere(words, { env });

describe('data add and list', () => {
  test('a registered set is listed and found by name', async () => {
    const zip = fileOf(
      'physicaliqa-train-dev.zip',
      zipOf({ 'p/dev.jsonl': jsonl(piqaRow({ id: 'a' })), 'p/dev-labels.lst': '1\n' }),
    );
    const added = await run('data', 'add', 'piqa', zip);
    expect([added.status, added.stderr]).toEqual([0, '']);
    expect(added.stdout).toMatch(
      /^data=piqa is registered: 1 test questions\n {2}test: physical commonsense 1\n {2}repeated questions: 0\n/,
    );
    expect(added.stdout).toContain('note: 1 questions to evaluate on, but 1838 were published');
    expect(added.stdout).toContain('format checked against: the validation split with labels');
    const { stdout } = await run('data', 'list');
    expect(stdout).toMatch(/Registered:\n {2}piqa +PIQA: 1 test, added 20/);
    for (const { name, title, licence, format } of BENCHMARKS.filter((each) => each.name !== 'piqa')) {
      expect(stdout).toContain(`  ${name.padEnd(18)} ${title}; ${licence}`);
      expect(stdout).toContain(`format checked against: ${format.note}`);
    }
  });

  test('a malformed row stops it with file and line', async () => {
    const path = fileOf('gpqa_main.csv', csvOf(gpqaRow(), gpqaRow({ 'Record ID': 'r2', Question: '' })));
    const { status, stdout, stderr } = await run('data', 'add', 'gpqa-main', path);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe(`${path} line 4: the column "Question" needs a text that is not empty; correct the row.\n`);
  });

  test('columns of one’s own', async () => {
    const path = fileOf('q.csv', csvOf({ p: 'Which?', a: 'x', b: 'y', gold: 'y' }));
    const added = await run('data', 'add', 'mine', path, '--columns', 'question=p,choices=a|b,answer=gold');
    expect([added.status, added.stderr]).toEqual([0, '']);
    expect(added.stdout).not.toContain('format checked');
    const misuse = await run('data', 'add', 'mine', path, '--columns', 'question=p', '--as', 'piqa');
    expect([misuse.status, misuse.stderr]).toEqual([2, expect.stringMatching(/^--as and --columns cannot/)]);
    expect((await run('data', 'add', 'mine')).stderr).toMatch(/^rcsd data add takes a name and a path/);
  });
});

describe('data pull', () => {
  const pull = (hub: Hub, name: string) =>
    rcsdHere(['data', 'pull', name], { env: { ...env, HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret' } });

  test('fetches, checks and registers', async () => {
    const row = {
      problem: 'Add.',
      solution: 's',
      answer: '2',
      subject: 'Algebra',
      level: 1,
      unique_id: 'test/a/1.json',
    };
    const hub = await startHub({ 'test.jsonl': Buffer.from(jsonl(row)) }, { repo: 'HuggingFaceH4/MATH-500' });
    try {
      const { status, stdout, stderr } = await pull(hub, 'math-500');
      expect([status, stdout.split('\n')[0]]).toEqual([0, 'data=math-500 is registered: 1 test questions']);
      expect(stderr + stdout).not.toContain('hf_secret');
      hub.behaviour.refuse = 403;
      const gated = await pull(hub, 'gpqa-diamond');
      expect(gated).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/Idavidrein\/gpqa only with permission; .*HF_TOKEN\.\n$/),
      });
    } finally {
      await hub.close();
    }
  });

  test('names what can be pulled', async () => {
    expect((await run('data', 'pull')).stderr).toMatch(/^rcsd data pull takes one of these names: gpqa-diamond, /);
    expect((await run('data', 'pull', 'piqua')).stderr).toBe('There is no benchmark piqua; did you mean piqa?\n');
  });
});
