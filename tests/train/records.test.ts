/** What a stage writes down, held to what its models say: whose weights the teacher has, and every number of a row. */
import { describe, expect, it } from 'vitest';
import type { StageSettings } from '../../src/base/config/configs';
import type { CompletionRow } from '../../src/base/records/rows';
import { openRun } from '../../src/base/records/runReader';
import { openModel } from '../../src/engine/model/load';
import { requireTokenizer } from '../../src/engine/model/model';
import { opsd } from '../../src/method/algorithms/opsd';
import { sft } from '../../src/method/algorithms/sft';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { expectClose } from '../parity/reference';
import { checkpointOf, examples, LORA, readFile, type StageChanges, scienceRuns, stageSettings } from './stage';

const { model, complete } = scienceRuns();

/** A finished run of six steps with a checkpoint at each. */
async function finished(name: string, changes: StageChanges): Promise<string> {
  return (await complete(name, { checkpointEvery: 1, ...changes })).path;
}

/** Log-probabilities of the rows' completions behind the given prompts, under the model in a folder. */
async function scored(
  path: string,
  rows: readonly CompletionRow[],
  promptOf: (row: CompletionRow) => string | undefined,
) {
  const opened = await openModel(path);
  const { encode } = requireTokenizer(opened);
  const sequences = rows.map((row) => ({
    promptTokens: encode(promptOf(row) ?? ''),
    completionTokens: row.completion_ids,
  }));
  const scores = await scoreCompletions(opened, sequences);
  opened.dispose();
  return scores.flatMap(({ logprobs }) => logprobs);
}

const ofStep = (path: string, step: number): CompletionRow[] =>
  openRun(path)
    .completions()
    .filter((row) => row.step === step);

const close = (a: readonly number[], b: readonly number[], where: string): void =>
  expectClose(a, b, { tolerance: 2e-4, where });

describe('the scores of a step', () => {
  it.each([
    ['fixed', (path: string, step: number) => (step > 0 ? model : path)],
    ['live', (path: string, step: number) => (step === 1 ? model : checkpointOf(path, step - 1))],
  ] as const)('are those of the student as it was and of a %s teacher', async (teacher, teacherAt) => {
    const path = await finished(`${teacher} teacher`, { settings: { teacher } });
    for (const step of [1, 2, 6]) {
      const rows = ofStep(path, step);
      const studentAt = step === 1 ? model : checkpointOf(path, step - 1);
      const student = await scored(studentAt, rows, (row) => row.prompt);
      close(
        rows.flatMap((row) => row.logprobs ?? []),
        student,
        `student at ${step}`,
      );
      const expected = await scored(teacherAt(path, step), rows, (row) => row.teacher_prompt);
      close(
        rows.flatMap((row) => row.teacher_logprobs ?? []),
        expected,
        `teacher at ${step}`,
      );
    }
    const moved = await scored(checkpointOf(path, 5), ofStep(path, 6), (row) => row.teacher_prompt);
    const still = await scored(model, ofStep(path, 6), (row) => row.teacher_prompt);
    expect(Math.max(...moved.map((value, i) => Math.abs(value - (still[i] as number))))).toBeGreaterThan(0.01);
  });
});

describe('a checkpoint holds the teacher', () => {
  const NAME = 'model.layers.0.self_attn.q_proj.weight';
  const student = (path: string, step: number): Float32Array => {
    const at = step === 0 ? model : checkpointOf(path, step);
    return readFile(at, 'model.safetensors')[NAME] as Float32Array;
  };
  const kept = (path: string, step: number): Float32Array | undefined =>
    readFile(checkpointOf(path, step), 'optimizer.safetensors')[`teacher.${NAME}`];

  it('as the average of the students', async () => {
    const path = await finished('average', { settings: { teacher: 'ema', ema_decay: 0.6 } });
    let expected = [...student(path, 0)];
    for (let step = 1; step <= 6; step++) {
      const current = student(path, step);
      expected = expected.map((old, i) => 0.6 * old + 0.4 * (current[i] as number));
      expectClose(kept(path, step) ?? [], expected, { tolerance: 1e-6, where: `step ${step}` });
    }
  });

  it('as the student of the last renewal', async () => {
    const path = await finished('renewed', { settings: { teacher: 'snapshot', snapshot_every: 2 } });
    for (let step = 1; step <= 6; step++) expect(kept(path, step)).toEqual(student(path, step - (step % 2)));
  });

  it('not at all where it is fixed', async () => {
    const path = await finished('nothing kept', { settings: { teacher: 'fixed' } });
    expect(kept(path, 6)).toBeUndefined();
  });
});

