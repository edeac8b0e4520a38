import { describe, expect, test } from 'vitest';
import { rcsdHere } from './runCli';

describe('rcsd power', () => {
  test('says what the paper’s GPQA cannot see', async () => {
    const { status, stdout, stderr } = await rcsdHere(['power']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('198 questions x 4 samples cannot see 1 point: a paired difference must be 5.4 points');
    expect(stdout).toMatch(/^1\.0 points +8\.1 %$/m);
  });

  test('writes JSON with the null table, and null where no number of questions is enough', async () => {
    const words = ['--json', '--null-table', '--tables', '50', '--run-sd', '2', '--unpaired'];
    const { stdout } = await rcsdHere(['power', ...words]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ questionsNeeded: null, design: { paired: false, runDeviation: 0.02, runs: 1 } });
    expect(report.nullTable.map(({ tables }: { tables: number }) => tables)).toEqual([50, 50, 50]);
    expect(report.curve.length).toBe(8);
    const more = JSON.parse((await rcsdHere(['power', '--json', '--run-sd', '2', '--runs', '4'])).stdout);
    expect(more.standardError).toBeLessThan(report.standardError);
  });

  test('prints the null table by how runs differ', async () => {
    const { stdout } = await rcsdHere(['power', '--null-table', '--tables', '20', '--lead', '0.5']);
    expect(stdout).toContain('leads second by 0.5');
    expect(stdout).toMatch(/^benchmark by benchmark +\d/m);
  });

  test.each([
    [['--questions', '0'], /^--questions .* 1 or more.*"0"/],
    [['--accuracy', '1'], /^--accuracy .* above 0, at most 0\.999.*"1"/],
    [['--correlation=2'], /^--correlation .* 0 or more, at most 1.*"2"/],
  ])('refuses %j', async (words, message) => {
    expect(await rcsdHere(['power', ...words])).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });
});
