import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sliderScript } from '../../src/app/notebook/sliders/show';
import { openRun } from '../../src/base/records/runReader';
import { inspectorScript } from '../../src/results/report/inspector/html';
import { type Cell, codeCells, joined, type Output, ROOT, readNotebook, runNotebooks, scratch } from './runner';

const FOLDER = join(ROOT, 'notebooks');
const SVG = 'image/svg+xml';
const NOTEBOOKS = readdirSync(FOLDER).filter((name) => name.endsWith('.ipynb'));

/** Sizes at which every cell runs, in seconds. */
const TOY: Readonly<Record<string, object>> = {
  '00-tour.ipynb': { questions: 14, samples: 1 },
  '01-rubric-generation.ipynb': { steps: 3, batch: 4, questions: 7 },
  '02-self-distillation.ipynb': { steps: 3, batch: 4, questions: 7 },
  '03-loss-by-hand.ipynb': {},
  '10-sft.ipynb': { steps: 3, batch: 4, questions: 7 },
  '11-grpo.ipynb': { steps: 3, batch: 8, questions: 7 },
  '12-opsd.ipynb': { steps: 3, batch: 4, questions: 7 },
  '20-gpqa.ipynb': { questions: 6 },
  '21-scibench.ipynb': { questions: 6 },
  '22-piqa.ipynb': { questions: 6 },
  '23-rubric-judged.ipynb': { questions: 4 },
  '24-out-of-domain.ipynb': { questions: 6 },
  '25-what-a-point-is-worth.ipynb': { questions: 14, samples: 2, tables: 100, simulated: 198 },
  '30-paper-figures.ipynb': { png: false },
  '40-ablations.ipynb': { steps: 2, batch: 4, questions: 7 },
  '41-clip-map.ipynb': {},
  '42-does-the-teacher-matter.ipynb': {},
  '43-sharpening-or-teaching.ipynb': { steps: 2, batch: 4, questions: 24, samples: 2 },
  '44-reach.ipynb': {},
  '50-your-own-ablation.ipynb': { steps: 2, batch: 4, questions: 7, seeds: 1 },
  '51-your-own-data.ipynb': { name: 'own-data' },
  '52-from-a-run-to-the-hub.ipynb': { steps: 2, batch: 4, questions: 7 },
};

/** The one thick tutorial may have more lines of code. */
const MOST_LINES: Readonly<Record<string, number>> = { '03-loss-by-hand.ipynb': 150 };

function toyParams(name: string): object {
  const sizes = { ...TOY[name] };
  return 'steps' in sizes || 'name' in sizes ? { ...sizes, runs: scratch() } : sizes;
}

const outputs = (cells: readonly Cell[]): Output[] => cells.flatMap((cell) => cell.outputs ?? []);

/** What a reader of a notebook must find in it, whatever its size. */
function expectShown(cells: readonly Cell[]): void {
  const shown = outputs(cells);
  expect(shown.filter(({ name, output_type }) => name === 'stderr' || output_type === 'error')).toEqual([]);
  const pictures = shown.filter(
    ({ data }) => data && (SVG in data || /<img [^>]*data:image\/svg/.test(joined(data['text/html'] as string))),
  );
  expect(pictures.length).toBeGreaterThan(0);
  for (const { data } of pictures) expect(joined(data?.['text/plain'] as string)).not.toBe('');
  const html = shown.map(({ data }) => joined(data?.['text/html'] as string)).join('\n');
  expect(html).toContain('<table');
  // The scripts of the token inspector and of sliders, and their data, are meant to be there.
  const meant = [inspectorScript().html, sliderScript(), '<script type="application/json">'];
  expect(meant.reduce((rest, script) => rest.replaceAll(script, ''), html)).not.toContain('<script');
}

test('every notebook has its toy sizes', () => {
  expect(NOTEBOOKS).toEqual(Object.keys(TOY).sort());
});