describe('the rows of a run', () => {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

  it('are complete and agree with each other', async () => {
    const path = await finished('rows', { lora: LORA, settings: { loss_temperature: 1 } });
    const run = openRun(path);
    const metrics = run.metrics();
    expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    const questions = new Map(examples().map(({ question }) => [question.id, question]));
    for (const row of metrics) {
      const completions = ofStep(path, row.step);
      expect(completions).toHaveLength(4);
      const divergence = completions.flatMap((completion) => completion.divergence ?? []);
      const tokens = completions.map((completion) => completion.completion_ids.length);
      const clipped = completions.filter((completion) => completion.finish_reason === 'length').length;
      expect(row).toMatchObject({
        num_tokens: tokens.reduce((a, b) => a + b, 0),
        'completions/mean_length': mean(tokens),
        'completions/clipped_ratio': clipped / 4,
        'clip/fraction': 0,
        'teacher/retained_mass': 1,
      });
      const number = (name: string): number => row[name] as number;
      close([number('loss'), number('divergence/true')], [mean(divergence), mean(divergence)], 'loss');
      const first = completions.map((completion) => completion.divergence?.[0] as number);
      close([number('divergence/first_token')], [mean(first)], 'first token');
      for (const name of ['entropy', 'teacher/entropy', 'grad_norm', 'seconds/rollout', 'seconds/update']) {
        expect([name, number(name) > 0]).toEqual([name, true]);
      }
      expect(number('teacher/agreement')).toBeLessThanOrEqual(1);
      for (const completion of completions) {
        const length = completion.completion_ids.length;
        for (const scores of [
          completion.tokens,
          completion.logprobs,
          completion.teacher_logprobs,
          completion.divergence,
        ])
          expect(scores).toHaveLength(length);
        const question = questions.get(completion.question_id);
        expect(completion.prompt).toContain(question?.question);
        expect(completion.teacher_prompt).toContain('<|rubric|>');
        expect(completion.prompt).not.toContain('<|rubric|>');
        expect(completion).toMatchObject({ seed: 3 });
      }
    }
  });

  it('go through all questions before one comes again, whose next sample it then is', async () => {
    const path = await finished('order', {});
    const drawn = openRun(path).completions();
    for (const epoch of [0, 1, 2, 3]) {
      const ids = drawn.filter(({ sample }) => sample === epoch).map((row) => row.question_id);
      expect(new Set(ids).size).toBe(6);
      expect(ids).toHaveLength(6);
    }
    const orders = [0, 1].map((epoch) => drawn.filter(({ sample }) => sample === epoch).map((row) => row.question_id));
    expect(orders[0]).not.toEqual(orders[1]);
  });

  it('follow the schedule of the learning rate', async () => {
    const { optimizer } = stageSettings();
    const path = await finished('schedule', { settings: { optimizer: { ...optimizer, warmup_steps: 2 } } });
    const rates = openRun(path)
      .metrics()
      .map((row) => row.learning_rate as number);
    expectClose(rates, [0, 0.01, 0.02, 0.015, 0.01, 0.005], { tolerance: 1e-12, where: 'rates' });
  });

  it('show each side its own view, by algorithm', async () => {
    const views = async (
      name: string,
      algorithm: (settings: StageSettings) => ReturnType<typeof opsd>,
      settings = {},
    ) => {
      const path = await finished(name, { algorithm, settings: { steps: 1, ...settings } });
      return ofStep(path, 1);
    };
    for (const row of await views('opsd', opsd, { teacher_context: 'answer' })) {
      expect(row.teacher_prompt).toContain('<|ref|>');
      expect(`${row.prompt}${row.teacher_prompt}`).not.toContain('<|rubric|>');
      expect(row.prompt).not.toContain('<|ref|>');
    }
    const solutions = new Map(examples().map(({ question }) => [question.id, question.solution]));
    for (const row of await views('sft', sft)) {
      expect(row.teacher_prompt).toBeUndefined();
      expect(row.divergence).toBeUndefined();
      expect(row.text).toBe(solutions.get(row.question_id));
      expect(row.completion_ids.at(-1)).toBe(1);
    }
  });
});

describe('the details of a step’s first completions', () => {
  // Truncated and clipped, so that terms, tail and clip all have something to say.
  const settings = {
    ...stageSettings(),
    top_k: 4,
    tail: true,
    clip: 0.001,
    clip_mode: 'entry',
    loss_temperature: 1.2,
  } as const;

  it('add up to what the loss compared, and change no number of the run', async () => {
    const changes = { settings, checkpointEvery: 100 };
    const [with2, without] = [
      await complete('details', { ...changes, tokenDetails: 2 }),
      await complete('no details', changes),
    ];
    const timeless = ({ path }: { readonly path: string }) =>
      openRun(path)
        .metrics()
        .map((row) => Object.entries(row).filter(([name]) => !/^(seconds|graphs)\//.test(name)));
    expect(timeless(with2)).toEqual(timeless(without));
    for (const step of [1, 6]) {
      const rows = ofStep(with2.path, step);
      expect(rows.filter(({ details }) => details)).toHaveLength(2);
      for (const { details, divergence = [], tokens = [] } of rows.filter((row) => row.details)) {
        expect(details?.next).toHaveLength(tokens.length);
        details?.next.forEach((own, t) => {
          // Four entries are compared, and a fifth holds the rest.
          expect(own.filter(([, , , , term]) => term !== 0).length).toBeLessThanOrEqual(4);
          const terms = own.map(([, , , , term]) => term);
          const [student, teacher] = [2, 3].map((k) =>
            Math.log(
              1 - own.filter((each) => each[4] !== 0).reduce((sum, each) => sum + Math.exp(each[k] as number), 0),
            ),
          ) as [number, number];
          terms.push(Math.exp(teacher) * (teacher - student));
          close([terms.reduce((a, b) => a + b, 0)], [divergence[t] as number], `divergence at ${t}`);
          const kept = terms.reduce((sum, term) => sum + Math.min(term, 0.001), 0);
          close([details.clipped?.[t] as number], [kept], `what the clip leaves at ${t}`);
        });
      }
    }
    expect(ofStep(without.path, 1).some(({ details }) => details)).toBe(false);
  });

  it('are not kept where no distributions are compared', async () => {
    const run = await complete('sft details', { algorithm: sft, tokenDetails: 2, settings: { steps: 1 } });
    expect(run.completions().some(({ details }) => details)).toBe(false);
  });
});