describe.each(NOTEBOOKS)('%s', (name) => {
  const committed = readNotebook(join(FOLDER, name));
  const code = codeCells(committed).map((cell) => joined(cell.source));

  test('runs from the first cell to the last', async () => {
    const folder = scratch();
    const { status, stderr } = await runNotebooks([join(FOLDER, name), '--output', folder], toyParams(name));
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expectShown(codeCells(readNotebook(join(folder, name))));
  });

  test('is committed with the outputs of a whole run', () => {
    const cells = codeCells(committed);
    expect(cells.map((cell) => cell.execution_count)).toEqual(cells.map((_, index) => index + 1));
    expectShown(cells);
  });

  test('shows nothing of the machine on which it ran', () => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    expect(text).not.toMatch(/\/(?:home|root|Users|tmp|work|var|mnt)\/|[A-Z]:\\\\/);
    expect(text).not.toMatch(/"iopub\.|"execution":/);
  });

  test('is thin: few lines of code, imports in a cell of their own, no name declared twice', () => {
    expect(
      code
        .join('\n')
        .split('\n')
        .filter((line) => line.trim() !== '').length,
    ).toBeLessThanOrEqual(MOST_LINES[name] ?? 60);
    expect(code.slice(1).some((cell) => /^import /m.test(cell))).toBe(false);
    const names = code.flatMap((cell) =>
      [...cell.matchAll(/^(?:const|let|function) (?:([\w$]+)|[[{] ?([^\]}]*)[\]}])/gm)].flatMap(([, one, many]) =>
        (one ?? many ?? '').split(',').map((part) => part.trim()),
      ),
    );
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((declared, index) => names.indexOf(declared) !== index)).toEqual([]);
  });
});

describe('an interrupt during training', () => {
  test('ends the cell in order, keeps the kernel, and the run can be gone on with', async () => {
    const name = '01-rubric-generation.ipynb';
    const notebook = join(FOLDER, name);
    const training = codeCells(readNotebook(notebook)).findIndex((cell) =>
      joined(cell.source).includes('interruptible('),
    );
    const [folder, runs] = [scratch(), scratch()];
    const sizes = { batch: 4, questions: 7, runs };

    const words = [notebook, '--output', folder, '--interrupt', String(training)];
    const { status, stderr } = await runNotebooks(words, { ...sizes, steps: 5000 });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const cells = codeCells(readNotebook(join(folder, name)));
    const said = (cells[training]?.outputs ?? []).map(({ text }) => joined(text)).join('');
    const stopped = Number(/Stopped after step (\d+) of 5000/.exec(said)?.[1]);
    expect(stopped).toBeGreaterThan(0);
    expect(stopped).toBeLessThan(5000);
    // The cells behind it ran in the same kernel and show the partial run.
    expectShown(cells);
    const stage = openRun(join(runs, 'notebook-01', 'stage-1'));
    expect(stage.metrics()).toHaveLength(stopped);
    expect(stage.checkpoints().at(-1)?.step).toBe(stopped);
  });
});

describe('the runner', () => {
  const cell = (source: string) => ({ cell_type: 'code', metadata: {}, execution_count: null, outputs: [], source });
  const write = (folder: string, ...sources: string[]): string => {
    const path = join(folder, 'x.ipynb');
    const metadata = { kernelspec: { name: 'tslab', display_name: 'TypeScript' } };
    writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 4, metadata, cells: sources.map(cell) }));
    return path;
  };

  test.each([
    ['an error', ["throw new Error('broken here')"], 'broken here'],
    ['a type error', ["const n: number = 'x'"], 'not assignable'],
    ['standard error', ["console.error('a warning')"], 'a warning'],
    [
      'an error in a timer',
      ["setTimeout(() => { throw new Error('late') }, 100); await new Promise((r) => setTimeout(r, 1000))"],
      'late',
    ],
    ['a path of the machine', ['console.log(process.env.JUPYTER_PATH)'], 'path of this machine'],
    ['a cell without end', ['await new Promise((r) => setTimeout(r, 60000))'], 'longer than 3 s', '3'],
  ])('fails on %s and leaves the notebook as it was', async (_, sources, message, timeout = '120') => {
    const path = write(scratch(), ...sources);
    const before = readFileSync(path, 'utf8');
    const { status, stderr } = await runNotebooks([path, '--write', '--timeout', timeout]);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('writes outputs, numbers and no times into a notebook that runs', async () => {
    const path = write(scratch(), 'const x: number = 6;', 'console.log(7 * x)');
    expect(await runNotebooks([path, '--write'])).toEqual({ status: 0, stderr: '' });
    const cells = codeCells(readNotebook(path));
    expect(cells.map((entry) => entry.execution_count)).toEqual([1, 2]);
    expect(joined(cells[1]?.outputs?.[0]?.text)).toBe('42\n');
    expect(readFileSync(path, 'utf8')).not.toContain('iopub');
  });
});
